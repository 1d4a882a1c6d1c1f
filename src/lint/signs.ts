// What a row may have, told quickly from its JSON text, so that most rules need not look at most rows.

export const sign = {
  /** Characters beyond ASCII, or written as an escape `\u`. */
  foreign: 1 << 0,
  /** Written as `\b` or `\f`, or DEL. */
  control: 1 << 1,
  /** The characters themselves, somewhere in the row. */
  '@': 1 << 2,
  '<': 1 << 3,
  '&': 1 << 4,
  '`': 1 << 5,
  '~': 1 << 6,
  /** Nine digits, as telephone numbers have, without a letter between them. */
  manyDigits: 1 << 7,
  /** Fifteen letters, digits, `-` and `_` in a row: keys are long. */
  longToken: 1 << 8,
} as const;

const characters = ['@', '<', '&', '`', '~'] as const;

/** Sum of the signs that a text has. */
export function signsOf(text: string): number {
  let seen = /[\u0080-\uffff]/.test(text) || text.includes('\\u') ? sign.foreign : 0;
  if (text.includes('\x7f') || text.includes('\\b') || text.includes('\\f')) seen |= sign.control;
  for (const character of characters) if (text.includes(character)) seen |= sign[character];
  if (hasRun(text, numeric, leastDigits, true)) seen |= sign.manyDigits;
  if (hasRun(text, tokenLike, leastToken, false)) seen |= sign.longToken;
  return seen;
}

const leastDigits = 9;
const leastToken = 15;

/** 1: a character of the class; 2: one that counts, where only digits do. */
function classOf(counting: string, others: string): Uint8Array {
  const table = new Uint8Array(0x100);
  for (const character of others) table[character.charCodeAt(0)] = 1;
  for (const character of counting) table[character.charCodeAt(0)] = 2;
  return table;
}

const digits = '0123456789';
const letters = 'abcdefghijklmnopqrstuvwxyz';
const numeric = classOf(digits, ' .-/()+');
const tokenLike = classOf(`${letters}${letters.toUpperCase()}${digits}-_`, '');

/**
 * Whether `least` characters that count stand in a run of the class. Such a run goes over one of the places that are
 * `least` apart, so only runs over those are looked at.
 */
function hasRun(text: string, table: Uint8Array, least: number, hasOthers: boolean): boolean {
  for (let place = least - 1; place < text.length; place += least) {
    if (table[text.charCodeAt(place) & 0xff] === 0) continue;
    let [from, to] = [place, place];
    while (from > 0 && table[text.charCodeAt(from - 1) & 0xff] !== 0) from -= 1;
    while (to + 1 < text.length && table[text.charCodeAt(to + 1) & 0xff] !== 0) to += 1;
    if (to - from + 1 >= least && (!hasOthers || counted(text, table, from, to) >= least)) return true;
    if (to > place) place += Math.floor((to - place) / least) * least;
  }
  return false;
}

function counted(text: string, table: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i <= to; i += 1) if (table[text.charCodeAt(i) & 0xff] === 2) count += 1;
  return count;
}
