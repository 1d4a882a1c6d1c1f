// One row of a dataset as the trainer sees it: its tokens, and what of the file each of them covers.
import { convertValue } from '../data/formats/convert.ts';
import type { Columns, Format } from '../data/formats/format.ts';
import { isObject } from '../data/formats/fields.ts';
import { mainRecord, type SingleRecord } from '../data/records.ts';
import { encodeWhole, type EncodeOptions } from '../data/template/encodeRecord.ts';
import { renderedText } from '../data/template/layOut.ts';
import { ProblemError, type Problem } from '../protocol/problem.ts';
import { findOrigins, type Origins } from './origins.ts';
import { piecesOf, type LensPiece } from './pieces.ts';
import { roleOf, type LensRole } from './roles.ts';
import { rowTexts, type RowText } from './rowTexts.ts';

/** `cut`: behind data.max_length, or in a row that is left out because it is too long. */
export type TokenState = 'trained' | 'masked' | 'cut';

export interface LensToken {
  readonly id: number;
  /** The characters that it covers, as the model reads them; its name where it was added to the text. */
  readonly text: string;
  readonly state: TokenState;
  /** The mask, also of tokens that are cut off. */
  readonly isTarget: boolean;
  /** Whose words they are; `template`: no character of it is written in the row. */
  readonly role: LensRole;
}

export interface RowLens {
  /** All tokens, those that are cut off too; the index is the position in the row. */
  readonly tokens: readonly LensToken[];
  /** Tokens that training sees, and how many of them are learned. */
  readonly kept: number;
  readonly trained: number;
  /** Tokens that are cut off, and how many of them would have been learned. */
  readonly cut: number;
  readonly cutTrained: number;
  /** `dropped` and `refused` rows are too long for data.max_length (data.overflow: drop, error). */
  readonly fate: 'kept' | 'dropped' | 'refused';
  /** What of the row's JSON text the tokens cover, ascending. */
  readonly pieces: readonly LensPiece[];
  /** The text that is tokenised. */
  readonly text: string;
}

export interface LensOptions extends EncodeOptions {
  readonly format: Format;
  readonly columns: Columns;
}

/**
 * The lens of one row from its JSON text. Tokens and mask are those of `encodeWhole`, which the trainer's rows are cut
 * from. @throws ProblemError for a row that cannot be trained on: not JSON, wrong fields, refused by the template.
 */
export function lensOfRow(text: string, options: LensOptions): RowLens {
  const value = rowValue(text);
  const record = recordOf(value, options);
  const { laidOut, row } = encodeWhole(record, options);
  const texts = rowTexts(text, options.format, options.columns);
  const origins = findOrigins({
    value,
    texts,
    rendered: laidOut.text,
    render: (changed) => rendered(changed, options),
    template: options.template === 'none' ? '' : options.template.template.source,
  });
  const isTooLong = row.ids.length > options.maxLength;
  const fate =
    !isTooLong || options.overflow === 'truncate' ? 'kept' : options.overflow === 'drop' ? 'dropped' : 'refused';
  const kept = fate !== 'kept' ? 0 : Math.min(row.ids.length, options.maxLength);
  const tokens = row.ids.map((id, i): LensToken => {
    const [start, end] = [row.starts[i] ?? 0, row.ends[i] ?? 0];
    const isTarget = row.mask[i] === 1;
    return {
      id,
      text: end > start ? laidOut.text.slice(start, end) : (options.tokenizer.idToToken(id) ?? ''),
      state: i >= kept ? 'cut' : isTarget ? 'trained' : 'masked',
      isTarget,
      role: roleOf(pathIn(origins, texts, start, end), value, options),
    };
  });
  const trained = tokens.filter(({ state }) => state === 'trained').length;
  const targets = tokens.filter(({ isTarget }) => isTarget).length;
  return {
    tokens,
    kept,
    trained,
    cut: tokens.length - kept,
    cutTrained: targets - trained,
    fate,
    pieces: piecesOf(row, tokens, origins, texts),
    text: laidOut.text,
  };
}

function rowValue(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    throw new ProblemError([problemOf('data/invalid-json', 'The row is not valid JSON.')]);
  }
  throw new ProblemError([
    problemOf('data/not-an-object', 'A row is an object such as {"instruction": …, "output": …}.'),
  ]);
}

/** Of a pair the chosen side, which is what the rejected one is compared with. */
function recordOf(value: Readonly<Record<string, unknown>>, { format, columns }: LensOptions): SingleRecord {
  const { record, issues } = convertValue(value, 'This row', format, columns);
  if (record) return mainRecord(record);
  throw new ProblemError(issues.map(({ code, message }) => problemOf(code, message)));
}

function problemOf(code: string, message: string): Problem {
  return { code, severity: 'error', message };
}

function rendered(value: Readonly<Record<string, unknown>>, options: LensOptions): string | undefined {
  try {
    const { record } = convertValue(value, 'This row', options.format, options.columns);
    return record && renderedText(mainRecord(record), options);
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}

/** Path of the first text that the units [start, end) come from. */
function pathIn(origins: Origins, texts: readonly RowText[], start: number, end: number): RowText['path'] | undefined {
  const first = origins.text.subarray(start, end).find((text) => text >= 0);
  return first === undefined ? undefined : texts[first]?.path;
}
