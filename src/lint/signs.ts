// What a row may have, told quickly from the bytes of its JSON text, so that most rules need not look at most rows.

export const sign = {
  /** Characters beyond ASCII. */
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
  /** Characters written as `\u` and four digits. */
  escape: 1 << 9,
  /** What the rules about single characters may find. */
  odd: 1 << 10,
  /** Letters in pieces (not in normal form C). */
  decomposed: 1 << 11,
} as const;

/** What is searched for, and what it is a sign of. */
const needles: readonly (readonly [needle: string | number, sign: number])[] = [
  ['\\u', sign.escape],
  ['\\b', sign.control],
  ['\\f', sign.control],
  [0x7f, sign.control],
  ...(['@', '<', '&', '`', '~'] as const).map((character) => [character.charCodeAt(0), sign[character]] as const),
];

/** Signs of the rows of a text. Each needle is searched once in all of the text, not once in each row. */
export class SignFinder {
  private readonly bytes: Buffer;
  /** Where each needle comes next; infinite where it does not. */
  private readonly next = needles.map(() => -1);

  /** `bytes`: UTF-8. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Sum of the signs that the row has at [start, end). Rows are asked for in their order. */
  of(start: number, end: number, isAscii: boolean): number {
    const { bytes, next } = this;
    let seen = isAscii ? 0 : sign.foreign;
    for (let i = 0; i < needles.length; i += 1) {
      if (next[i]! < start) {
        const at = bytes.indexOf(needles[i]![0], start);
        next[i] = at === -1 ? Infinity : at;
      }
      if (next[i]! < end) seen |= needles[i]![1];
    }
    if (hasRun(bytes, start, end, numeric, leastDigits)) seen |= sign.manyDigits;
    if (hasRun(bytes, start, end, tokenLike, leastToken)) seen |= sign.longToken;
    return seen;
  }
}

const oddCharacter =
  /[\x7f-\x9f\u200b\u2060\ufeff\ufffdÂÃÐÑâðï]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** The signs and those that only a look at all characters of the text tells; escapes may stand for any. */
export function closerSigns(text: string, signs: number): number {
  if ((signs & sign.escape) !== 0) return signs | sign.odd | sign.decomposed;
  if ((signs & sign.foreign) === 0) return signs;
  const odd = oddCharacter.test(text) ? sign.odd : 0;
  // Pieces of a text in normal form C are in it too.
  return signs | odd | (text.normalize('NFC') === text ? 0 : sign.decomposed);
}

/** Sum of the signs that a text has, without the closer ones. */
export function signsOf(text: string): number {
  const bytes = Buffer.from(text);
  return new SignFinder(bytes).of(0, bytes.length, bytes.length === text.length);
}

const leastDigits = 9;
const leastToken = 15;

/** 1: a byte of the class; 2: one that counts. */
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
 * Whether `least` bytes that count stand in a run of the class. A window of that size is looked at from its end; where
 * it holds another byte, no run before that byte can be long enough, so the next window begins behind it.
 */
function hasRun(bytes: Buffer, start: number, end: number, table: Uint8Array, least: number): boolean {
  let last = start + least - 1;
  while (last < end) {
    const first = last - least;
    let at = last;
    while (at > first && table[bytes[at]!] !== 0) at -= 1;
    if (at === first) {
      let counted = 0;
      for (at = first + 1; at < end && table[bytes[at]!] !== 0; at += 1) if (table[bytes[at]!] === 2) counted += 1;
      if (counted >= least) return true;
    }
    last = at + least;
  }
  return false;
}
