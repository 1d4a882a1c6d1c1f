// Random numbers that depend on a seed and a name only: xoshiro128** seeded through splitmix32.
// Reference: Blackman & Vigna 2021, https://prng.di.unimi.it/

export interface RandomStream {
  /** 32 uniform bits. */
  bits(): number;
  /** Uniform in [0, 1), 24 bits. */
  uniform(): number;
}

/** A stream of its own for each seed and list of names or numbers, independent of what was drawn elsewhere. */
export function randomStream(seed: number, ...names: readonly (string | number)[]): RandomStream {
  const state = new Uint32Array(4);
  let mix = hash(`${String(seed)}/${names.join('/')}`);
  for (let i = 0; i < 4; i++) {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    state[i] = z ^ (z >>> 15);
  }
  if (state.every((word) => word === 0)) state[0] = 1;
  const bits = (): number => {
    const s1 = state[1]!;
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
    state[2]! ^= state[0]!;
    state[3]! ^= s1;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= s1 << 9;
    state[3] = rotate(state[3]!, 11);
    return result;
  };
  return { bits, uniform: () => (bits() >>> 8) / 0x1000000 };
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}
