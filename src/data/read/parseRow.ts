// Turns the bytes of one row into an object, or into a problem that names the exact place.
import { isUtf8 } from 'node:buffer';
import { findJsonFault, type JsonFault } from '../json/fault.ts';
import { positionAt } from '../json/locate.ts';
import { sampleIdOf, type FileKind, type ReadRow } from './row.ts';
import type { TextPiece } from './textPiece.ts';
import { firstInvalidUtf8 } from './utf8.ts';

/** `idColumn`: see SourceRow; `rowLimit` in bytes, for the message about a row beyond it. */
export function parseRow(piece: TextPiece, file: string, kind: FileKind, idColumn: number, rowLimit: number): ReadRow {
  const { bytes, line, column } = piece;
  const bad = ({ code, message, offset }: RowFault, text = ''): ReadRow => {
    const place = { file, ...positionAt(text, offset, { line, column }) };
    return { ok: false, problem: { code, severity: 'error', message, place } };
  };
  if (bytes === undefined) return bad(tooLarge(piece.byteLength, rowLimit, kind));
  if (!isUtf8(bytes)) return bad(wrongEncoding(bytes, piece.byteOffset), bytes.toString('utf8'));
  const text = bytes.toString('utf8');
  const parsed = parseRowText(text, piece.last);
  if (!parsed.ok) return bad(parsed.fault, text);
  const row = {
    sampleId: sampleIdOf(kind, file, line, idColumn),
    file,
    value: parsed.value,
    line,
    idColumn,
    byteOffset: piece.byteOffset,
    source: { text, line, column },
  };
  return { ok: true, row };
}

/** Why a row cannot be read; `offset` in UTF-16 units of its text. */
export interface RowFault {
  readonly code: string;
  readonly message: string;
  readonly offset: number;
  readonly repair?: JsonFault['repair'];
}

/** The object that the JSON text of a row holds. `last`: the file ends right after it. */
export function parseRowText(
  text: string,
  last: boolean,
):
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly fault: RowFault } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, fault: invalidJson(text, last) };
  }
  // JSON.parse makes plain objects only, so what is no list here has names for keys.
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { ok: true, value: value as Readonly<Record<string, unknown>> };
  const message = `A row is an object such as {"instruction": …, "output": …}, found ${typeName(value)}.`;
  return { ok: false, fault: { code: 'data/not-an-object', message, offset: text.length - text.trimStart().length } };
}

/** A row of more bytes than are read. */
export function tooLarge(byteLength: number, rowLimit: number, kind: FileKind): RowFault {
  const size = (byteLength / 2 ** 20).toFixed(1);
  const limit = (rowLimit / 2 ** 20).toFixed(0);
  const hint = kind === 'lines' ? 'Is a line break missing?' : 'Is a bracket or quote missing?';
  const message = `The row is ${size} MiB long; more than ${limit} MiB is not read. ${hint}`;
  return { code: 'data/row-too-large', message, offset: 0 };
}

/** `byteOffset` of the bytes in the file. */
export function wrongEncoding(bytes: Buffer, byteOffset: number): RowFault {
  const index = firstInvalidUtf8(bytes) ?? 0;
  const byte = `0x${bytes[index]!.toString(16).padStart(2, '0').toUpperCase()}`;
  const message = `Byte ${byteOffset + index} of the text (${byte}) is not UTF-8. The file may be in Windows-1252 or Latin-1; save it as UTF-8.`;
  return { code: 'data/wrong-encoding', message, offset: bytes.subarray(0, index).toString('utf8').length };
}

function invalidJson(text: string, last: boolean): RowFault {
  const { offset, message, repair }: JsonFault = findJsonFault(text) ?? { offset: 0, message: 'it cannot be read' };
  if (text.includes('\0')) {
    const hint = 'NUL bytes come from a damaged copy or another encoding; restore the file or remove them.';
    return { code: 'data/nul-byte', message: `Not valid JSON: ${message}. ${hint}`, offset };
  }
  if (last && offset >= text.trimEnd().length)
    return { code: 'data/truncated-row', message: `The last row is not complete: ${message}.`, offset };
  return { code: 'data/invalid-json', message: `Not valid JSON: ${message}.`, offset, ...(repair ? { repair } : {}) };
}

/** A JSON type as a person calls it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  const names: Partial<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    boolean: 'true or false',
    object: 'an object',
    undefined: 'nothing',
  };
  return names[typeof value] ?? `a ${typeof value}`;
}
