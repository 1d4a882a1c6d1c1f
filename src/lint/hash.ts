// Fast hashes of texts: 52 bits for sameness, 64 small numbers (MinHash) for likeness.

/** A number below 2^52 that differs for different lists of texts except by a chance of 1 in 4·10^15 for each pair. */
export function hashTexts(texts: readonly string[]): number {
  // In bundles a constant of the module is looked up each time, which would take as long as the hash.
  const [read, byHigh, byLow] = [units, factorHigh, factorLow];
  let high = seedHigh;
  let low = seedLow;
  for (const text of texts) {
    for (let from = 0; from < text.length; from += units.length) {
      const count = copyUnits(from === 0 && text.length <= units.length ? text : text.slice(from, from + units.length));
      for (let i = 0; i < count; i += 1) {
        const unit = read[i]!;
        high = Math.imul(high ^ unit, byHigh);
        low = Math.imul(low ^ unit, byLow);
      }
    }
    // No code unit: the border between two texts counts.
    high = Math.imul(high ^ 0x10000, factorHigh);
    low = Math.imul(low ^ 0x10001, factorLow);
  }
  return finished(high, low);
}

/** Code units of a text: from an array they are read in half the time that a string takes. */
const units = new Uint16Array(1 << 14);
const unitBytes = Buffer.from(units.buffer);

/** Returns how many there are. */
function copyUnits(text: string): number {
  return unitBytes.write(text, 'utf16le') >> 1;
}

export const seedHigh = 0x9e3779b9 | 0;
export const seedLow = 0x85ebca6b | 0;
export const factorHigh = 0x9e3779b1 | 0;
export const factorLow = 0x5f356495;

export function finished(high: number, low: number): number {
  const mixedHigh = mix(high ^ (low >>> 15));
  const mixedLow = mix(low ^ (mixedHigh >>> 13));
  return (mixedHigh & 0xfffff) * 2 ** 32 + (mixedLow >>> 0);
}

/** Decimal digits of two hashes, the last first, with a space between. */
const digits = new Uint8Array(33);
const space = 0x20;

/** The hash of two hashes in their order: `hashTexts` of their decimal digits with a space between. */
export function combineHashes(a: number, b: number): number {
  let count = writeDigits(b, 0);
  digits[count] = space;
  count = writeDigits(a, count + 1);
  let high = seedHigh;
  let low = seedLow;
  for (let i = count - 1; i >= 0; i -= 1) {
    high = Math.imul(high ^ digits[i]!, factorHigh);
    low = Math.imul(low ^ digits[i]!, factorLow);
  }
  return finished(Math.imul(high ^ 0x10000, factorHigh), Math.imul(low ^ 0x10001, factorLow));
}

/** Writes the digits of a whole number at an index, the last first; returns the index behind them. */
function writeDigits(value: number, from: number): number {
  // Halves of 31 bits, since those are divided as integers.
  const upper = Math.floor(value / 1e8);
  let at = from;
  for (let rest = value - upper * 1e8; rest > 0 || (upper > 0 && at < from + 8); rest = (rest / 10) | 0, at += 1)
    digits[at] = 0x30 + (rest % 10);
  for (let rest = upper; rest > 0; rest = (rest / 10) | 0, at += 1) digits[at] = 0x30 + (rest % 10);
  if (at > from) return at;
  digits[from] = 0x30;
  return from + 1;
}

function mix(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}

/** Numbers in a signature. */
export const signatureSize = 64;
/** Texts with fewer words than this say too little to be called alike. */
const leastWords = 8;

/**
 * One-permutation MinHash (Li, Owen, Zhang 2012) over runs of three words: each run falls into one of 64 bins, which
 * keep their smallest hash; empty bins take their neighbour's (Shrivastava, Li 2014). Undefined for short texts.
 */
export function signatureOf(texts: readonly string[]): Uint16Array | undefined {
  const text = texts.join('\n');
  const smallest = new Uint32Array(signatureSize).fill(0xffffffff);
  let [beforeLast, last, word, words] = [0, 0, 0, 0];
  for (let i = 0; i <= text.length; i += 1) {
    const unit = i < text.length ? wordUnit(text.charCodeAt(i)) : 0;
    if (unit !== 0) {
      word = Math.imul(word ^ unit, 0x01000193) + 1;
      continue;
    }
    if (word === 0) continue;
    words += 1;
    if (words >= 3) {
      const hash = mix(Math.imul(beforeLast, 0x9e3779b1) ^ Math.imul(last, 0x85ebca77) ^ mix(word));
      const bin = hash >>> 26;
      if (hash < smallest[bin]!) smallest[bin] = hash;
    }
    beforeLast = Math.imul(last, 0x27d4eb2f);
    last = mix(word);
    word = 0;
  }
  return words < leastWords ? undefined : densify(smallest);
}

/** Letters and digits in lower case, everything beyond ASCII as it is; 0 for what separates words. */
function wordUnit(unit: number): number {
  if (unit >= 97 && unit <= 122) return unit;
  if (unit >= 65 && unit <= 90) return unit + 32;
  if (unit >= 48 && unit <= 57) return unit;
  return unit >= 0xc0 ? unit : 0;
}

function densify(smallest: Uint32Array): Uint16Array {
  const signature = new Uint16Array(signatureSize);
  for (let bin = 0; bin < signatureSize; bin += 1) {
    let distance = 0;
    while (smallest[(bin + distance) % signatureSize] === 0xffffffff && distance < signatureSize) distance += 1;
    signature[bin] = (smallest[(bin + distance) % signatureSize]! ^ Math.imul(distance, 0x9e37)) & 0xffff;
  }
  return signature;
}
