// Orders as people write them to a shop. The starter model reads such sentences; the quickstart teaches it the records.
import type { Chance } from './chance.ts';
import { colors, days, months, names, numberWords, syllables, things } from './words.ts';
import type { Thing } from './words.ts';

export interface Order {
  readonly customer: string;
  readonly thing: Thing;
  readonly color: string | undefined;
  readonly quantity: number;
  /** Such as `Friday` or `12 May`. */
  readonly due: string | undefined;
}

/** `<when>` may be empty; then the commas and spaces around it go too. */
const sentences = [
  '<who> (wants|needs|orders|would like|asks for|is waiting for) <what> <when>.',
  'Please (send|bring|ship|deliver) <what> to <who> <when>.',
  '(Hello|Hi|Good morning|Good day), (this is|my name is|I am) <who>. I (need|want|would like|am looking for) <what> <when>.',
  '(Order|New order|A request) (for|from) <who>: <what><comma> <when>.',
  '(Can|Could) you (bring|ship|deliver|send) <what> to <who> <when>?',
  '<when> <who> (needs|wants|has to have) <what>.',
  'I (need|want|would like|am looking for) <what> <when>. (Thanks|Best wishes|Many thanks|Yours), <who>.',
  '<what> for <who><comma> <when>, please.',
  '<who> (called|wrote|was here|asked again). (We need|It is about|The order is|Please pack) <what> <when>.',
  'We have to (pack|send|make) <what> <when>. The customer is <who>.',
];

export function randomOrder(c: Chance, customers: readonly string[] = names): Order {
  return {
    customer: c.pick(customers),
    thing: c.pick(things),
    color: c.happens(0.85) ? c.pick(colors) : undefined,
    quantity: c.happens(0.75) ? c.number(1, 12) : c.number(13, 99),
    due: randomDue(c),
  };
}

function randomDue(c: Chance): string | undefined {
  if (c.happens(0.15)) return undefined;
  return c.happens(0.7) ? c.pick(days) : `${String(c.number(1, 28))} ${c.pick(months)}`;
}

/** The order in a person's words: other words each time. */
export function orderText(c: Chance, order: Order): string {
  const when = order.due === undefined ? '' : `${c.pick(dueWords(order.due))} ${order.due}`;
  const values = { who: order.customer, what: whatText(c, order), when, comma: when === '' ? '' : ',' };
  return c.say(c.pick(sentences), values);
}

/** Of 12 May one says `on`, of a day of the week also `by` and `before`; all of them name when it is due. */
function dueWords(due: string): string[] {
  return /\d/.test(due) ? ['by', 'on', 'before'] : ['by', 'on', 'before', 'this', 'next'];
}

/** Such as `four red cups` or `4 red cups`. */
export function whatText(c: Chance, { quantity, color, thing }: Order): string {
  const word = numberWords[quantity];
  const count = word !== undefined && c.happens(0.5) ? word : String(quantity);
  return [count, color, quantity === 1 ? thing.one : thing.many].filter((part) => part !== undefined).join(' ');
}

/** A name that nobody has, such as `Tomuki`. */
export function inventedName(c: Chance): string {
  const [first = '', ...rest] = c.several(syllables, c.number(2, 3));
  return first.charAt(0).toUpperCase() + first.slice(1) + rest.join('');
}
