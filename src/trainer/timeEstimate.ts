// How long a run will take: its own first sequences are computed once, and operations are counted for the rest.

import type { TokenisedDataset } from '../data/dataset.ts';
import type { RowOrder } from '../data/order.ts';
import { packRows } from '../data/packing.ts';
import { sequenceSize } from '../engine/costs.ts';
import type { TrainingSession } from '../engine/session.ts';
import type { PlanEstimate } from './sessionPlan.ts';

/** After this much measuring the estimate is taken as it is, in seconds: the run should begin. */
const budget = 0.5;

/** Evaluation has no backward pass, which is about two thirds of the operations. */
const evaluationShare = 1 / 3;

export interface TimeRequest {
  readonly train: TokenisedDataset;
  readonly order: RowOrder;
  readonly capacity: number | undefined;
  readonly totalSteps: number;
  /** Tokens of the validation rows, and how often they are evaluated. */
  readonly evaluatedTokens: number;
  readonly evaluations: number;
}

/**
 * Seconds of all steps and evaluations. The first computation also touches all memory for the first time, so it only
 * warms up; what is measured is operations per second.
 */
export async function estimateSeconds(
  session: TrainingSession,
  { flopsOf, flopsPerStep }: PlanEstimate,
  request: TimeRequest,
): Promise<number> {
  const { train, order, capacity, totalSteps } = request;
  const packing = { capacity: capacity ?? 0, packing: capacity !== undefined };
  const steps = [1, 2].map((step) => Array.from(order.rowsOfStep(step), (row) => train.row(row)));
  const sequences = steps.flatMap((rows) => packRows(rows, packing)).filter((one) => one.lossPositions.length > 0);
  const [first] = sequences;
  if (!first) return 0;
  const { updateSeconds } = await session.probe(first);
  let seconds = 0;
  let flops = 0;
  for (const sequence of sequences) {
    seconds += (await session.probe(sequence)).seconds;
    flops += flopsOf(sequenceSize(sequence));
    if (seconds > budget) break;
  }
  const flopsPerToken = (flopsPerStep * order.stepsPerEpoch) / train.totals.tokens;
  const evaluation = request.evaluations * request.evaluatedTokens * flopsPerToken * evaluationShare;
  return ((totalSteps * flopsPerStep + evaluation) * seconds) / flops + totalSteps * updateSeconds;
}
