// How far two arrays of numbers are apart.

/** Largest difference over the largest magnitude of both; NaN where lengths differ or a number is none. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return NaN;
  let [difference, scale] = [0, Number.MIN_VALUE];
  for (let i = 0; i < a.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    scale = Math.max(scale, Math.abs(a[i]!), Math.abs(b[i]!));
  }
  return difference / scale;
}
