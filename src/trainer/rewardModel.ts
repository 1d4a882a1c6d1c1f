// The reward model that a config names, opened and held against the model whose answers it will judge.

import type { ConfigFacts } from '../config/facts.ts';
import { learnsFromAnswers, objectiveOf } from '../config/objective.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import type { OpenModelOptions } from '../models/openModel.ts';
import { misfitOf, openRewardModel, type RewardModel } from '../models/rewardModel.ts';
import type { LoadedModel } from '../models/types.ts';
import { ProblemError } from '../protocol/problem.ts';

export interface FoundRewardModel {
  /** Absent where the config names none, and where it cannot be used. */
  readonly rewardModel?: RewardModel;
  /** What the config's rules say of it. */
  readonly facts: Pick<ConfigFacts, 'rewardModel'>;
}

/** Throws only what is no fault of the reward model, such as an abort. */
export async function rewardModelOf(
  config: Pick<FinetuneConfig, 'objective' | 'reward'>,
  model: LoadedModel,
  options: OpenModelOptions,
): Promise<FoundRewardModel> {
  const reference = config.reward?.model;
  if (reference === undefined || !learnsFromAnswers(objectiveOf(config))) return { facts: {} };
  try {
    const rewardModel = await openRewardModel(reference, options);
    const unusable = misfitOf(rewardModel, model);
    return unusable === undefined ? { rewardModel, facts: {} } : { facts: { rewardModel: { unusable } } };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const unusable = error.problems.map(({ message }) => message).join(' ');
    return { facts: { rewardModel: { unusable } } };
  }
}
