// Rows of about the length and shape of Alpaca's, made from a seed: what every benchmark trains on.

const subjects =
  'the river,a small library,an old engine,the night train,a garden in spring,the harbour,our kitchen,a violin,the glacier,a market square,the observatory,a paper map'.split(
    ',',
  );
const verbs = 'explains,carries,remembers,changes,protects,describes,reveals,measures,connects,softens'.split(',');
const objects =
  'the people who live nearby,what was forgotten,every traveller,the colour of the evening,a long argument,the price of bread,small daily habits,the weather to come,an unfinished letter,the shape of the land'.split(
    ',',
  );
const manners =
  'slowly and with great care,without any warning,in the first days of autumn,because nobody else will,as if it were a game,although the records disagree,for reasons that are still debated,at the edge of the town'.split(
    ',',
  );
const instructions = [
  'Summarize the following text in one sentence.',
  'Rewrite the text so that a child understands it.',
  'Give three reasons why this could be true.',
  'Write a short story that begins with this sentence.',
  'List the main ideas.',
  'Explain what the author means.',
  'Continue the paragraph.',
  'What would change if the opposite were true?',
];

/** @returns {() => number} uniform numbers in [0, 1) by mulberry32 */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * JSON Lines of `count` instruction rows with Alpaca's spread of lengths: four rows in ten have an input, answers are
 * log-normal with a median of about 40 tokens and a mean of about 65.
 */
export function benchmarkRows(count, seed = 7) {
  const next = uniform(seed);
  const pick = (list) => list[Math.floor(next() * list.length)];
  const sentence = () => {
    const text = `${pick(subjects)} ${pick(verbs)} ${pick(objects)} ${pick(manners)}.`;
    return text[0].toUpperCase() + text.slice(1);
  };
  const sentences = (n) => Array.from({ length: n }, sentence).join(' ');
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const rows = Array.from({ length: count }, () => ({
    instruction: pick(instructions),
    input: next() < 0.6 ? '' : sentences(1 + Math.floor(3 * next())),
    output: sentences(Math.max(1, Math.min(30, Math.round(2.6 * Math.exp(normal()))))),
  }));
  return rows.map((row) => JSON.stringify(row)).join('\n') + '\n';
}
