// The objective of a session as the worker's plan has it, and losses by row from what the worker answers.

import type { EffectiveConfig } from '../../config/effectiveTypes.ts';
import type { RowLoss } from '../../engine/session.ts';
import { rowLosses } from '../../engine/training/losses.ts';
import type { PackedSequence } from '../../protocol/sequence.ts';

export type ObjectivePlan =
  | { readonly kind: 'sft' }
  | {
      readonly kind: 'dpo';
      readonly beta: number;
      readonly lossType: 'sigmoid' | 'ipo';
      readonly labelSmoothing: number;
    }
  | { readonly kind: 'reward' };

export const supervisedFineTuning: ObjectivePlan = { kind: 'sft' };

export function objectivePlan({ objective, dpo }: Pick<EffectiveConfig, 'objective' | 'dpo'>): ObjectivePlan {
  if (objective === 'dpo' && dpo) {
    return { kind: 'dpo', beta: dpo.beta, lossType: dpo.loss_type, labelSmoothing: dpo.label_smoothing };
  }
  return objective === 'reward' ? { kind: 'reward' } : supervisedFineTuning;
}

/** Whether the objective measures how far the model has moved from where it began. */
export function hasReference({ kind }: ObjectivePlan): boolean {
  return kind === 'dpo';
}

/** Losses that the worker gives for a sequence: one for each trained token, or one for each pair. */
export function lossCount({ kind }: ObjectivePlan, sequence: PackedSequence): number {
  return kind === 'sft' ? sequence.lossPositions.length : sequence.sampleIds.length / 2;
}

/** `losses`: as many as `lossCount` says. */
export function lossesByRow({ kind }: ObjectivePlan, sequence: PackedSequence, losses: Float32Array): RowLoss[] {
  if (kind === 'sft') return rowLosses(sequence, losses);
  const trained = new Int32Array(sequence.sampleIds.length);
  for (const position of sequence.lossPositions) trained[sequence.segments[position]!]! += 1;
  return Array.from(losses, (lossSum, pair) => ({
    sampleId: sequence.sampleIds[2 * pair]!,
    lossSum,
    terms: 1,
    trainedTokens: trained[2 * pair]! + trained[2 * pair + 1]!,
  }));
}
