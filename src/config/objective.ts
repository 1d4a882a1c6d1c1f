// What an objective wants of the rows, the engine and the result.

import { defaults, type FinetuneConfig } from './schema.generated.ts';

export type Objective = NonNullable<FinetuneConfig['objective']>;

/** `single`: one text with an end to learn; `pair`: a prompt with a better and a worse answer. */
export type RowKind = 'single' | 'pair';

const rowKinds: Readonly<Record<Objective, RowKind>> = { sft: 'single', dpo: 'pair', reward: 'pair' };

/** The objective that will be used. */
export function objectiveOf(config: Pick<FinetuneConfig, 'objective'>): Objective {
  return config.objective ?? defaults.objective;
}

/**
 * Share of supervised fine-tuning's learning rate that an objective begins with: DPO moves the model away from itself, and
 * published recipes take about a tenth.
 */
export const learningRateShares: Readonly<Record<Objective, number>> = { sft: 1, dpo: 0.1, reward: 1 };

/** What a row of the objective's data is. */
export function rowKindOf(objective: Objective): RowKind {
  return rowKinds[objective];
}
