// Remembers the tokens of words, found again by the UTF-16 units of a word where it stands in a text. All of a word lies in one
// place of the memory, since reaching many places takes longer than everything else.
import type { TokenOffsets } from './tokenOffsets.ts';

const slotCount = 2 ** 20;

export class WordTable {
  /**
   * A word's hash, its length and units; then, where `find` and `add` point to: how many tokens it has, whether their offsets
   * are known, and of each token its id, start and end.
   */
  memory = new Int32Array(2 ** 16);
  private used = 1;
  private words = 0;
  /** Where in memory the words begin; 0 is empty. */
  private readonly slots = new Int32Array(slotCount);
  private readonly mostWords: number;
  private readonly longest: number;

  /** `mostWords`: words that are kept, fewer than half of the slots; then all are forgotten. `longest` in units. */
  constructor(mostWords: number, longest: number) {
    this.mostWords = mostWords;
    this.longest = longest;
  }

  /** Where the tokens of the word at [start, end) of the units are, whose hash is known; 0 when it is not remembered. */
  find(text: Uint16Array, start: number, end: number, hash: number): number {
    const { slots, memory } = this;
    const last = slots.length - 1;
    for (let slot = slotOf(hash); slots[slot] !== 0; slot = (slot + 1) & last) {
      let own = slots[slot]!;
      if (memory[own] !== hash || memory[own + 1] !== end - start) continue;
      own += 2;
      let at = start;
      while (at < end && text[at] === memory[own]) {
        at += 1;
        own += 1;
      }
      if (at === end) return own;
    }
    return 0;
  }

  /** Returns where the tokens are until the next word is added; a word that is too long is forgotten then. */
  add(
    text: Uint16Array,
    start: number,
    end: number,
    hash: number,
    ids: readonly number[],
    offsets: TokenOffsets | undefined,
  ): number {
    if (this.words >= this.mostWords) this.forget();
    const begin = this.used;
    const tokens = begin + 2 + end - start;
    const until = tokens + 2 + 3 * ids.length;
    if (until > this.memory.length) {
      const grown = new Int32Array(2 * until);
      grown.set(this.memory);
      this.memory = grown;
    }
    const { memory } = this;
    memory[begin] = hash;
    memory[begin + 1] = end - start;
    memory.set(text.subarray(start, end), begin + 2);
    memory[tokens] = ids.length;
    memory[tokens + 1] = offsets ? 1 : 0;
    ids.forEach((id, i) => memory.set([id, offsets?.starts[i] ?? 0, offsets?.ends[i] ?? 0], tokens + 2 + 3 * i));
    if (end - start > this.longest) return tokens;
    let slot = slotOf(hash);
    while (this.slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
    this.slots[slot] = begin;
    this.used = until;
    this.words += 1;
    return tokens;
  }

  private forget(): void {
    this.slots.fill(0);
    this.used = 1;
    this.words = 0;
  }
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (slotCount - 1);
}
