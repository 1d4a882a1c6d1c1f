// How long rows and turns are: distinct lengths with their rows, from which any max_length can be judged at once.
import type { LengthHistogram } from '../../protocol/previewViews.ts';

/** More distinct lengths are rounded up to a coarser grid, so that what is sent stays small. */
const mostLengths = 2000;

export class LengthCounter {
  private readonly counts = new Map<number, number>();
  private rows = 0;
  private sum = 0;

  add(length: number): void {
    this.counts.set(length, (this.counts.get(length) ?? 0) + 1);
    this.rows += 1;
    this.sum += length;
  }

  histogram(of: string): LengthHistogram {
    const sorted = [...this.counts].sort(([a], [b]) => a - b);
    const longest = sorted.at(-1)?.[0] ?? 0;
    const step = sorted.length <= mostLengths ? 1 : Math.ceil(longest / mostLengths);
    const grid = new Map<number, number>();
    for (const [length, rows] of sorted) {
      const rounded = Math.min(longest, Math.ceil(length / step) * step);
      grid.set(rounded, (grid.get(rounded) ?? 0) + rows);
    }
    return {
      of,
      total: this.sum,
      median: this.quantile(sorted, 0.5),
      p95: this.quantile(sorted, 0.95),
      longest,
      lengths: [...grid.keys()],
      rows: [...grid.values()],
    };
  }

  /** Nearest rank. */
  private quantile(sorted: readonly (readonly [number, number])[], share: number): number {
    let left = Math.max(1, Math.ceil(share * this.rows));
    for (const [length, rows] of sorted) {
      left -= rows;
      if (left <= 0) return length;
    }
    return 0;
  }
}
