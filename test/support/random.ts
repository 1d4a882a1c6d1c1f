// Random numbers that are the same in every run, by name.

/** Standard normal values, decided by the name. */
export function randomArray(shape: readonly number[], name: string, scale = 1): Float32Array {
  const next = uniform(name);
  return Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    return scale * radius * Math.cos(2 * Math.PI * next());
  });
}

/** Uniform numbers in [0, 1) by mulberry32, seeded with the name. */
export function uniform(name: string): () => number {
  let state = 0x9e3779b9;
  for (const character of name) state = Math.imul(state ^ character.codePointAt(0)!, 0x85ebca6b);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The items in another order. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
