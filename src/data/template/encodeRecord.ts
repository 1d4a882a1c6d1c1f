// A record to what an engine trains on: token ids, and which of them are learned.
import type { TextSpan } from '../../models/chatTemplate.ts';
import type { Tokenizer } from '../../models/types.ts';
import { problem, type Problem } from '../../protocol/problem.ts';
import type { SingleRecord } from '../records.ts';
import { layOut, type LaidOut } from './layOut.ts';
import { maskOfSpans } from './mask.ts';
import type { RowTemplate } from './templates.ts';
import { doubledBos, lengthFindings } from './trainingFindings.ts';

export type TrainOn = 'assistant' | 'last_assistant' | 'all';
export type Overflow = 'truncate' | 'drop' | 'error';

export interface EncodeOptions {
  readonly tokenizer: Tokenizer;
  readonly template: RowTemplate;
  readonly trainOn: TrainOn;
  /** The system message of rows that have none. */
  readonly system?: string;
  /** Tokens that a row may have. */
  readonly maxLength: number;
  readonly overflow: Overflow;
}

export interface EncodedRecord {
  readonly sampleId: string;
  /** `drop`: the row is longer than it may be and `overflow` says to leave it out; tokens are still given, untruncated. */
  readonly fate: 'keep' | 'drop';
  /** Token ids, [T]. */
  readonly tokens: Int32Array;
  /** 1: this token is learned, [T]. */
  readonly mask: Uint8Array;
  /** Tokens with mask 1. */
  readonly trainedTokens: number;
  /** Tokens cut off at the end, and how many of them would have been learned. */
  readonly truncatedTokens: number;
  readonly truncatedTrainedTokens: number;
  /** The text that was tokenised, and the characters of it that are learned. */
  readonly text: string;
  readonly spans: readonly TextSpan[];
  /** What a person should know about this row: nothing trained, an answer cut, special tokens in the text and the like. */
  readonly findings: readonly Problem[];
}

/**
 * Renders, tokenises and masks one record. The text is tokenised once, as a whole, so the ids are those that the model
 * sees; nothing is added to what a chat template renders, except an EOS where its last turn is not closed.
 * @throws ProblemError `chat/…` when the template refuses the record, `data/row-too-long` with `overflow: error`.
 */
export function encodeRecord(record: SingleRecord, options: EncodeOptions): EncodedRecord {
  const { laidOut, row, spans } = encodeWhole(record, options);
  const learned = learnedIn(row.mask);
  const excess = Math.max(0, row.ids.length - options.maxLength);
  if (excess > 0 && options.overflow === 'error') {
    throw problem(
      'data/row-too-long',
      `${record.sampleId} has ${row.ids.length} tokens and data.max_length is ${options.maxLength}. Raise data.max_length, or set data.overflow to truncate or drop.`,
    );
  }
  const keep = excess > 0 && options.overflow === 'truncate' ? options.maxLength : row.ids.length;
  const mask = row.mask.subarray(0, keep);
  const trainedTokens = learnedIn(mask);
  const learnedAfter = learnedIn(row.mask.subarray(options.maxLength));
  const cut = { tokens: row.ids.length, maxLength: options.maxLength, learned, learnedAfter };
  return {
    sampleId: record.sampleId,
    fate: excess > 0 && options.overflow === 'drop' ? 'drop' : 'keep',
    tokens: new Int32Array(row.ids).subarray(0, keep),
    mask,
    trainedTokens,
    truncatedTokens: row.ids.length - keep,
    truncatedTrainedTokens: learned - trainedTokens,
    text: laidOut.text,
    spans,
    findings: [
      ...laidOut.findings,
      ...nothingTrained(record, trainedTokens, learned, options.maxLength),
      ...lengthFindings(cut, options.overflow),
      ...doubledBos(record, row.ids[0], options.tokenizer),
    ],
  };
}

function learnedIn(mask: Uint8Array): number {
  let learned = 0;
  for (let t = 0; t < mask.length; t += 1) learned += mask[t]!;
  return learned;
}

/** A row before it is cut: every token with the characters of the text that it covers. */
export interface WholeRow {
  readonly laidOut: LaidOut;
  readonly spans: readonly TextSpan[];
  readonly row: Row;
}

interface Row {
  readonly ids: readonly number[];
  /** As long as `ids`, as are the others. */
  readonly mask: Uint8Array;
  /** UTF-16 units [start, end) of the text; of a token that was added to it start = end. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** What `encodeRecord` cuts to length, for whoever shows where a row is cut. @throws as `encodeRecord`, but never for length. */
export function encodeWhole(record: SingleRecord, options: Omit<EncodeOptions, 'maxLength' | 'overflow'>): WholeRow {
  const { tokenizer } = options;
  const laidOut = layOut(record, options);
  const tokens = tokenizer.encodeWithOffsets(laidOut.text, { addSpecialTokens: laidOut.addSpecialTokens });
  const spans = options.trainOn === 'all' ? [{ start: 0, end: laidOut.text.length }] : laidOut.spans;
  const masked = { ...tokens, mask: maskOfSpans(laidOut.text, tokens, spans) };
  const row = closedByEos(withoutSecondBos(masked, tokenizer.bosTokenId), laidOut, tokenizer.eosTokenId);
  return { laidOut, spans, row };
}

/** A text that begins with BOS, for a tokenizer that puts one there too, or a template that does both. */
function withoutSecondBos(row: Row, bos: number | undefined): Row {
  const { ids, mask, starts, ends } = row;
  if (bos === undefined || ids[0] !== bos || ids[1] !== bos) return row;
  const rest = mask.slice(1);
  rest[0] = 0;
  return { ids: ids.slice(1), mask: rest, starts: starts.subarray(1), ends: ends.subarray(1) };
}

/** EOS, learned: appended, or already there where the tokenizer itself ends texts with it. */
function closedByEos(row: Row, laidOut: LaidOut, eos: number | undefined): Row {
  if (!laidOut.closeWithEos || eos === undefined) return row;
  const { ids, mask, starts, ends } = row;
  if (ids.at(-1) === eos) {
    mask[ids.length - 1] = 1;
    return row;
  }
  const end = laidOut.text.length;
  const longer = new Uint8Array(mask.length + 1);
  longer.set(mask);
  longer[mask.length] = 1;
  return { ids: [...ids, eos], mask: longer, starts: withLast(starts, end), ends: withLast(ends, end) };
}

function withLast(column: Int32Array, last: number): Int32Array {
  const longer = new Int32Array(column.length + 1);
  longer.set(column);
  longer[column.length] = last;
  return longer;
}

function nothingTrained(record: SingleRecord, trained: number, learned: number, maxLength: number): Problem[] {
  if (trained > 0) return [];
  const why =
    learned > 0
      ? `all ${learned} tokens that it could teach lie after data.max_length (${maxLength})`
      : 'it has no assistant turn or completion to learn';
  return [
    { code: 'data/nothing-trained', severity: 'warning', message: `${record.sampleId} teaches nothing: ${why}.` },
  ];
}
