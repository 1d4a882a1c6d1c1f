// How long rows are: what a person looks at to choose max_length, and what a capacity is chosen from.

export interface LengthStatistics {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Tokens that this share of the rows does not exceed (nearest rank). */
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  /** At most 20 bars of equal width from 0; `upTo` is inclusive. */
  readonly histogram: readonly { readonly upTo: number; readonly rows: number }[];
}

const bars = 20;

/** Statistics of token counts, in tokens; all zero for no rows. */
export function lengthStatistics(lengths: Uint32Array): LengthStatistics {
  const sorted = lengths.slice().sort();
  const count = sorted.length;
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * count) - 1)] ?? 0;
  const max = sorted[count - 1] ?? 0;
  const width = Math.max(1, Math.ceil(max / bars));
  const rows = new Array<number>(Math.ceil(max / width)).fill(0);
  for (const length of sorted) rows[Math.max(0, Math.ceil(length / width) - 1)]! += 1;
  return {
    mean: count === 0 ? 0 : sorted.reduce((a, b) => a + b, 0) / count,
    min: sorted[0] ?? 0,
    max,
    p50: rank(0.5),
    p90: rank(0.9),
    p95: rank(0.95),
    p99: rank(0.99),
    histogram: rows.map((value, i) => ({ upTo: (i + 1) * width, rows: value })),
  };
}
