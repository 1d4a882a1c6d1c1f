// What the token lens asks the language server: the configs of a dataset, and the tokens of the lines that are in view.

import type { LanguageRequest } from './languageRequests.ts';
import { lazyValidator } from './validate.ts';

export interface LensParams {
  readonly uri: string;
  /** Lines [first, last], from 0. */
  readonly first: number;
  readonly last: number;
  /** Address of the config that the person chose; null: the nearest. */
  readonly config: string | null;
}

export interface LensConfig {
  readonly uri: string;
  /** Path within the workspace. */
  readonly name: string;
}

export interface LensRow {
  readonly line: number;
  /** Tokens that training sees, and how many of them are learned. */
  readonly tokens: number;
  readonly trained: number;
  /** Tokens behind data.max_length, and how many of them would have been learned. */
  readonly cut: number;
  readonly cutTrained: number;
  readonly fate: 'kept' | 'dropped' | 'refused';
  /** Mean loss of the trained tokens, where losses of a run are shown. */
  readonly loss?: number;
  /**
   * Stretches of the line as start, length and kind: 2 · state (0 masked, 1 trained, 2 cut) + 1 for every other token; 6, 7
   * and 8: trained, and the run gives it a chance below 1/2, 1/10 and 1/100.
   */
  readonly pieces: readonly number[];
  /** Why the row cannot be shown. */
  readonly problem?: string;
}

export interface LensAnswer {
  /** Configs that name the file, the one that is used first asked for; empty: none does. */
  readonly configs: readonly LensConfig[];
  readonly used: LensConfig | null;
  /** Such as `SmolLM2 · max_length 512 · train_on assistant`. */
  readonly summary: string;
  /** Why there are no rows: the model is not there, the template is broken. */
  readonly problem?: string;
  readonly rows: readonly LensRow[];
}

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const config = { type: 'object', required: ['uri', 'name'], properties: { uri: text, name: text } } as const;

export const lensRequest: LanguageRequest<LensParams, LensAnswer> = {
  method: 'finetune/lens',
  params: lazyValidator({
    type: 'object',
    required: ['uri', 'first', 'last', 'config'],
    additionalProperties: false,
    properties: { uri: text, first: count, last: count, config: { type: ['string', 'null'] } },
  }),
  result: lazyValidator({
    type: 'object',
    required: ['configs', 'used', 'summary', 'rows'],
    properties: {
      configs: { type: 'array', items: config },
      used: { anyOf: [config, { type: 'null' }] },
      summary: text,
      problem: text,
      rows: {
        type: 'array',
        items: {
          type: 'object',
          required: ['line', 'tokens', 'trained', 'cut', 'cutTrained', 'fate', 'pieces'],
          properties: {
            line: count,
            tokens: count,
            trained: count,
            cut: count,
            cutTrained: count,
            loss: { type: 'number' },
            fate: { enum: ['kept', 'dropped', 'refused'] },
            pieces: { type: 'array', items: count },
            problem: text,
          },
        },
      },
    },
  }),
};
