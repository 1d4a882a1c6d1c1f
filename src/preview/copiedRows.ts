// Rows of files that cannot be read from the middle (gzip, CSV, Parquet) as JSON Lines, for a temporary copy.
import { gunzippedBytes, rawBytes, readHead, type ByteStreamOptions } from '../data/read/fileBytes.ts';
import { ArraySplitter } from '../data/read/arraySplitter.ts';
import { readParquetRows } from '../data/read/parquet.ts';
import { problem } from '../protocol/problem.ts';
import { delimiterOf, readCsvRows } from './csvRows.ts';
import type { RowFileKind } from './rowFile.ts';

export interface CopiedPiece {
  readonly bytes: Buffer;
  /** Line (or row number, in Parquet) of each row in the original; empty where the copy has the lines of the original. */
  readonly lines: readonly number[];
}

export interface CopySource {
  readonly file: string;
  readonly shownAs: string;
  readonly kind: RowFileKind;
  readonly isGzip: boolean;
  /** Bytes to skip: a byte order mark. */
  readonly textStart: number;
  /** Bytes of the longest row. */
  readonly largestRow: number;
}

/** Pieces are about this long. */
const pieceBytes = 256 * 1024;

/** Throws a ProblemError for files that are damaged. */
export async function* copiedRows(source: CopySource, options: ByteStreamOptions): AsyncGenerator<CopiedPiece> {
  if (source.kind === 'lines') {
    let toSkip = source.textStart;
    for await (const chunk of gunzippedBytes(source.file, source.shownAs, options)) {
      const bytes = chunk.subarray(toSkip);
      toSkip -= chunk.length - bytes.length;
      yield { bytes, lines: [] };
    }
    return;
  }
  let text: string[] = [];
  let lines: number[] = [];
  let length = 0;
  for await (const { json, line } of jsonRows(source, options)) {
    text.push(json, '\n');
    lines.push(line);
    length += json.length;
    if (length < pieceBytes) continue;
    yield { bytes: Buffer.from(text.join('')), lines };
    [text, lines, length] = [[], [], 0];
  }
  if (lines.length > 0) yield { bytes: Buffer.from(text.join('')), lines };
}

async function* jsonRows(
  { file, shownAs, kind, textStart, largestRow }: CopySource,
  options: ByteStreamOptions,
): AsyncGenerator<{ json: string; line: number }> {
  if (kind === 'csv') {
    const head = await readHead(file, shownAs, pieceBytes);
    if (head.length === 0) throw problem('data/empty-file', `${shownAs} is empty.`, { file: shownAs });
    const bytes = rawBytes(file, shownAs, options);
    for await (const { value, line } of readCsvRows(bytes, shownAs, delimiterOf(head.toString('utf8'))))
      yield { json: JSON.stringify(value), line };
    return;
  }
  if (kind === 'parquet') {
    for await (const row of readParquetRows(file, shownAs, options))
      if (row.ok) yield { json: JSON.stringify(row.row.value), line: row.row.line };
    return;
  }
  const splitter = new ArraySplitter(shownAs, largestRow, textStart);
  let toSkip = textStart;
  for await (const chunk of gunzippedBytes(file, shownAs, options)) {
    const text = chunk.subarray(toSkip);
    toSkip -= chunk.length - text.length;
    for (const { bytes, line } of splitter.push(text)) yield { json: onOneLine(bytes), line };
  }
  splitter.end();
}

/** Line breaks between the values of an element are white space; one that is broken keeps all but them. */
function onOneLine(bytes: Buffer | undefined): string {
  return (bytes?.toString('utf8') ?? '').replace(/[\r\n]+/g, ' ');
}
