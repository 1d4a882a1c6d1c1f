// One row of a data file: its value, its name, and where it stands.
import type { Place, Problem } from '../../protocol/problem.ts';
import { locateJson, positionAt, type JsonPath } from '../json/locate.ts';

export interface SourceRow {
  /**
   * Stable name: `data/train.jsonl:12` (line), `data/train.json:3:40` (line and column, for an element that does not
   * start its line's first element), `data/train.parquet#12` (row). All count from 1.
   */
  readonly sampleId: string;
  /** The file as the config names it. */
  readonly file: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Line of the row's start, or the row number in Parquet; counts from 1. */
  readonly line: number;
  /** Column that is part of the sample id; 0 when the line alone names the row. */
  readonly idColumn: number;
  /** Byte offset in the unpacked text; 0 in Parquet. */
  readonly byteOffset: number;
  /** JSON text of the row and the place where it starts; absent in Parquet. */
  readonly source?: { readonly text: string; readonly line: number; readonly column: number };
}

/** A row that could be read, or what is wrong with it. Bad rows do not end the stream. */
export type ReadRow =
  { readonly ok: true; readonly row: SourceRow } | { readonly ok: false; readonly problem: Problem };

/** Where a value of a row stands, by its path; the row itself when there is no such value. */
export function placeInRow(row: SourceRow, path: JsonPath): Place {
  if (row.source === undefined) return { file: row.file };
  const { text, line, column } = row.source;
  const range = locateJson(text, path) ?? locateJson(text, path.slice(0, -1)) ?? locateJson(text, []);
  if (range === undefined) return { file: row.file, line, column };
  const start = positionAt(text, range.start, { line, column });
  const end = positionAt(text, range.end, { line, column });
  return { file: row.file, line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
}

/** `row 12: ` before a message where the place has no line to point at. */
export function rowPrefix(row: SourceRow): string {
  return row.source === undefined ? `Row ${row.line}: ` : '';
}

/** Name of a row, made of its file and position. */
export function sampleIdOf(kind: FileKind, file: string, line: number, idColumn: number): string {
  if (kind === 'parquet') return `${file}#${line}`;
  return idColumn === 0 ? `${file}:${line}` : `${file}:${line}:${idColumn}`;
}

/** How the rows of a file are laid out. */
export type FileKind = 'lines' | 'array' | 'parquet';
