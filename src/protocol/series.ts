// A long list that grows at its end and is never changed: appending shares all but the last chunk with the old one.

/** Points in chunks of a fixed size, so that a reducer over 100 000 events copies little. */
export interface Series<T> {
  readonly length: number;
  readonly chunks: readonly (readonly T[])[];
}

const chunkSize = 512;

export function emptySeries<T>(): Series<T> {
  return { length: 0, chunks: [] };
}

export function append<T>(series: Series<T>, item: T): Series<T> {
  const last = series.chunks.at(-1);
  const chunks =
    last && last.length < chunkSize ? [...series.chunks.slice(0, -1), [...last, item]] : [...series.chunks, [item]];
  return { length: series.length + 1, chunks };
}

export function lastOf<T>(series: Series<T>): T | undefined {
  return series.chunks.at(-1)?.at(-1);
}

/** Drops items from the end for as long as the test holds. */
export function dropLastWhile<T>(series: Series<T>, test: (item: T) => boolean): Series<T> {
  const chunks = [...series.chunks];
  let length = series.length;
  for (let last = chunks.at(-1); last; last = chunks.at(-1)) {
    const keep = last.findLastIndex((item) => !test(item)) + 1;
    length -= last.length - keep;
    if (keep === last.length) break;
    chunks.pop();
    if (keep > 0) {
      chunks.push(last.slice(0, keep));
      break;
    }
  }
  return { length, chunks };
}

/** All items in one array. */
export function toArray<T>(series: Series<T>): T[] {
  return series.chunks.flat();
}
