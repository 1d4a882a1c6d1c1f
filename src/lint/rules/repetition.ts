// Finds where a text goes round in circles: a phrase that comes five times in a row, or more.

/** Words that a loop repeats at least, how often, and the longest phrase that is looked for, in words. */
const loopWords = 4;
const loopTimes = 5;
const longestPhrase = 12;
/** A loop has at least this many words that equal the one a phrase before, so one in so many needs to be looked at. */
const stride = loopWords * (loopTimes - 1);

export interface Repetition {
  /** Characters of the loop, and the end of its first phrase. */
  readonly start: number;
  readonly end: number;
  readonly firstEnd: number;
}

/** The first phrase that comes five times directly after itself, four words being the least. */
export function repetitionIn(text: string): Repetition | undefined {
  const hashes = wordHashes(text);
  for (let i = stride; i < hashes.length; i += stride)
    for (let period = 1; period <= longestPhrase && period <= i; period += 1) {
      if (hashes[i] !== hashes[i - period]) continue;
      const found = loopAround(hashes, i, period);
      if (found !== undefined) return spanOf(text, found.first, found.last, period);
    }
  return undefined;
}

/** Numbers of the first and last word of a loop that goes over word `i`. */
function loopAround(hashes: Int32Array, i: number, period: number): { first: number; last: number } | undefined {
  let [from, to] = [i, i];
  while (from - 1 >= period && hashes[from - 1] === hashes[from - 1 - period]) from -= 1;
  while (to + 1 < hashes.length && hashes[to + 1] === hashes[to + 1 - period]) to += 1;
  const needed = Math.max(loopWords, period) * (loopTimes - 1);
  return to - from + 1 >= needed ? { first: from - period, last: to } : undefined;
}

/** Undefined for loops that say nothing, such as rulers of tables and rows of numbers. */
function spanOf(text: string, first: number, last: number, period: number): Repetition | undefined {
  const words = [...text.matchAll(/[^ \n]+/g)];
  const phrase = words.slice(first, first + period).map(([word]) => word);
  if (!phrase.some((word) => /\p{L}{2}/u.test(word))) return undefined;
  const end = (word: number): number => words[word]!.index + words[word]![0].length;
  return { start: words[first]!.index, end: end(last), firstEnd: end(first + period - 1) };
}

/** Used again for each text, since every answer is looked at. */
let buffer = new Int32Array(1024);

function wordHashes(text: string): Int32Array {
  let [count, hash, isInside] = [0, 0, false];
  for (let i = 0; i <= text.length; i += 1) {
    const unit = i < text.length ? text.charCodeAt(i) : 0x20;
    if (unit !== 0x20 && unit !== 0x0a) {
      hash = (Math.imul(hash, 31) + unit) | 0;
      isInside = true;
    } else if (isInside) {
      if (count === buffer.length) {
        const grown = new Int32Array(2 * count);
        grown.set(buffer);
        buffer = grown;
      }
      buffer[count] = hash;
      count += 1;
      hash = 0;
      isInside = false;
    }
  }
  return buffer.subarray(0, count);
}
