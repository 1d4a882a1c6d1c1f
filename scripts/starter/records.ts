// The quickstart's task: an order in a person's words → a record. Held-out rows have customers and goods of their own.
import { chance, type Chance } from './chance.ts';
import { orderText, randomOrder } from './orders.ts';
import type { Order } from './orders.ts';
import { colors, heldOutNames, names, things } from './words.ts';

export interface Row {
  readonly instruction: string;
  readonly output: string;
}

/** The record as JSON on one line, with spaces as a person would write them. What was not said is null. */
export function recordText({ thing, color, quantity }: Pick<Order, 'thing' | 'color' | 'quantity'>): string {
  const fields = { item: thing.one, color: color ?? null, quantity };
  return `{${Object.entries(fields)
    .map(([key, value]) => `"${key}": ${JSON.stringify(value)}`)
    .join(', ')}}`;
}

/** Every fourth pair of colour and thing is kept for the held-out rows. */
function isHeldOutPair({ color, thing }: Order): boolean {
  return color !== undefined && (colors.indexOf(color) + 3 * things.indexOf(thing)) % 4 === 0;
}

/** Rows of which no two are alike. Held-out rows share neither a customer nor a coloured thing with training rows. */
export function taskRows(seed: number, part: 'train' | 'held-out', count: number): Row[] {
  const c = chance(seed, 'orders', part);
  const heldOut = part === 'held-out';
  const customers = names.filter((name) => heldOutNames.includes(name) === heldOut);
  const rows = new Map<string, Row>();
  while (rows.size < count) {
    const row = rowOf(c, customers, heldOut);
    if (row) rows.set(row.instruction, row);
  }
  return [...rows.values()];
}

function rowOf(c: Chance, customers: readonly string[], heldOut: boolean): Row | undefined {
  const order = randomOrder(c, customers);
  const instruction = orderText(c, order);
  const wanted = isHeldOutPair(order) === heldOut || (heldOut && order.color === undefined);
  return wanted ? { instruction, output: recordText(order) } : undefined;
}
