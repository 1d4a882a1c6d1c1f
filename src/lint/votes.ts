// The votes of rows for a format, counted as the trainer counts them, while rows come and go.
import { winningLooks, type Looks } from '../data/formats/detect.ts';

export type LooksCounts = Readonly<Partial<Record<Looks, number>>>;

export class Votes {
  private readonly counts = new Map<Looks, number>();

  /** `rows` may be negative: rows that went. */
  add(looks: Looks, rows = 1): void {
    this.counts.set(looks, (this.counts.get(looks) ?? 0) + rows);
  }

  addAll(counts: LooksCounts): void {
    for (const looks of Object.keys(counts) as Looks[]) this.add(looks, counts[looks]);
  }

  /** What the file is by the votes so far; undefined without votes. */
  get winner(): Looks | undefined {
    return winningLooks((looks) => this.counts.get(looks) ?? 0);
  }

  /** As plain data. */
  get all(): LooksCounts {
    return Object.fromEntries(this.counts);
  }
}
