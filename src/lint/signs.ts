// What a row may have, told quickly from the bytes of its JSON text, so that most rules need not look at most rows.
import { isAscii } from 'node:buffer';

export const sign = {
  /** Characters beyond ASCII. */
  foreign: 1 << 0,
  /** Written as `\b` or `\f`, or DEL. */
  control: 1 << 1,
  /** The characters themselves, somewhere in the row. */
  '@': 1 << 2,
  '<': 1 << 3,
  '&': 1 << 4,
  /** Three backticks or tildes. */
  fence: 1 << 5,
  /** What may be a tag around reasoning. */
  thinking: 1 << 6,
  /** Nine digits, as telephone numbers have, without a letter between them. */
  manyDigits: 1 << 7,
  /** Fifteen letters, digits, `-` and `_` in a row: keys are long. */
  longToken: 1 << 8,
  /** Characters written as `\u` and four digits. */
  escape: 1 << 9,
  /** What the rules about single characters may find. */
  odd: 1 << 10,
  /** Letters that may be in pieces (not in normal form C). */
  decomposed: 1 << 11,
  privateKey: 1 << 12,
} as const;

/** What is searched for, and what it is a sign of. */
const needles: readonly (readonly [needle: string | number, sign: number])[] = [
  ['\\u', sign.escape],
  ['\\b', sign.control],
  ['\\f', sign.control],
  [0x7f, sign.control],
  ...(['@', '<', '&'] as const).map((character) => [character.charCodeAt(0), sign[character]] as const),
  ['```', sign.fence],
  ['~~~', sign.fence],
  ['PRIVATE KEY', sign.privateKey],
];

const [lessThan, slash, backslash] = [0x3c, 0x2f, 0x5c];
const [th, re] = [0x7468, 0x7265];

/** Signs of the rows of a text. Each needle is searched once in all of the text, not once in each row. */
export class SignFinder {
  private readonly bytes: Buffer;
  /** Where each needle comes next; infinite where it does not. */
  private readonly next = needles.map(() => -1);

  private readonly isAscii: boolean;

  /** `bytes`: UTF-8. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.isAscii = isAscii(bytes);
  }

  /** Sum of the signs that the row has at [start, end). Rows are asked for in their order. */
  of(start: number, end: number): number {
    const { bytes, next } = this;
    let seen = this.isAscii ? 0 : foreignSigns(bytes, start, end);
    for (let i = 0; i < needles.length; i += 1) {
      if (next[i]! < start) {
        const at = bytes.indexOf(needles[i]![0], start);
        next[i] = at === -1 ? Infinity : at;
      }
      if (next[i]! < end) seen |= needles[i]![1];
    }
    if ((seen & sign['<']) !== 0 && hasThinking(bytes, start, end)) seen |= sign.thinking;
    if (hasRun(bytes, start, end, numeric, leastDigits)) seen |= sign.manyDigits;
    if (hasRun(bytes, start, end, tokenLike, leastToken)) seen |= sign.longToken;
    return seen;
  }
}

/** Whether `<`, `</` or `<\/` stands before what begins as the tags around reasoning do. */
function hasThinking(bytes: Buffer, start: number, end: number): boolean {
  for (let at = bytes.indexOf(lessThan, start); at !== -1 && at < end; at = bytes.indexOf(lessThan, at + 1)) {
    let name = at + 1;
    if (bytes[name] === backslash) name += 1;
    if (bytes[name] === slash) name += 1;
    const begin = bytes[name]! * 0x100 + bytes[name + 1]!;
    if (begin === th || begin === re) return true;
  }
  return false;
}

/**
 * `foreign`, `odd` and `decomposed` as far as the bytes of characters beyond ASCII tell: control characters (U+0080–U+009F),
 * invisible ones, and what begins wrongly decoded text; every character that normal form C may not have as it is.
 */
function foreignSigns(bytes: Buffer, start: number, end: number): number {
  let seen = 0;
  for (let at = start; at < end; at += 1) {
    while (at + 8 < end && isAsciiAt(bytes, at)) at += 8;
    const lead = bytes[at]!;
    if (lead < 0xc2) continue; // ASCII, or inside of a character
    seen |= sign.foreign;
    const second = bytes[at + 1]!;
    if (lead < 0xc4) {
      // Â Ã Ð Ñ â ð ï are letters too; of wrongly decoded text where no ASCII follows.
      if (lead === 0xc2 ? second < 0xa0 : beginsMojibake[second] === 1 && bytes[at + 2]! >= 0x80) seen |= sign.odd;
      continue;
    }
    if (lead < 0xcc || isComposed(lead, second, bytes[at + 2]!)) continue;
    seen |= sign.decomposed;
    const third = bytes[at + 2]!;
    const isInvisible =
      (lead === 0xe2 && ((second === 0x80 && third === 0x8b) || (second === 0x81 && third === 0xa0))) ||
      (lead === 0xef && ((second === 0xbb && third === 0xbf) || (second === 0xbf && third === 0xbd)));
    if (isInvisible) seen |= sign.odd;
  }
  return seen;
}

/** Whether eight bytes are ASCII. */
function isAsciiAt(bytes: Buffer, at: number): boolean {
  const first = bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!;
  return (first | bytes[at + 4]! | bytes[at + 5]! | bytes[at + 6]! | bytes[at + 7]!) < 0x80;
}

/** Second bytes of Ã Â Ð Ñ â ð ï behind 0xC3. */
const beginsMojibake = new Uint8Array(0x100);
for (const letter of 'ÂÃÐÑâðï') beginsMojibake[Buffer.from(letter)[1]!] = 1;

/**
 * Whether a character from U+0300 on certainly stands in normal form C, whatever stands around it: Cyrillic, most
 * punctuation, kana without its marks, ideographs, most emoji.
 */
function isComposed(lead: number, second: number, third: number): boolean {
  if (lead === 0xe2) return second === 0x80 && third >= 0x90;
  if (lead === 0xd0 || lead === 0xd1) return true;
  if (lead === 0xe3) return (second === 0x80 && third <= 0xa9) || second === 0x81 || second === 0x83;
  if (lead >= 0xe4 && lead <= 0xe9) return true;
  return lead === 0xf0 && second === 0x9f;
}

/** The signs without those that only a look at all characters of the text tells; escapes may stand for any. */
export function closerSigns(text: string, signs: number): number {
  if ((signs & sign.escape) !== 0) return signs | sign.odd | sign.decomposed;
  if ((signs & sign.decomposed) === 0) return signs;
  // Pieces of a text in normal form C are in it too.
  return text.normalize('NFC') === text ? signs & ~sign.decomposed : signs;
}

/** Sum of the signs that a text has, without the closer look. */
export function signsOf(text: string): number {
  const bytes = Buffer.from(text);
  return new SignFinder(bytes).of(0, bytes.length);
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
