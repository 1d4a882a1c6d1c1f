// Rows with everything that makes a place in a file hard to find: escapes, emoji, marks, trimmed and repeated text.

export type Random = () => number;

export interface NastyRow {
  readonly format: 'messages' | 'conversations' | 'instruction' | 'prompt_completion' | 'reasoning';
  /** JSON text of the row, on one line. */
  readonly text: string;
}

const words = [
  'the', 'printer', 'is', 'offline', 'again', 'assistant', 'user', 'system', 'Label:', 'urgency', 'high,', '42', '3.14',
  'naïve', 'Übung', '日本語', '한국어', 'עברית', 'हिन्दी', '👩‍👩‍👧', '😀', '🏳️‍🌈', 'é', 'e\u0301', 'a\u200bb', '\u00a0', 'x\u2028y', '\ufeffz',
  '<|im_start|>', '<|im_end|>', '</s>', '[INST]', '<end_of_turn>', '<br>', '`code`', '"quoted"', 'C:\\new\\table', '{"a": 1}',
  '[1, 2]', '\ue000', '…', '**bold**', '# title', '- item', 'f(x) = {y}', '&amp;', '%', '€', 'ﬁ', '①', '\u0001', 'don’t', "it's",
] as const; // prettier-ignore
const gaps = [' ', ' ', ' ', ' ', '\n', '\n\n', '  ', '\t', '\r\n', ''] as const;
const edges = ['', '', '', '', ' ', '\n', '\n\n', '  \n', '\t', '\r\n', ' \n '] as const;

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!;
}

export function nastyText(random: Random, most = 12): string {
  let text = pick(edges, random);
  for (let left = 1 + Math.floor(random() * most); left > 0; left -= 1)
    text += pick(words, random) + pick(gaps, random);
  return text + pick(edges, random);
}

/** JSON with escapes where none are needed, spaces between values, and members in any order. */
export function nastyJson(value: unknown, random: Random): string {
  const space = (): string => (random() < 0.3 ? ' ' : '');
  if (typeof value === 'string')
    return `"${Array.from({ length: value.length }, (_, i) => escaped(value[i]!, random)).join('')}"`;
  if (Array.isArray(value))
    return `[${space()}${value.map((item) => nastyJson(item, random)).join(`,${space()}`)}${space()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(() => (random() < 0.2 ? 1 : 0));
  return `{${space()}${members.map(([name, member]) => `${nastyJson(name, random)}:${space()}${nastyJson(member, random)}`).join(`,${space()}`)}}`;
}

function escaped(unit: string, random: Random): string {
  const plain = JSON.stringify(unit).slice(1, -1);
  if (unit === '/' && random() < 0.3) return '\\/';
  const isHalf = /[\ud800-\udfff]/.test(unit);
  if (random() < (isHalf ? 0.2 : 0.05)) return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return isHalf ? unit : plain;
}

/** A row of any format; `withTools`: some chats have calls, which not every template takes. */
export function nastyRow(random: Random, withTools = false): NastyRow {
  const chance = random();
  const text = (): string => nastyText(random);
  if (chance < 0.6)
    return { format: 'messages', text: nastyJson({ messages: chat(random, withTools), id: 'user' }, random) };
  if (chance < 0.75) {
    const row = { instruction: text(), input: random() < 0.5 ? '' : text(), output: text(), source: 'assistant' };
    return { format: 'instruction', text: nastyJson(row, random) };
  }
  if (chance < 0.85)
    return { format: 'prompt_completion', text: nastyJson({ prompt: text(), completion: text() }, random) };
  if (chance < 0.95) {
    const turns = [
      { from: 'human', value: text() },
      { from: 'gpt', value: text() },
    ];
    return {
      format: 'conversations',
      text: nastyJson({ conversations: turns, system: random() < 0.5 ? text() : undefined }, random),
    };
  }
  const steps = [text(), { description: text(), calculation: 12.5 }];
  return { format: 'reasoning', text: nastyJson({ question: text(), steps, answer: 42 }, random) };
}

function chat(random: Random, withTools: boolean): unknown[] {
  const turns: unknown[] = random() < 0.3 ? [{ role: 'system', content: nastyText(random, 5) }] : [];
  for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
    turns.push({ role: 'user', content: nastyText(random) });
    if (withTools && random() < 0.3) turns.push(...called(random));
    turns.push({ role: 'assistant', content: thought(random) });
  }
  return turns;
}

function thought(random: Random): string {
  const text = nastyText(random);
  return random() < 0.15 ? `<think>\n${nastyText(random, 4)}\n</think>\n\n${text}` : text;
}

function called(random: Random): unknown[] {
  const given = { city: nastyText(random, 3), days: 3, 'a "b"': [true, null, 'x\ny'] };
  const call = { name: 'look_up', arguments: random() < 0.5 ? given : JSON.stringify(given) };
  return [
    { role: 'assistant', content: null, tool_calls: [{ id: 'abcdefghi', type: 'function', function: call }] },
    { role: 'tool', tool_call_id: 'abcdefghi', name: 'look_up', content: nastyText(random, 4) },
  ];
}
