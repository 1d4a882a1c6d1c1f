// What the thread that prepares a dataset and those that encode rows for it say to each other.
import type { RowKind } from '../../config/objective.ts';
import type { RenderOptions } from '../../models/chatTemplate.ts';
import type { EncodeOptions } from '../template/encodeRecord.ts';
import type { EncodedRows, RowSource } from './encodeRows.ts';
import type { RowBatch } from './rowBatch.ts';

/** All that an encoder is made of, as plain data. */
export interface EncoderRecipe {
  readonly kind: RowKind;
  readonly settings: Omit<EncodeOptions, 'tokenizer' | 'template'>;
  /** Name → content of the files that make the tokenizer. */
  readonly tokenizerFiles: ReadonlyMap<string, string>;
  readonly template: 'none' | { readonly source: string; readonly name: string; readonly options: RenderOptions };
}

export interface EncodingWorkerData {
  readonly recipe: EncoderRecipe;
  readonly findingLimit: number;
}

/** `source`: the file of this batch and of those that follow, where it is another than before. */
export interface BatchRequest {
  readonly source: RowSource | undefined;
  readonly batch: RowBatch;
}

export type BatchAnswer = EncodedRows;
