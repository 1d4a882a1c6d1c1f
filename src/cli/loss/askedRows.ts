// The rows that losses are wanted of: from a data file by number, or from standard input.
import { text as readAll } from 'node:stream/consumers';
import { InvalidArgumentError } from 'commander';
import { RowFile, type RowBytes } from '../../preview/rowFile.ts';

/** Numbers of rows [first, last], from 1. */
export type RowRange = readonly [first: number, last: number];

/** Rows that are asked about where nobody says which. */
export const firstRows: readonly RowRange[] = [[1, 10]];

/** `3,10-12` as ranges. Throws for anything else. */
export function parseRows(text: string): RowRange[] {
  return text.split(',').map((part) => {
    const [, first = '', last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    if (first === '' || Number(first) < 1 || Number(last) < Number(first))
      throw new InvalidArgumentError('Write numbers of rows, such as 3 or 1-20,33.');
    return [Number(first), Number(last)];
  });
}

/** Rows of a file of any kind that can be read, in the order of the ranges; beyond the end there are none. */
export async function* rowsOfFile(
  file: string,
  ranges: readonly RowRange[],
  signal: AbortSignal,
): AsyncGenerator<RowBytes> {
  const rows = await RowFile.open(file, file);
  try {
    await rows.index(() => undefined, signal);
    for (const [first, last] of ranges) {
      for (let row = first - 1; row < Math.min(last, rows.rowCount); row += 1) {
        signal.throwIfAborted();
        yield* await rows.read(row, 1);
      }
    }
  } finally {
    await rows.close();
  }
}

/** Every line of standard input that is not blank. */
export async function* rowsOfInput(): AsyncGenerator<RowBytes> {
  let row = 0;
  for (const [index, line] of (await readAll(process.stdin)).split('\n').entries()) {
    if (line.trim() === '') continue;
    const bytes = Buffer.from(line);
    yield { row, bytes, byteLength: bytes.length, line: index + 1, column: 1 };
    row += 1;
  }
}
