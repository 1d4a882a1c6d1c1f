// A long series in a few columns, spikes kept: min and max of each bucket, and a one-line drawing of it.

/** The values that fell into one column. `last` is what the series ended with there. */
export interface Bucket {
  readonly min: number;
  readonly max: number;
  readonly last: number;
  /** True when a value of the bucket was NaN or infinite. */
  readonly broken: boolean;
}

/**
 * Cuts a series into at most `count` buckets of nearly equal size. Every value is in exactly one bucket, so no spike
 * is lost. `min`, `max` and `last` are over the finite values; NaN where there are none.
 */
export function bucketise(values: readonly number[], count: number): Bucket[] {
  const columns = Math.min(count, values.length);
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.floor(((column + 1) * values.length) / columns);
    const all = values.slice(from, to);
    const finite = all.filter(Number.isFinite);
    if (finite.length === 0) return { min: Number.NaN, max: Number.NaN, last: Number.NaN, broken: true };
    return {
      min: finite.reduce((a, b) => Math.min(a, b)),
      max: finite.reduce((a, b) => Math.max(a, b)),
      last: finite.at(-1)!,
      broken: finite.length < all.length,
    };
  });
}

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/**
 * One character a bucket. The bar shows the value of the bucket farthest from the median of the series, so that both
 * a spike up and a dip down are seen; `!` marks a bucket without a finite value or with a broken one.
 */
export function sparkline(values: readonly number[], width: number): string {
  const finite = values.filter(Number.isFinite).toSorted((a, b) => a - b);
  const low = finite[0] ?? 0;
  const range = (finite.at(-1) ?? 0) - low;
  const middle = finite[Math.floor(finite.length / 2)] ?? 0;
  return bucketise(values, width)
    .map((bucket) => {
      if (bucket.broken) return '!';
      const shown = bucket.max - middle >= middle - bucket.min ? bucket.max : bucket.min;
      const level = range === 0 ? 0 : Math.round(((shown - low) / range) * (bars.length - 1));
      return bars[level]!;
    })
    .join('');
}
