// Reads the rows of one data file as a stream: JSON Lines, JSON arrays, both also gzipped, and Parquet.
import { problem } from '../../protocol/problem.ts';
import { brokenRowId, exclusionId } from '../exclusionId.ts';
import { ArraySplitter } from './arraySplitter.ts';
import { gunzippedBytes, rawBytes, type ByteStreamOptions } from './fileBytes.ts';
import { sniffFile, type SniffedFile } from './fileKind.ts';
import { LineSplitter } from './lineSplitter.ts';
import { readParquetRows } from './parquet.ts';
import { parseRow } from './parseRow.ts';
import type { ReadRow } from './row.ts';
import type { Splitter, TextPiece } from './textPiece.ts';

/** Rows longer than this are not read: 64 MiB is far beyond any context window, and near what a string may take. */
export const defaultRowLimit = 64 * 2 ** 20;

export interface ReadOptions extends ByteStreamOptions {
  /** Bytes of the longest row; the default is `defaultRowLimit`. */
  readonly rowLimit?: number | undefined;
  /** Ids of rows to pass over (data/exclusions.ts), and who is told of each. */
  readonly excluded?: ReadonlySet<string> | undefined;
  readonly onExcluded?: (() => void) | undefined;
}

/**
 * Rows in file order; a bad row is a problem in the stream, so that a check can list all of them. Throws a
 * ProblemError for what ends the reading: a missing or empty file, another encoding, damaged gzip or Parquet.
 * `shownAs` is the path as the config names it; it begins every sample id and message.
 */
export async function* readRows(file: string, shownAs: string, options: ReadOptions = {}): AsyncGenerator<ReadRow> {
  const sniffed = await sniffFile(file, shownAs);
  const rows =
    sniffed.kind === 'parquet'
      ? withoutBytes(readParquetRows(file, shownAs, options))
      : readTextRows(file, shownAs, sniffed, options);
  let count = 0;
  for await (const row of rows) {
    count += 1;
    if (isExcluded(row, options)) options.onExcluded?.();
    else yield row.read;
  }
  if (count === 0)
    throw problem('data/empty-file', `${shownAs} holds no rows. It should hold one JSON object on each line.`, {
      file: shownAs,
    });
}

/** A row with its bytes, by which one that is broken can be left out. */
interface Piece {
  readonly read: ReadRow;
  readonly bytes: Uint8Array | undefined;
}

async function* withoutBytes(rows: AsyncGenerator<ReadRow>): AsyncGenerator<Piece> {
  for await (const read of rows) yield { read, bytes: undefined };
}

function isExcluded({ read, bytes }: Piece, { excluded }: ReadOptions): boolean {
  if (excluded === undefined || excluded.size === 0) return false;
  if (read.ok) return excluded.has(exclusionId(read.row.value));
  return bytes !== undefined && excluded.has(brokenRowId(bytes));
}

async function* readTextRows(
  file: string,
  shownAs: string,
  sniffed: SniffedFile,
  options: ReadOptions,
): AsyncGenerator<Piece> {
  const { kind, gzip, textStart } = sniffed;
  const rowLimit = options.rowLimit ?? defaultRowLimit;
  const splitter: Splitter =
    kind === 'array' ? new ArraySplitter(shownAs, rowLimit, textStart) : new LineSplitter(rowLimit, textStart);
  let toSkip = textStart;
  let previousLine = 0;
  const parse = (piece: TextPiece): Piece => {
    const idColumn = piece.line === previousLine ? piece.column : 0;
    previousLine = piece.line;
    return { read: parseRow(piece, shownAs, kind, idColumn, rowLimit), bytes: piece.bytes };
  };
  for await (const chunk of gzip ? gunzippedBytes(file, shownAs, options) : rawBytes(file, shownAs, options)) {
    const text = chunk.subarray(toSkip);
    toSkip -= chunk.length - text.length;
    for (const piece of splitter.push(text)) yield parse(piece);
  }
  for (const piece of splitter.end()) yield parse(piece);
}
