// The objective of a session as the worker's plan has it, and losses by row from what the worker answers.

import path from 'node:path';
import type { EffectiveConfig } from '../../config/effectiveTypes.ts';
import type { RowLoss, TrainingMethod } from '../../engine/session.ts';
import { rowLosses } from '../../engine/training/losses.ts';
import type { RewardModel } from '../../models/rewardModel.ts';
import type { WeightEntry } from '../../models/types.ts';
import type { PackedSequence } from '../../protocol/sequence.ts';

export type ObjectivePlan =
  | { readonly kind: 'sft' }
  | {
      readonly kind: 'dpo';
      readonly beta: number;
      readonly lossType: 'sigmoid' | 'ipo';
      readonly labelSmoothing: number;
    }
  | { readonly kind: 'reward' }
  | {
      readonly kind: 'grpo';
      readonly beta: number;
      readonly clip: number;
      /** Updates of the optimiser in one step. */
      readonly updates: number;
      readonly scoring: ScoringPlan;
    }
  | {
      readonly kind: 'ppo';
      readonly klCoef: number;
      readonly gamma: number;
      readonly lam: number;
      readonly cliprange: number;
      readonly cliprangeValue: number;
      readonly vfCoef: number;
      readonly updates: number;
      readonly scoring: ScoringPlan;
    };

/** Ways to tell what an answer is worth; their sum is its reward. */
export interface ScoringPlan {
  /** A function in a Python file, by its absolute path. */
  readonly function?: { readonly file: string; readonly name: string };
  /** Seconds that one call of it may take. */
  readonly timeout: number;
  readonly exactMatch?: string;
  readonly regex?: string;
  readonly model?: RewardModelPlan;
  /** Tokens of answers that cost nothing. */
  readonly length?: { readonly min?: number; readonly max?: number };
}

/** A reward model that judges answers: all of its weights, or those of the model below and an adapter with its head. */
export interface RewardModelPlan {
  readonly modelConfig: Readonly<Record<string, unknown>>;
  readonly weights: readonly WeightEntry[];
  readonly adapter?: {
    readonly method: Extract<TrainingMethod, { kind: 'lora' }>;
    readonly weights: readonly WeightEntry[];
  };
}

export const supervisedFineTuning: ObjectivePlan = { kind: 'sft' };

/** `baseDirectory`: what the path of a reward function is relative to. `rewardModel`: what `reward.model` names, opened. */
export function objectivePlan(
  { objective, dpo, grpo, ppo, reward }: Pick<EffectiveConfig, 'objective' | 'dpo' | 'grpo' | 'ppo' | 'reward'>,
  baseDirectory: string,
  rewardModel?: RewardModel,
): ObjectivePlan {
  if (objective === 'dpo' && dpo) {
    return { kind: 'dpo', beta: dpo.beta, lossType: dpo.loss_type, labelSmoothing: dpo.label_smoothing };
  }
  if (objective === 'grpo' && grpo && reward) {
    const { beta, epsilon: clip, num_iterations: updates } = grpo;
    return { kind: 'grpo', beta, clip, updates, scoring: scoringPlan(reward, baseDirectory, rewardModel) };
  }
  if (objective === 'ppo' && ppo && reward) {
    const { kl_coef: klCoef, gamma, lam, cliprange, cliprange_value: cliprangeValue, vf_coef: vfCoef } = ppo;
    const scoring = scoringPlan(reward, baseDirectory, rewardModel);
    const coefficients = { klCoef, gamma, lam, cliprange, cliprangeValue, vfCoef };
    return { kind: 'ppo', ...coefficients, updates: ppo.num_ppo_epochs, scoring };
  }
  return objective === 'reward' ? { kind: 'reward' } : supervisedFineTuning;
}

/** Whether the objective measures how far the model has moved from where it began. */
export function hasReference(plan: ObjectivePlan): boolean {
  if (plan.kind === 'ppo') return plan.klCoef > 0;
  return plan.kind === 'dpo' || (plan.kind === 'grpo' && plan.beta > 0);
}

/**
 * What a step computes of its sequences, in forward passes, of which a backward pass counts as two: once before the first
 * update, and for each update.
 */
export function passesOf(plan: ObjectivePlan): { once: number; each: number; updates: number } {
  const compared = hasReference(plan) ? 1 : 0;
  if (plan.kind === 'ppo') return { once: 1 + compared, each: 3, updates: plan.updates };
  if (plan.kind !== 'grpo') return { once: 0, each: 3 + compared, updates: 1 };
  return { once: plan.updates > 1 ? 1 : 0, each: 3 + compared, updates: plan.updates };
}

/** Whether a term of the loss is a token; else it is a pair. */
export function isOfTokens({ kind }: ObjectivePlan): boolean {
  return kind !== 'dpo' && kind !== 'reward';
}

function scoringPlan(
  reward: NonNullable<EffectiveConfig['reward']>,
  baseDirectory: string,
  rewardModel: RewardModel | undefined,
): ScoringPlan {
  const { min_length: min, max_length: max } = reward;
  const [, file = '', name = ''] = /^(.+):(\w+)$/.exec(reward.function ?? '') ?? [];
  return {
    timeout: reward.timeout,
    ...(reward.function === undefined ? {} : { function: { file: path.resolve(baseDirectory, file), name } }),
    ...(reward.exact_match === undefined ? {} : { exactMatch: reward.exact_match }),
    ...(reward.regex === undefined ? {} : { regex: reward.regex }),
    ...(rewardModel ? { model: rewardModelPlan(rewardModel) } : {}),
    ...(min === undefined && max === undefined
      ? {}
      : { length: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) } }),
  };
}

function rewardModelPlan({ model, adapter }: RewardModel): RewardModelPlan {
  const plan = { modelConfig: model.config, weights: [...model.weights.values()] };
  if (!adapter?.head) return plan;
  const { rank, alpha, useRslora, useDora = false, modules } = adapter.settings;
  const method = { kind: 'lora', rank, alpha, dropout: 0, targetModules: modules, useRslora, useDora } as const;
  return { ...plan, adapter: { method, weights: [...adapter.weights.values(), adapter.head] } };
}

/** Losses that the worker gives for a sequence: one for each trained token, or one for each pair. */
export function lossCount(plan: ObjectivePlan, sequence: PackedSequence): number {
  return isOfTokens(plan) ? sequence.lossPositions.length : sequence.sampleIds.length / 2;
}

/** `losses`: as many as `lossCount` says. */
export function lossesByRow(plan: ObjectivePlan, sequence: PackedSequence, losses: Float32Array): RowLoss[] {
  if (isOfTokens(plan)) return rowLosses(sequence, losses);
  const trained = new Int32Array(sequence.sampleIds.length);
  for (const position of sequence.lossPositions) trained[sequence.segments[position]!]! += 1;
  return Array.from(losses, (lossSum, pair) => ({
    sampleId: sequence.sampleIds[2 * pair]!,
    lossSum,
    terms: 1,
    trainedTokens: trained[2 * pair]! + trained[2 * pair + 1]!,
  }));
}

/** Rows with one name as one: the answers to a prompt. */
export function byName(rows: readonly RowLoss[]): RowLoss[] {
  const found = new Map<string, RowLoss>();
  for (const row of rows) {
    const known = found.get(row.sampleId);
    const terms = row.terms ?? row.trainedTokens;
    found.set(row.sampleId, {
      sampleId: row.sampleId,
      lossSum: (known?.lossSum ?? 0) + row.lossSum,
      terms: (known?.terms ?? 0) + terms,
      trainedTokens: (known?.trainedTokens ?? 0) + row.trainedTokens,
    });
  }
  return [...found.values()];
}
