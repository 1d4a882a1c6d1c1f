// Remembers things of words, found again by the UTF-16 units of a word where it stands in a text: no string is made of it.

const slotCount = 2 ** 17;

export class WordTable<T> {
  private readonly most: number;
  /** Number of a word, from 1; 0 is empty. */
  private readonly slots = new Int32Array(slotCount);
  private values: T[] = [];
  private hashes: number[] = [];
  /** Where the units of each word begin in `units`; the last number is where the next word's will. */
  private begins = [0];
  private units = new Uint16Array(2 ** 16);

  /** `most`: words that are kept, fewer than half of the slots; then all are forgotten. */
  constructor(most: number) {
    this.most = most;
  }

  /** What was remembered of the word at [start, end) of the units, whose hash is known. */
  find(text: Uint16Array, start: number, end: number, hash: number): T | undefined {
    const { slots, begins, units } = this;
    for (let slot = slotOf(hash); slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
      const word = slots[slot]! - 1;
      if (this.hashes[word] !== hash) continue;
      let [at, own] = [start, begins[word]!];
      if (begins[word + 1]! - own !== end - start) continue;
      while (at < end && text[at] === units[own]) {
        at += 1;
        own += 1;
      }
      if (at === end) return this.values[word];
    }
    return undefined;
  }

  add(text: Uint16Array, start: number, end: number, hash: number, value: T): void {
    if (this.values.length >= this.most) this.forget();
    const begin = this.begins.at(-1)!;
    const until = begin + end - start;
    if (until > this.units.length) {
      const grown = new Uint16Array(2 * until);
      grown.set(this.units);
      this.units = grown;
    }
    this.units.set(text.subarray(start, end), begin);
    this.begins.push(until);
    this.hashes.push(hash);
    this.values.push(value);
    let slot = slotOf(hash);
    while (this.slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
    this.slots[slot] = this.values.length;
  }

  private forget(): void {
    this.slots.fill(0);
    this.values = [];
    this.hashes = [];
    this.begins = [0];
  }
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (slotCount - 1);
}
