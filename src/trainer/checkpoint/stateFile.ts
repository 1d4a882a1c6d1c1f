// trainer_state.json: what a checkpoint keeps besides tensors, checked when it is read back.

import { problem } from '../../protocol/problem.ts';
import { describeSchemaError, lazyValidator } from '../../protocol/validate.ts';
import type { TrainerState } from '../training.ts';

interface StateFile {
  readonly step: number;
  readonly learning_rates: readonly { readonly step: number; readonly value: number }[];
  readonly best?: { readonly step: number; readonly loss: number };
  readonly worse_evaluations: number;
  readonly totals: {
    readonly seconds: number;
    readonly tokens: number;
    readonly trained_tokens: number;
    readonly peak_memory_bytes: number;
  };
}

const count = { type: 'integer', minimum: 0 };

const validator = lazyValidator<StateFile>({
  type: 'object',
  additionalProperties: false,
  required: ['step', 'learning_rates', 'worse_evaluations', 'totals'],
  properties: {
    step: count,
    learning_rates: {
      type: 'array',
      items: {
        type: 'object',
        required: ['step', 'value'],
        properties: { step: count, value: { type: 'number' } },
      },
    },
    best: { type: 'object', required: ['step', 'loss'], properties: { step: count, loss: { type: 'number' } } },
    worse_evaluations: count,
    totals: {
      type: 'object',
      required: ['seconds', 'tokens', 'trained_tokens', 'peak_memory_bytes'],
      properties: { seconds: { type: 'number' }, tokens: count, trained_tokens: count, peak_memory_bytes: count },
    },
  },
});

export function encodeState(state: TrainerState): string {
  const file: StateFile = {
    step: state.step,
    learning_rates: state.learningRates,
    ...(state.best ? { best: state.best } : {}),
    worse_evaluations: state.worseEvaluations,
    totals: {
      seconds: state.totals.seconds,
      tokens: state.totals.tokens,
      trained_tokens: state.totals.trainedTokens,
      peak_memory_bytes: state.totals.peakMemoryBytes,
    },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Throws `trainer/broken-checkpoint`. */
export function decodeState(text: string, file: string): TrainerState {
  const value: unknown = JSON.parse(text);
  const validate = validator();
  if (!validate(value)) {
    const what = describeSchemaError(validate.errors);
    throw problem('trainer/broken-checkpoint', `The state of this checkpoint cannot be used: ${what}.`, { file });
  }
  return {
    step: value.step,
    learningRates: value.learning_rates,
    best: value.best,
    worseEvaluations: value.worse_evaluations,
    totals: {
      seconds: value.totals.seconds,
      tokens: value.totals.tokens,
      trainedTokens: value.totals.trained_tokens,
      peakMemoryBytes: value.totals.peak_memory_bytes,
    },
  };
}
