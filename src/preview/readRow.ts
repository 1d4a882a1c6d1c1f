// The bytes of a row as everything that is known of it by itself: value, format, record, or what is wrong.
import { convertValue } from '../data/formats/convert.ts';
import { looksLike, type Looks } from '../data/formats/detect.ts';
import { formats, type Columns, type Format } from '../data/formats/format.ts';
import { parseRow } from '../data/read/parseRow.ts';
import type { DataRecord } from '../data/records.ts';
import { brokenRowId, exclusionId } from '../data/exclusionId.ts';
import type { RowBytes } from './rowFile.ts';
import { largestRow } from './rowFile.ts';

/** How the config reads rows; `auto` lets each row speak for itself. */
export interface Reading {
  readonly format: Format | 'auto';
  readonly columns: Columns;
}

export const plainReading: Reading = { format: 'auto', columns: {} };

export interface ReadValue {
  readonly value: Readonly<Record<string, unknown>>;
  readonly looks: Looks;
}

/** The row's object, or a sentence on what is wrong with it. */
export function readValue(row: RowBytes, { columns }: Reading): ReadValue | { readonly problem: string } {
  const isTooLarge = row.byteLength > largestRow;
  const { byteLength, line, column } = row;
  const piece = { bytes: isTooLarge ? undefined : row.bytes, byteLength, byteOffset: 0, line, column, last: false };
  const read = parseRow(piece, '', 'lines', 0, largestRow);
  if (!read.ok) {
    const { message, place } = read.problem;
    return { problem: place?.column === undefined ? message : `${message} (${place.line}:${place.column})` };
  }
  const { value } = read.row;
  return { value, looks: looksLike(value, columns) };
}

/** Id by which a row is left out of training. */
export function idOf(row: RowBytes, read: ReturnType<typeof readValue>): string {
  return 'problem' in read ? brokenRowId(row.bytes) : exclusionId(read.value);
}

/** The canonical record that the trainer would make of a value, or the sentences that it would say. */
export function recordOf(
  { value, looks }: ReadValue,
  { format, columns }: Reading,
): { readonly record: DataRecord | undefined; readonly issues: readonly { code: string; message: string }[] } {
  const chosen = format === 'auto' ? formats.find((each) => each === looks) : format;
  if (chosen === undefined) return { record: undefined, issues: [] };
  const { record, issues } = convertValue(value, 'This row', chosen, columns);
  return { record, issues: issues.filter(({ severity }) => severity === 'error') };
}

/** Every text of a value, in order; deeper values than templates take are passed over. */
export function textsOf(value: unknown): string[] {
  const texts: string[] = [];
  someText(value, (text) => {
    texts.push(text);
    return false;
  });
  return texts;
}

/** Whether one of a value's texts passes a test; numbers count as their digits. */
export function someText(value: unknown, test: (text: string) => boolean, depth = 64): boolean {
  if (typeof value === 'string') return test(value);
  if (typeof value === 'number' || typeof value === 'boolean') return test(String(value));
  if (typeof value !== 'object' || value === null || depth === 0) return false;
  if (Array.isArray(value)) return value.some((item) => someText(item, test, depth - 1));
  for (const name in value)
    if (Object.hasOwn(value, name) && someText(Reflect.get(value, name), test, depth - 1)) return true;
  return false;
}
