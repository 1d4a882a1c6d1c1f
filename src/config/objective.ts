// What an objective wants of the rows, the engine and the result.

import { defaults, type FinetuneConfig } from './schema.generated.ts';

export type Objective = NonNullable<FinetuneConfig['objective']>;

/**
 * `single`: one text with an end to learn; `pair`: a prompt with a better and a worse answer; `prompt`: what is to
 * be answered, and columns by which answers are scored.
 */
export type RowKind = 'single' | 'pair' | 'prompt';

const rowKinds: Readonly<Record<Objective, RowKind>> = {
  sft: 'single',
  dpo: 'pair',
  reward: 'pair',
  grpo: 'prompt',
  ppo: 'prompt',
};

/** The objective that will be used. */
export function objectiveOf(config: Pick<FinetuneConfig, 'objective'>): Objective {
  return config.objective ?? defaults.objective;
}

/**
 * Share of supervised fine-tuning's learning rate that an objective begins with: DPO, GRPO and PPO move the model away from itself,
 * and published recipes take about a tenth.
 */
export const learningRateShares: Readonly<Record<Objective, number>> = {
  sft: 1,
  dpo: 0.1,
  reward: 1,
  grpo: 0.1,
  ppo: 0.1,
};

/** Whether the objective learns from answers that the model gives, and `reward` says what they are worth. */
export function learnsFromAnswers(objective: Objective): objective is 'grpo' | 'ppo' {
  return rowKinds[objective] === 'prompt';
}

/** What a row of the objective's data is. */
export function rowKindOf(objective: Objective): RowKind {
  return rowKinds[objective];
}
