// Conversations of the starter model: orders answered in plain words, questions about a text, small skills.
import { capital, type Chance } from './chance.ts';
import { inventedName, orderText, randomOrder } from './orders.ts';
import type { Order } from './orders.ts';
import { anyName, randomFacts } from './stories.ts';
import {
  adjectives,
  cities,
  colors,
  days,
  jobs,
  months,
  names,
  numberWords,
  opposites,
  places,
  things,
} from './words.ts';

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

type Exchange = readonly [question: string, answer: string];

const turnsOf = (exchanges: readonly Exchange[]): Turn[] =>
  exchanges.flatMap(([question, answer]) => [
    { role: 'user' as const, content: question },
    { role: 'assistant' as const, content: answer },
  ]);

/** An order and a friendly answer, then questions about it. Never a record. */
export function orderTalk(c: Chance): Turn[] {
  const order = { ...randomOrder(c), customer: anyName(c) };
  const text = orderText(c, order);
  const questions = c.several(orderQuestions(c, order), c.number(2, 6));
  if (c.happens(0.5)) return turnsOf([[text, thanks(c, order)], ...questions]);
  const [[question, answer] = ['', ''], ...rest] = questions;
  return turnsOf([[`${text} ${question}`, answer], ...rest]);
}

function thanks(c: Chance, { customer, thing, color, quantity, due }: Order): string {
  const what = [String(quantity), color, quantity === 1 ? thing.one : thing.many]
    .filter((w) => w !== undefined)
    .join(' ');
  const opening = c.say(
    c.pick(['Thank you(, <who>|).', 'Of course(, <who>|).', 'Gladly.', 'We are happy to help(, <who>|).']),
    {
      who: customer,
    },
  );
  const promise = c.say(
    c.pick(['We (will|can) (pack|send|make) <what>', 'The <thing> will be (ready|there)', 'I have noted <what>']),
    {
      what,
      thing: quantity === 1 ? thing.one : thing.many,
    },
  );
  return `${opening} ${promise}${due === undefined ? '' : ` ${c.pick(['by', 'before', 'for'])} ${due}`}.`;
}

function orderQuestions(c: Chance, { customer, thing, color, quantity, due }: Order): Exchange[] {
  const many = quantity === 1 ? thing.one : thing.many;
  const unsaid = c.pick(['That was not said.', 'Nobody said that.']);
  return [
    [c.say('(Who is it for?|Who is the customer?|Who asked?|What is the name?)'), `${customer}.`],
    [c.say('(How many?|How many <many>?|What is the number?)', { many }), `${String(quantity)}.`],
    [c.say('(What color?|Which color?|In what color?)'), color === undefined ? unsaid : `${capital(color)}.`],
    [c.say('(When?|By when?|When is it due?)'), due === undefined ? unsaid : `${due}.`],
    [c.say('(What is wanted?|Which thing?|What kind of thing is it?)'), `A ${thing.one}.`],
    [c.say('(Say the name in quotes.|Write the name in quotes.)'), `"${customer}"`],
    [c.say('(Say the thing in quotes.|Write the thing in quotes.)'), `"${thing.one}"`],
  ];
}

/** A text and questions about it. */
export function reading(c: Chance): Turn[] {
  const facts = randomFacts(c, c.number(1, 3));
  const text = facts.map((fact) => fact.text).join(' ');
  const questions = c.several(
    facts.flatMap((fact) => [...fact.questions, ...(facts.length === 1 ? fact.general : [])]),
    c.number(1, 3),
  );
  const asked = questions.map(([question, answer]): Exchange => [c.say(question), `${answer}.`]);
  const [[question, answer] = ['', ''], ...rest] = asked;
  return turnsOf([[`${text}\n${question}`, answer], ...rest]);
}

const openings: readonly Exchange[] = [
  ['Hello!', 'Hello! What can I do for you?'],
  ['Hi, how are you?', 'I am well, thank you. And you?'],
  ['Good morning.', 'Good morning! It is nice to hear from you.'],
  ['Who are you?', 'I am a small language model. I have read only little stories.'],
  ['Can you help me?', 'I will try. What do you need?'],
  ['Thank you.', 'You are welcome.'],
];

type Skill = (c: Chance) => Exchange;

const anyWord = (c: Chance): string =>
  c.pick<() => string>([
    () => c.pick(things).one,
    () => c.pick(things).many,
    () => c.pick(colors),
    () => c.pick(names),
    () => inventedName(c),
    () => c.pick(adjectives),
    () => c.pick(cities),
    () => c.pick(days),
    () => c.pick(months),
    () => c.pick(places),
    () => c.pick(jobs),
    () => String(c.number(0, 99)),
  ])();

/** Of the many words in this order: the one after it, or the first or the last one. */
const neighbour: Skill = (c) => {
  const words = c.several([...new Set(Array.from({ length: 6 }, () => anyWord(c)))], 3);
  const at = c.number(0, words.length - 2);
  return c.pick<() => Exchange>([
    () => [`Which word comes after ${words[at]!} in: ${words.join(', ')}?`, `${words[at + 1]!}.`],
    () => [`What is the first of: ${words.join(', ')}?`, `${words[0]!}.`],
    () => [`What is the last of: ${words.join(', ')}?`, `${words.at(-1)!}.`],
  ])();
};

const skills: readonly Skill[] = [
  neighbour,
  (c) => {
    const thing = c.pick(things);
    return c.pick<() => Exchange>([
      () => [`What is one of the ${thing.many} called?`, `A ${thing.one}.`],
      () => [`What are many of ${thing.one}?`, `${capital(thing.many)}.`],
      () => [`What is one of ${String(c.number(2, 30))} ${thing.many}?`, `One ${thing.one}.`],
    ])();
  },
  (c) => {
    const number = c.number(0, 12);
    const [word, digits] = [numberWords[number]!, String(number)];
    return c.pick<() => Exchange>([
      () => [`Write ${word} in digits.`, digits],
      () => [`Write ${digits} as a word.`, `${capital(word)}.`],
      () => [`${capital(word)} ${c.pick(things).many}: which number?`, digits],
    ])();
  },
  (c) => {
    const said = Array.from({ length: c.number(1, 4) }, () => anyWord(c)).join(' ');
    return [c.pick([`Say ${said}.`, `Repeat: ${said}.`, `Please say ${said} in quotes.`]), `"${said}"`];
  },
  (c) => {
    const quoted = Array.from({ length: c.number(2, 3) }, () => anyWord(c));
    return [`Say each in quotes: ${quoted.join(', ')}.`, quoted.map((word) => `"${word}"`).join(', ')];
  },
  (c) => {
    const [one, other] = c.shuffled(c.pick(opposites));
    return [`What is the opposite of ${one!}?`, `${capital(other!)}.`];
  },
  (c) => {
    const at = c.number(0, 6);
    return [`Which day comes after ${days[at]!}?`, `${days[(at + 1) % 7]!}.`];
  },
  (c) => {
    const word = c.happens(0.5) ? inventedName(c) : anyWord(c);
    return [`Spell ${word}.`, Array.from(word).join('-')];
  },
  (c) => {
    const count = c.number(2, 4);
    return [`Name ${numberWords[count]!} colors.`, `${capital(c.several(colors, count).join(', '))}.`];
  },
  (c) => {
    const [a, b] = [c.number(0, 20), c.number(0, 20)];
    return [`What is ${String(a)} plus ${String(b)}?`, String(a + b)];
  },
  (c) => c.pick(openings),
];

/** Short questions of different kinds. */
export function smallTalk(c: Chance): Turn[] {
  return turnsOf(Array.from({ length: c.number(2, 5) }, () => c.pick(skills)(c)));
}
