// Rows of a file by a list of numbers: those that lie near each other are read at once.
import type { RowBytes, RowFile } from './rowFile.ts';

/** Rows between which nothing is gained by reading twice. */
const near = 64;

/** In the order of the list; fastest for ascending ones. */
export async function* chosenRows(file: RowFile, numbers: ArrayLike<number>): AsyncGenerator<RowBytes> {
  for (let i = 0; i < numbers.length;) {
    const first = numbers[i]!;
    let until = i + 1;
    while (until < numbers.length && numbers[until]! > numbers[until - 1]! && numbers[until]! - first < near)
      until += 1;
    const rows = await file.read(first, numbers[until - 1]! - first + 1);
    for (; i < until; i += 1) {
      const row = rows[numbers[i]! - first];
      if (row) yield row;
    }
  }
}
