// Reads the rows of one data file as a stream: JSON Lines, JSON arrays, both also gzipped, and Parquet.
import { problem, type ProblemError } from '../../protocol/problem.ts';
import { brokenRowId, exclusionId } from '../exclusionId.ts';
import { ArraySplitter } from './arraySplitter.ts';
import { gunzippedBytes, rawBytes, type ByteStreamOptions } from './fileBytes.ts';
import { sniffFile, type SniffedFile } from './fileKind.ts';
import { LineSplitter } from './lineSplitter.ts';
import { readParquetRows } from './parquet.ts';
import { parseRow } from './parseRow.ts';
import type { FileKind, ReadRow } from './row.ts';
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
  if (sniffed.kind !== 'parquet') {
    const naming = { shownAs, kind: sniffed.kind, rowLimit: options.rowLimit ?? defaultRowLimit };
    for await (const piece of readPieces(file, shownAs, sniffed, options)) {
      const read = parsePiece(piece, naming, options.excluded);
      if (read === undefined) options.onExcluded?.();
      else yield read;
    }
    return;
  }
  let count = 0;
  for await (const read of readParquetRows(file, shownAs, options)) {
    count += 1;
    if (isExcluded(read, undefined, options.excluded)) options.onExcluded?.();
    else yield read;
  }
  if (count === 0) throw emptyFile(shownAs);
}

/** A row as it lies in a text file, not yet parsed. */
export interface RowPiece extends TextPiece {
  /** Column that is part of the sample id; 0 when the line alone names the row. */
  readonly idColumn: number;
}

/** The rows of a file that is no Parquet, for whoever parses them elsewhere. Throws as `readRows` does. */
export async function* readPieces(
  file: string,
  shownAs: string,
  { kind, gzip, textStart }: SniffedFile,
  options: ReadOptions,
): AsyncGenerator<RowPiece> {
  const rowLimit = options.rowLimit ?? defaultRowLimit;
  const splitter: Splitter =
    kind === 'array' ? new ArraySplitter(shownAs, rowLimit, textStart) : new LineSplitter(rowLimit, textStart);
  let toSkip = textStart;
  let [previousLine, count] = [0, 0];
  const named = (piece: TextPiece): RowPiece => {
    const idColumn = piece.line === previousLine ? piece.column : 0;
    previousLine = piece.line;
    count += 1;
    return { ...piece, idColumn };
  };
  for await (const chunk of gzip ? gunzippedBytes(file, shownAs, options) : rawBytes(file, shownAs, options)) {
    const text = chunk.subarray(toSkip);
    toSkip -= chunk.length - text.length;
    for (const piece of splitter.push(text)) yield named(piece);
  }
  for (const piece of splitter.end()) yield named(piece);
  if (count === 0) throw emptyFile(shownAs);
}

/** What the rows of a file are called by, and how long they may be. */
export interface RowNaming {
  readonly shownAs: string;
  readonly kind: FileKind;
  readonly rowLimit: number;
}

/** The row of a piece, or what is wrong with it; undefined when it is left out. */
export function parsePiece(
  piece: RowPiece,
  { shownAs, kind, rowLimit }: RowNaming,
  excluded: ReadonlySet<string> | undefined,
): ReadRow | undefined {
  const read = parseRow(piece, shownAs, kind, piece.idColumn, rowLimit);
  return isExcluded(read, piece.bytes, excluded) ? undefined : read;
}

/** `bytes`: those of the row, by which one that is broken can be left out. */
function isExcluded(read: ReadRow, bytes: Uint8Array | undefined, excluded: ReadonlySet<string> | undefined): boolean {
  if (excluded === undefined || excluded.size === 0) return false;
  if (read.ok) return excluded.has(exclusionId(read.row.value));
  return bytes !== undefined && excluded.has(brokenRowId(bytes));
}

function emptyFile(shownAs: string): ProblemError {
  const message = `${shownAs} holds no rows. It should hold one JSON object on each line.`;
  return problem('data/empty-file', message, { file: shownAs });
}
