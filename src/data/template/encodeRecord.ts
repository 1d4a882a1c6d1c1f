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
  const learned = row.mask.reduce((sum, bit) => sum + bit, 0);
  const excess = Math.max(0, row.ids.length - options.maxLength);
  if (excess > 0 && options.overflow === 'error') {
    throw problem(
      'data/row-too-long',
      `${record.sampleId} has ${row.ids.length} tokens and data.max_length is ${options.maxLength}. Raise data.max_length, or set data.overflow to truncate or drop.`,
    );
  }
  const keep = excess > 0 && options.overflow === 'truncate' ? options.maxLength : row.ids.length;
  const trainedTokens = row.mask.slice(0, keep).reduce((sum, bit) => sum + bit, 0);
  const learnedAfter = row.mask.slice(options.maxLength).reduce((sum, bit) => sum + bit, 0);
  const cut = { tokens: row.ids.length, maxLength: options.maxLength, learned, learnedAfter };
  return {
    sampleId: record.sampleId,
    fate: excess > 0 && options.overflow === 'drop' ? 'drop' : 'keep',
    tokens: Int32Array.from(row.ids.slice(0, keep)),
    mask: Uint8Array.from(row.mask.slice(0, keep)),
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

/** A row before it is cut: every token with the characters of the text that it covers. */
export interface WholeRow {
  readonly laidOut: LaidOut;
  readonly spans: readonly TextSpan[];
  /** Ids, mask, and UTF-16 units [start, end) of the text; of a token that was added to it start = end. */
  readonly row: {
    readonly ids: readonly number[];
    readonly mask: readonly number[];
    readonly starts: readonly number[];
    readonly ends: readonly number[];
  };
}

/** What `encodeRecord` cuts to length, for whoever shows where a row is cut. @throws as `encodeRecord`, but never for length. */
export function encodeWhole(record: SingleRecord, options: Omit<EncodeOptions, 'maxLength' | 'overflow'>): WholeRow {
  const { tokenizer } = options;
  const laidOut = layOut(record, options);
  const tokens = tokenizer.encodeWithOffsets(laidOut.text, { addSpecialTokens: laidOut.addSpecialTokens });
  const spans = options.trainOn === 'all' ? [{ start: 0, end: laidOut.text.length }] : laidOut.spans;
  const mask = [...maskOfSpans(laidOut.text, tokens, spans)];
  const row: Row = { ids: [...tokens.ids], mask, starts: [...tokens.starts], ends: [...tokens.ends] };
  dropSecondBos(row, tokenizer.bosTokenId);
  appendEos(row, laidOut, tokenizer.eosTokenId);
  return { laidOut, spans, row };
}

interface Row {
  readonly ids: number[];
  readonly mask: number[];
  readonly starts: number[];
  readonly ends: number[];
}

/** A text that begins with BOS, for a tokenizer that puts one there too, or a template that does both. */
function dropSecondBos(row: Row, bos: number | undefined): void {
  if (bos === undefined || row.ids[0] !== bos || row.ids[1] !== bos) return;
  for (const column of [row.ids, row.mask, row.starts, row.ends]) column.shift();
  row.mask[0] = 0;
}

/** EOS, learned: appended, or already there where the tokenizer itself ends texts with it. */
function appendEos(row: Row, laidOut: LaidOut, eos: number | undefined): void {
  if (!laidOut.closeWithEos || eos === undefined) return;
  if (row.ids.at(-1) !== eos) {
    row.ids.push(eos);
    row.starts.push(laidOut.text.length);
    row.ends.push(laidOut.text.length);
  }
  row.mask[row.ids.length - 1] = 1;
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
