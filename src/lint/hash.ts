// Fast hashes of texts: 52 bits for sameness, 64 small numbers (MinHash) for likeness.

/** A number below 2^52 that differs for different lists of texts except by a chance of 1 in 4·10^15 for each pair. */
export function hashTexts(texts: readonly string[]): number {
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (const text of texts) {
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      high = Math.imul(high ^ unit, 0x9e3779b1);
      low = Math.imul(low ^ unit, 0x5f356495);
    }
    // No code unit: the border between two texts counts.
    high = Math.imul(high ^ 0x10000, 0x9e3779b1);
    low = Math.imul(low ^ 0x10001, 0x5f356495);
  }
  high = mix(high ^ (low >>> 15));
  low = mix(low ^ (high >>> 13));
  return (high & 0xfffff) * 2 ** 32 + (low >>> 0);
}

/** The hash of two hashes in their order. */
export function combineHashes(a: number, b: number): number {
  return hashTexts([`${a} ${b}`]);
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
