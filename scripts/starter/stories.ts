// Plain texts of the starter model: little stories and descriptions, with questions about them.
import { capital, type Chance } from './chance.ts';
import { inventedName } from './orders.ts';
import {
  adjectives,
  animals,
  cities,
  colors,
  days,
  jobs,
  months,
  names,
  numberWords,
  places,
  things,
} from './words.ts';

type Question = readonly [question: string, answer: string];

/** Something that was told, and what can be asked about it. */
export interface Fact {
  readonly text: string;
  readonly questions: readonly Question[];
  /** Questions that are clear only when nothing else was told. */
  readonly general: readonly Question[];
}

export function anyName(c: Chance): string {
  return c.happens(0.12) ? inventedName(c) : c.pick(names);
}

type MakeFact = (c: Chance, name: string) => Fact;

const bought: MakeFact = (c, name) => {
  const quantity = c.number(2, 12);
  const thing = c.pick(things);
  const color = c.pick(colors);
  const day = c.pick(days);
  const place = c.pick(places);
  const count = c.pick([String(quantity), numberWords[quantity]!]);
  const values = { name, count, color, things: thing.many, day, place };
  return {
    text: c.say(
      c.pick([
        '<name> (bought|found|sold|lost|saw|made|painted) <count> <color> <things> (at|in|near) the <place> on <day>.',
        'On <day> <name> (bought|found|sold|left|saw) <count> <color> <things> (at|in|near) the <place>.',
        '(At|In|Near) the <place>, <name> (bought|found|sold|lost|saw) <count> <things> on <day>. They were (all|) <color>.',
      ]),
      values,
    ),
    questions: [
      [`How many ${thing.many} were there?`, capital(count)],
      [`What color were the ${thing.many}?`, capital(color)],
      [`Who was (at|in) the ${place}?`, name],
    ],
    general: [
      ['On which day was it?', day],
      ['Where was it?', `${c.pick(['At', 'In'])} the ${place}`],
    ],
  };
};

const lives: MakeFact = (c, name) => {
  const [job, city, animal] = [c.pick(jobs), c.pick(cities), c.pick(animals)];
  const age = c.number(18, 90);
  const adjective = c.pick(adjectives);
  return {
    text: c.say(
      c.pick([
        '<name> is a <job> (and lives in|from|who lives in) <city>. <name> is <age> years old and likes a <adjective> <animal>.',
        '<name>, who is <age> years old, lives in <city>. <name> (works as a <job>|is a <job>) and likes a <adjective> <animal>.',
      ]),
      { name, job, city, age, adjective, animal },
    ),
    questions: [
      [`Where does ${name} live?`, `In ${city}`],
      [`What is the job of ${name}?`, capital(job)],
      [`How old is ${name}?`, String(age)],
      [`Which animal does ${name} like?`, `A ${adjective} ${animal}`],
    ],
    general: [['Who is it?', name]],
  };
};

const gave: MakeFact = (c, name) => {
  const other = c.pick(names);
  const thing = c.pick(things);
  const adjective = c.pick([...adjectives, ...colors]);
  const date = `${String(c.number(1, 28))} ${c.pick(months)}`;
  return {
    text: c.say(
      'On <date> <name> (gave|sent|showed|lent) <other> a <adjective> <thing>. <other> was (glad|happy|surprised).',
      {
        ...{ date, name, other, adjective },
        thing: thing.one,
      },
    ),
    questions: [
      [`Who got the ${thing.one}?`, other],
      [`Whose was the ${thing.one} before?`, `It was the ${thing.one} of ${name}`],
      [`What did ${other} get?`, `A ${adjective} ${thing.one}`],
    ],
    general: [['When was it?', `On ${date}`]],
  };
};

const weather: MakeFact = (c, name) => {
  const [day, place, adjective] = [
    c.pick(days),
    c.pick(places),
    c.pick(['warm', 'cold', 'dry', 'wet', 'bright', 'dark']),
  ];
  return {
    text: c.say(
      'It was a <adjective> <day>, and <name> (walked|went|ran|drove) to the <place> (to rest|to work|to meet a friend|alone).',
      {
        ...{ day, place, adjective, name },
      },
    ),
    questions: [
      [`Where did ${name} go?`, `To the ${place}`],
      [`Who went to the ${place}?`, name],
    ],
    general: [
      ['Which day was it?', day],
      ['How was the day?', capital(adjective)],
    ],
  };
};

const makers: readonly MakeFact[] = [bought, bought, lives, gave, weather];

/** A few facts about different people. */
export function randomFacts(c: Chance, count: number): Fact[] {
  const people = new Set<string>();
  while (people.size < count) people.add(anyName(c));
  return [...people].map((name) => c.pick(makers)(c, name));
}

/** A story of some sentences. */
export function story(c: Chance): string {
  const facts = randomFacts(c, c.number(2, 5));
  const links = ['', '', '', 'Then ', 'Later ', 'After that ', 'So '];
  const middle = c.say(
    '(That was|It was|This is) (all|a <adjective> day|how it (began|ended)|what the <job> said|not <adjective>).',
    { adjective: c.pick(adjectives), job: c.pick(jobs) },
  );
  const sentences = facts.map(({ text }, i) => {
    const link = i === 0 ? '' : c.pick(links);
    return link === '' || !/^(On|It|In|At|Near)/.test(text)
      ? text
      : link + text.charAt(0).toLowerCase() + text.slice(1);
  });
  return c.happens(0.4) ? [...sentences, middle].join(' ') : sentences.join(' ');
}
