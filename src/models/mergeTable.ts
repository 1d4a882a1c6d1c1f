// The merges of a byte-level BPE by the ids of their tokens: bytes in, ids out.

const noMerge = 0x7fffffff;
/** Numbers of an entry: the left token + 1 (0 = empty), the right one, the merge's rank, the merged token. */
const width = 4;

export class MergeTable {
  private readonly bytes: Int32Array;
  private readonly entries: Int32Array;
  private readonly mask: number;
  /** Bytes of a token by its id. */
  private lengths = new Int32Array(1 << 16);
  // The piece at hand: its tokens, and of each the rank and the result of its merge with the next.
  private symbols = new Int32Array(256);
  private ranks = new Int32Array(256);
  private merged = new Int32Array(256);

  /** `bytes`: id of each byte's own token, where it has one. */
  constructor(bytes: readonly (number | undefined)[], merges: number) {
    this.bytes = Int32Array.from(bytes, (id) => id ?? -1);
    let slots = 16;
    while (slots < 2 * merges) slots *= 2;
    this.entries = new Int32Array(width * slots);
    this.mask = slots - 1;
    for (const id of bytes) if (id !== undefined) this.setLength(id, 1);
  }

  /** Merges are added in the order of their ranks. False when a token cannot be what it is made of here. */
  add(left: number, right: number, rank: number, merged: number): boolean {
    const length = this.length(left) + this.length(right);
    if (this.length(left) === 0 || this.length(right) === 0) return false;
    if (this.length(merged) !== 0 && this.length(merged) !== length) return false;
    this.setLength(merged, length);
    // As in the library, the last of several equal merges counts.
    this.entries.set([left + 1, right, rank, merged], this.find(left, right));
    return true;
  }

  /** Bytes that a token stands for. */
  length(id: number): number {
    return this.lengths[id] ?? 0;
  }

  /**
   * The tokens of the first `count` bytes, until the next call: of all pairs that may be merged the one of the lowest rank is
   * merged first, the leftmost of equal ones. Undefined where a byte has no token.
   */
  encode(bytes: Uint8Array, count: number): Int32Array | undefined {
    if (count > this.symbols.length) this.makeRoom(count);
    const { symbols, ranks, merged } = this;
    for (let i = 0; i < count; i += 1) {
      const id = this.bytes[bytes[i]!]!;
      if (id < 0) return undefined;
      symbols[i] = id;
    }
    for (let i = 0; i + 1 < count; i += 1) this.rate(i);
    let length = count;
    while (length > 1) {
      let [best, lowest] = [0, noMerge];
      for (let i = 0; i < length - 1; i += 1) {
        if (ranks[i]! >= lowest) continue;
        lowest = ranks[i]!;
        best = i;
      }
      if (lowest === noMerge) break;
      symbols[best] = merged[best]!;
      length -= 1;
      for (let i = best + 1; i < length; i += 1) {
        symbols[i] = symbols[i + 1]!;
        ranks[i] = ranks[i + 1]!;
        merged[i] = merged[i + 1]!;
      }
      if (best > 0) this.rate(best - 1);
      if (best < length - 1) this.rate(best);
    }
    return symbols.subarray(0, length);
  }

  /** Looks up what becomes of a token and the next. */
  private rate(i: number): void {
    const at = this.find(this.symbols[i]!, this.symbols[i + 1]!);
    const isThere = this.entries[at] !== 0;
    this.ranks[i] = isThere ? this.entries[at + 2]! : noMerge;
    this.merged[i] = this.entries[at + 3]!;
  }

  /** Where the entry of a pair is, or would be. */
  private find(left: number, right: number): number {
    const { entries, mask } = this;
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * width;
      if (entries[at] === 0 || (entries[at] === left + 1 && entries[at + 1] === right)) return at;
    }
  }

  private setLength(id: number, length: number): void {
    if (id >= this.lengths.length) {
      const longer = new Int32Array(2 * id);
      longer.set(this.lengths);
      this.lengths = longer;
    }
    this.lengths[id] = length;
  }

  private makeRoom(count: number): void {
    [this.symbols, this.ranks, this.merged] = [
      new Int32Array(2 * count),
      new Int32Array(2 * count),
      new Int32Array(2 * count),
    ];
  }
}
