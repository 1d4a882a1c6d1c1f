// Turns the bytes of one row into an object, or into a problem that names the exact place.
import { isUtf8 } from 'node:buffer';
import type { Problem } from '../../protocol/problem.ts';
import { findJsonFault } from '../json/fault.ts';
import { positionAt } from '../json/locate.ts';
import { sampleIdOf, type FileKind, type ReadRow } from './row.ts';
import type { TextPiece } from './textPiece.ts';
import { firstInvalidUtf8 } from './utf8.ts';

/** `idColumn`: see SourceRow; `rowLimit` in bytes, for the message about a row beyond it. */
export function parseRow(piece: TextPiece, file: string, kind: FileKind, idColumn: number, rowLimit: number): ReadRow {
  const { bytes, line, column } = piece;
  if (bytes === undefined) {
    const size = (piece.byteLength / 2 ** 20).toFixed(1);
    const limit = (rowLimit / 2 ** 20).toFixed(0);
    const hint = kind === 'lines' ? 'Is a line break missing?' : 'Is a bracket or quote missing?';
    return bad(
      'data/row-too-large',
      `The row is ${size} MiB long; more than ${limit} MiB is not read. ${hint}`,
      file,
      line,
      column,
    );
  }
  if (!isUtf8(bytes)) return wrongEncoding(bytes, piece, file);
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalidJson(text, piece, file);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return bad(
      'data/not-an-object',
      `A row is an object such as {"instruction": …, "output": …}, found ${typeName(value)}.`,
      file,
      line,
      column,
    );
  const row = {
    sampleId: sampleIdOf(kind, file, line, idColumn),
    file,
    value: { ...value },
    line,
    idColumn,
    byteOffset: piece.byteOffset,
    source: { text, line, column },
  };
  return { ok: true, row };
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

function invalidJson(text: string, piece: TextPiece, file: string): ReadRow {
  const fault = findJsonFault(text) ?? { offset: 0, message: 'this is not valid JSON' };
  const at = positionAt(text, fault.offset, piece);
  if (text.includes('\0'))
    return bad(
      'data/nul-byte',
      `Not valid JSON: ${fault.message}. NUL bytes come from a damaged copy or another encoding; restore the file or remove them.`,
      file,
      at.line,
      at.column,
    );
  const cutOff = piece.last && fault.offset === text.length;
  if (cutOff)
    return bad('data/truncated-row', `The last row is not complete: ${fault.message}.`, file, at.line, at.column);
  return bad('data/invalid-json', `Not valid JSON: ${fault.message}.`, file, at.line, at.column);
}

function wrongEncoding(bytes: Buffer, piece: TextPiece, file: string): ReadRow {
  const index = firstInvalidUtf8(bytes) ?? 0;
  const at = positionAt(bytes.toString('utf8'), bytes.subarray(0, index).toString('utf8').length, piece);
  const byte = `0x${bytes[index]!.toString(16).padStart(2, '0').toUpperCase()}`;
  const message = `Byte ${piece.byteOffset + index} of the text (${byte}) is not UTF-8. The file may be in Windows-1252 or Latin-1; save it as UTF-8.`;
  return bad('data/wrong-encoding', message, file, at.line, at.column);
}

function bad(code: string, message: string, file: string, line: number, column: number): ReadRow {
  const found: Problem = { code, severity: 'error', message, place: { file, line, column } };
  return { ok: false, problem: found };
}
