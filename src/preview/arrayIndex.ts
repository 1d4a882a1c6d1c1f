// Where the elements of one big JSON array lie: each of them, since nothing but its brackets tells where it ends.

export interface ElementPlace {
  readonly offset: number;
  readonly length: number;
  /** Line on which the element starts, from 1, and the UTF-16 column, from 1. */
  readonly line: number;
  readonly column: number;
}

/** Numbers in blocks, so that growing never copies. */
const blockRows = 65_536;
const perRow = 4;

export class ArrayIndex {
  private readonly blocks: Float64Array[] = [];
  private count = 0;

  get rowCount(): number {
    return this.count;
  }

  add({ offset, length, line, column }: ElementPlace): void {
    const at = this.count % blockRows;
    if (at === 0) this.blocks.push(new Float64Array(blockRows * perRow));
    this.blocks.at(-1)!.set([offset, length, line, column], at * perRow);
    this.count += 1;
  }

  /** The place of a row, from 0; undefined beyond the last. */
  place(row: number): ElementPlace | undefined {
    if (row < 0 || row >= this.count) return undefined;
    const block = this.blocks[Math.floor(row / blockRows)]!;
    const [offset = 0, length = 0, line = 0, column = 0] = block.subarray((row % blockRows) * perRow);
    return { offset, length, line, column };
  }

  /** The last row that starts on or before a line; 0 when none does. */
  rowOfLine(line: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.place(middle)!.line <= line) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}
