// Asks the language server for the losses of a dataset's tokens under a run; the lens shows them from then on.

import type { LanguageRequest } from './languageRequests.ts';
import { lazyValidator } from './validate.ts';

export interface TokenLossesParams {
  readonly uri: string;
  /** Lines [first, last], from 0. */
  readonly first: number;
  readonly last: number;
  /** Folder of the run whose model is asked; null: the losses that are shown are taken away. */
  readonly run: string | null;
}

export interface TokenLossesAnswer {
  /** Rows whose losses are shown now. */
  readonly rows: number;
  /** Rows that are other tokens under the run's config than under the one that the lens uses: theirs cannot be shown. */
  readonly differing: number;
  /** Why there are none. */
  readonly problem?: string;
}

const count = { type: 'integer', minimum: 0 } as const;

export const tokenLossesRequest: LanguageRequest<TokenLossesParams, TokenLossesAnswer> = {
  method: 'finetune/tokenLosses',
  params: lazyValidator({
    type: 'object',
    required: ['uri', 'first', 'last', 'run'],
    additionalProperties: false,
    properties: { uri: { type: 'string' }, first: count, last: count, run: { type: ['string', 'null'] } },
  }),
  result: lazyValidator({
    type: 'object',
    required: ['rows', 'differing'],
    properties: { rows: count, differing: count, problem: { type: 'string' } },
  }),
};
