// Which row of a file was the first with a hash: what a Map of numbers knows, in four bytes a slot instead of fifty.

export class FirstRows {
  private readonly hashes: Float64Array;
  /** Number of a row and 1; 0 where there is none. */
  private readonly slots: Int32Array;

  /** For up to `rows` rows, whose hashes are those of the column at their numbers. */
  constructor(hashes: Float64Array, rows: number) {
    this.hashes = hashes;
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * rows + 16)));
  }

  /** The row that was seen first with the hash of `row`, which may be `row` itself. */
  see(row: number): number {
    const slot = this.slotOf(this.hashes[row]!);
    if (this.slots[slot] === 0) this.slots[slot] = row + 1;
    return this.slots[slot]! - 1;
  }

  /** The row that was seen first with a hash; undefined where there was none. */
  find(hash: number): number | undefined {
    const found = this.slots[this.slotOf(hash)]!;
    return found === 0 ? undefined : found - 1;
  }

  /** Where the hash stands, or would stand. */
  private slotOf(hash: number): number {
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    let slot = (hash >>> 0) & mask;
    while (slots[slot] !== 0 && hashes[slots[slot]! - 1] !== hash) slot = (slot + 1) & mask;
    return slot;
  }
}
