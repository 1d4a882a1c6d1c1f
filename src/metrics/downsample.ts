// A long series for a chart of a few hundred pixels: chosen steps, so that no spike is lost and all charts share their x.

/**
 * Indexes to keep of `[from, to)`, ascending: of each bucket the first and the last place, and for every column the
 * places of its lowest, its highest and its first non-finite value. All of them when they are few enough anyway.
 */
export function pickIndexes(columns: readonly Float64Array[], from: number, to: number, buckets: number): Int32Array {
  const length = Math.max(0, to - from);
  if (length <= buckets * 4) return Int32Array.from({ length }, (_, i) => from + i);
  const picked: number[] = [];
  const places = new Set<number>();
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = from + Math.floor((bucket * length) / buckets);
    const end = from + Math.floor(((bucket + 1) * length) / buckets);
    places.clear();
    places.add(start).add(end - 1);
    for (const column of columns) addExtremes(column, start, end, places);
    picked.push(...[...places].sort((a, b) => a - b));
  }
  return Int32Array.from(picked);
}

function addExtremes(column: Float64Array, start: number, end: number, places: Set<number>): void {
  let lowest = -1;
  let highest = -1;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let broken = -1;
  for (let i = start; i < end; i++) {
    const value = column[i]!;
    if (value - value !== 0) {
      if (broken < 0) broken = i;
      continue;
    }
    if (value < low) {
      low = value;
      lowest = i;
    }
    if (value > high) {
      high = value;
      highest = i;
    }
  }
  if (lowest >= 0) places.add(lowest).add(highest);
  // A column that is missing over the whole bucket is no event.
  if (broken >= 0 && lowest >= 0) places.add(broken);
}

/** The values at some places. */
export function takeAt(column: Float64Array, indexes: Int32Array): Float64Array {
  const taken = new Float64Array(indexes.length);
  for (let i = 0; i < indexes.length; i++) taken[i] = column[indexes[i]!]!;
  return taken;
}

/** Index of the first value that is at least `wanted` in an ascending column of `length` values. */
export function lowerBound(column: Float64Array, length: number, wanted: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
