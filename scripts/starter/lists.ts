// Lists, lookups and lines of code: texts in which what comes next stands earlier in the text.
import type { Chance } from './chance.ts';
import { anyName } from './stories.ts';
import { adjectives, cities, colors, days, jobs, names, places, things } from './words.ts';

/** What is told is dice; what is asked follows from it. */
export interface ListText {
  readonly told: string;
  readonly asked: string;
}

type MakeList = (c: Chance) => ListText;

/** Pairs, told once in order and asked again in another. */
const lookup: MakeList = (c) => {
  const keys = c.happens(0.5)
    ? c.several(things, 5).map((t) => t.one)
    : [...new Set(Array.from({ length: 5 }, () => anyName(c)))];
  const values = c.pick<() => string>([
    () => String(c.number(1, 99)),
    () => c.pick(colors),
    () => c.pick(cities),
    () => `${c.pick(adjectives)} ${c.pick(things).one}`,
  ]);
  const pairs = keys.map((key) => [key, values()] as const);
  const sign = c.pick([' = ', ' is ', ' has ', ' -> ', ' ']);
  const told = pairs.map(([key, value]) => `${key}${sign}${value}`).join(c.pick([', ', '; ', '\n']));
  const asked = c.shuffled(pairs).map(([key, value]) => `${key}? ${value}.`);
  return { told: `${told}\n`, asked: asked.join(' ') };
};

/** Variables, and what printing them shows. */
const code: MakeList = (c) => {
  const variables = c.several([...things.map((t) => t.one), ...adjectives], c.number(2, 4)).map((name) => {
    const text = c.pick([c.pick(colors), anyName(c), c.pick(days), c.pick(things).one, c.pick(jobs)]);
    return { name, value: c.happens(0.3) ? String(c.number(0, 99)) : `"${text}"` };
  });
  const assigned = variables.map(({ name, value }) => `${name} = ${value};\n`);
  const printed = c.shuffled(variables).map(({ name, value }) => `print(${name}); // ${value}`);
  return { told: assigned.join(''), asked: printed.join('\n') };
};

/** Lists in brackets and sets in braces, and what becomes of them. */
const brackets: MakeList = (c) => {
  const members = c.several(c.pick([colors, names, days, things.map((t) => t.many)]), c.number(2, 5));
  const quoted = members.map((member) => `"${member}"`);
  const at = c.number(0, members.length - 1);
  const [list, set] = [`[${quoted.join(', ')}]`, `{${members.join(', ')}}`];
  return c.pick<ListText>([
    { told: `${list}[${String(at)}]`, asked: ` is ${quoted[at]!}.` },
    { told: `${set} without ${members[at]!}`, asked: ` is {${members.filter((_, i) => i !== at).join(', ')}}.` },
    { told: `${list} backwards`, asked: ` is [${[...quoted].reverse().join(', ')}].` },
    { told: list, asked: ` is ${list} and ${set} is ${set}.` },
  ]);
};

/** Somebody speaks, and somebody says it again. */
const speech: MakeList = (c) => {
  const [one, other] = [anyName(c), anyName(c)];
  const thing = c.pick(things);
  const said = c.say(
    '(The <thing> is <color>|I have <count> <things>|My name is <one>|It is <day>|Look at the <color> <thing>)',
    {
      ...{ one, thing: thing.one, things: thing.many },
      ...{ color: c.pick(colors), count: c.number(2, 40), day: c.pick(days) },
    },
  );
  const again = c.pick([`"${said}?"`, `"${said}!"`]);
  return {
    told: `"${said}," said ${one} to ${other}.`,
    asked: ` ${again} ${c.pick(['asked', 'cried', 'repeated'])} ${other}.`,
  };
};

/** A price list, some lines of it twice. */
const table: MakeList = (c) => {
  const row = ({ many }: { many: string }): string => `${many}: ${String(c.number(1, 60))} coins, ${c.pick(colors)}`;
  const rows = c.several(things, c.number(3, 6)).map(row);
  return { told: [...rows, 'Again:\n'].join('\n'), asked: c.several(rows, 2).join('\n') };
};

/** Words without sense, again and again. */
const echo: MakeList = (c) => {
  const all = [names, colors, adjectives, cities, jobs, places, things.map((t) => t.one), things.map((t) => t.many)];
  const words = Array.from({ length: c.number(3, 9) }, () => (c.happens(0.1) ? anyName(c) : c.pick(c.pick(all))));
  const line = words.join(c.pick([' ', ', ', ' - ']));
  const [end] = [c.pick(['\n', '. ', '; '])];
  return { told: line + end, asked: [line, line].join(end) };
};

export function listText(c: Chance): ListText {
  return c.pick([lookup, code, brackets, speech, table, echo, echo, echo])(c);
}
