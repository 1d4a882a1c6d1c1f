// What the preparation asks of the template side: a record in, tokens and mask out.
import type { Problem, ProblemError } from '../../protocol/problem.ts';
import type { Format } from '../formats/format.ts';
import type { DataRecord } from '../records.ts';
import type { EncoderRecipe } from './encodingMessages.ts';

export interface EncodedRow {
  readonly tokens: Int32Array;
  /** 1 = trained; as long as `tokens`. */
  readonly mask: Uint8Array;
  /** Tokens cut off because the row was longer than `max_length`; 0 = none. */
  readonly lostTokens: number;
  /** What a person should know about the row; its place is added where it is missing. */
  readonly findings: readonly Problem[];
  /** The row is too long and is left out; only its findings count. */
  readonly isDropped?: boolean;
  /** Whether the row is left out since it teaches nothing; decided by its mask where it is absent. */
  readonly isUntrained?: boolean;
  /** The row's own fields are kept beside its tokens, for whoever scores answers. */
  readonly keepsFields?: boolean;
  /** Of a pair: where the tokens of its rejected side begin. */
  readonly rejectedFrom?: number;
}

export interface RowEncoder {
  /** Names everything that the result depends on (tokenizer, template, settings): part of the cache's key. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Why the rows of a file in that format cannot be used; undefined when they can. */
  readonly refuses?: (format: Format, file: string) => ProblemError | undefined;
  /** How other threads make the same encoder, and how many of them are worth it; absent: rows are encoded in this one. */
  readonly elsewhere?: { readonly recipe: EncoderRecipe; readonly threads: number } | undefined;
  /** Throws a ProblemError for a row that cannot be encoded. */
  readonly encode: (record: DataRecord) => EncodedRow;
}
