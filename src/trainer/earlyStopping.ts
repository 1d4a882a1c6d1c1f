// Which evaluation is the best, and when none has been better for too long.

import type { TrainerState } from './training.ts';

type Standing = Pick<TrainerState, 'best' | 'worseEvaluations'>;

/**
 * The standing after one more evaluation loss (nats). Better means lower by more than `minDelta`; a loss that is not
 * finite is never better.
 */
export function judge(
  standing: Standing,
  step: number,
  loss: number,
  minDelta: number,
): Standing & { better: boolean } {
  const better = Number.isFinite(loss) && (standing.best === undefined || loss < standing.best.loss - minDelta);
  if (better) return { better, best: { step, loss }, worseEvaluations: 0 };
  return { better, best: standing.best, worseEvaluations: standing.worseEvaluations + 1 };
}

/** True when the run should end: `patience` evaluations in a row were not better. Without settings never. */
export function isExhausted(standing: Standing, settings: { readonly patience: number } | undefined): boolean {
  return settings !== undefined && standing.worseEvaluations >= settings.patience;
}
