// A small seeded random generator, so that the order of rows is the same on every machine and Node version.

/** Draws 32-bit unsigned integers. */
export type Random = () => number;

/** xoshiro128** from seeds (any integers below 2^53), which the finaliser of MurmurHash3 mixes as SplitMix does in 64 bits. */
export function seededRandom(...seeds: readonly number[]): Random {
  let mix = 0x9e3779b9;
  for (const seed of seeds) {
    mix = finalise(mix ^ (seed >>> 0));
    mix = finalise((mix + 0x9e3779b9) ^ (Math.floor(seed / 2 ** 32) >>> 0));
  }
  const next = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0;
    return finalise(mix);
  };
  return xoshiro128StarStar([next(), next(), next(), next() | 1]); // the state must not be all zero
}

/** xoshiro128** 1.1 (Blackman & Vigna 2021, "Scrambled linear pseudorandom number generators") from its four words of state. */
export function xoshiro128StarStar(state: readonly [number, number, number, number]): Random {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** A uniform integer in [0, bound): draws beyond the last whole multiple of `bound` are thrown away. */
export function randomBelow(random: Random, bound: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (;;) {
    const drawn = random();
    if (drawn < limit) return drawn % bound;
  }
}

/** The numbers 0 … count−1 in random order (Fisher & Yates; Durstenfeld's version, from the end). */
export function shuffledIndices(count: number, random: Random): Uint32Array {
  const indices = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = randomBelow(random, i + 1);
    const swapped = indices[i]!;
    indices[i] = indices[j]!;
    indices[j] = swapped;
  }
  return indices;
}

function finalise(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
