// Where texts may be cut into words without a change of their tokens, for tokenizers that split at words.

const letter = 1;
/** What begins a piece of its own behind a word. */
const mark = 2;
/** Digits, and marks that stand inside of words and of special tokens. */
const otherPrintable = 3;
const space = 4;
const newline = 5;

/** Class of a UTF-16 unit; 0 for what a cut must not lie beside. */
const kinds = new Uint8Array(0x10000);
for (let unit = 0x21; unit < 0x7f; unit += 1) {
  const character = String.fromCharCode(unit);
  kinds[unit] = /[A-Za-z]/.test(character)
    ? letter
    : /[.,;:!?()[{}=+*/\\"#%&^~`$@]/.test(character)
      ? mark
      : otherPrintable;
}
kinds[0x20] = space;
kinds[0x0a] = newline;

/** 1 where a cut lies before the third of four units, by their classes in three bits each. */
const cuts = Uint8Array.from({ length: 0x1000 }, (_, four) =>
  isCut(four >> 9, (four >> 6) & 7, (four >> 3) & 7, four & 7) ? 1 : 0,
);

/**
 * A text is cut in ASCII only: before the single space in front of a word and the last one of several, behind the single line
 * end in front of one, and before a mark behind one.
 */
function isCut(beforeThat: number, before: number, here: number, after: number): boolean {
  if (here === letter) return before === newline && isPrintable(beforeThat);
  if (here === space) return after === letter && (isPrintable(before) || before === space);
  return here === mark && before === letter;
}

function isPrintable(kind: number): boolean {
  return kind === letter || kind === mark || kind === otherPrintable;
}

/** The units of a text, which are read from an array in half the time. The array is used again for the next text. */
export function unitsOf(text: string): Uint16Array {
  if (text.length > units.length) {
    units = new Uint16Array(2 * text.length);
    bytes = Buffer.from(units.buffer);
  }
  bytes.write(text, 'utf16le');
  return units;
}

let units = new Uint16Array(2 ** 14);
let bytes = Buffer.from(units.buffer);

/** Hash of no units. */
const seed = 0x11c9dc5;
const multiplier = 0x01000193;

/** Tells the words [start, end) of a text in their order, each with a hash of its units. */
export function eachWord(
  text: Uint16Array,
  length: number,
  see: (start: number, end: number, hash: number) => void,
): void {
  if (length === 0) return;
  // Constants of the module are looked up each time in a bundle, which would take as long as the rest.
  const [kindOf, isCutBy, times] = [kinds, cuts, multiplier];
  let start = 0;
  let hash = Math.imul(seed ^ text[0]!, times);
  let four = (kindOf[text[0]!]! << 3) | (length > 1 ? kindOf[text[1]!]! : 0);
  for (let at = 1; at < length; at += 1) {
    four = ((four << 3) | (at + 1 < length ? kindOf[text[at + 1]!]! : 0)) & 0xfff;
    if (isCutBy[four] === 1) {
      see(start, at, hash);
      start = at;
      hash = seed;
    }
    hash = Math.imul(hash ^ text[at]!, times);
  }
  see(start, length, hash);
}
