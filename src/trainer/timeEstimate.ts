// How long a run will take: its own first sequences are computed once, and operations are counted for the rest.

import type { TokenisedDataset } from '../data/dataset.ts';
import type { RowOrder } from '../data/order.ts';
import { packRows } from '../data/packing.ts';
import { sequenceSize } from '../engine/costs.ts';
import type { TrainingSession } from '../engine/session.ts';
import type { PackedSequence } from '../protocol/sequence.ts';
import type { PlanEstimate } from './sessionPlan.ts';

/** After this much measuring the estimate is taken as it is, in seconds: the run should begin. */
const budget = 0.5;

/** Evaluation has no backward pass, which is about two thirds of the operations. */
const evaluationShare = 1 / 3;

export interface TimeRequest {
  readonly train: TokenisedDataset;
  readonly order: RowOrder;
  readonly capacity: number | undefined;
  /** Whether passes are long beside what begins and ends them, so that a short one tells as much as a long one. */
  readonly isSteady: boolean;
  readonly totalSteps: number;
  /** Tokens of the validation rows, and how often they are evaluated. */
  readonly evaluatedTokens: number;
  readonly evaluations: number;
}

/**
 * Seconds of all steps and evaluations, from operations per second that are measured on the first sequences.
 */
export async function estimateSeconds(
  session: TrainingSession,
  { flopsOf, flopsPerStep, updatesPerStep }: PlanEstimate,
  request: TimeRequest,
): Promise<number> {
  const { train, order, totalSteps } = request;
  const sequences = measuredSequences(request);
  if (sequences.length === 0) return 0;
  let seconds = 0;
  let flops = 0;
  let updateSeconds = 0;
  for (const sequence of sequences) {
    const measured = await session.probe(sequence);
    seconds += measured.seconds;
    updateSeconds = measured.updateSeconds;
    flops += flopsOf(sequenceSize(sequence));
    if (seconds > budget) break;
  }
  const flopsPerToken = (flopsPerStep * order.stepsPerEpoch) / train.totals.tokens;
  const evaluation = request.evaluations * request.evaluatedTokens * flopsPerToken * evaluationShare;
  return ((totalSteps * flopsPerStep + evaluation) * seconds) / flops + totalSteps * updatesPerStep * updateSeconds;
}

/** The sequences of the first steps; where a short one will do, single rows of them, the longest first. */
function measuredSequences({ train, order, capacity, isSteady }: TimeRequest): PackedSequence[] {
  const packing = { capacity: capacity ?? 0, packing: capacity !== undefined };
  const steps = [1, 2].map((step) => Array.from(order.rowsOfStep(step), (row) => train.row(row)));
  const alone = isSteady ? steps.flat().map((row) => [row]) : steps;
  const sequences = alone.flatMap((rows) => packRows(rows, packing)).filter((one) => one.lossPositions.length > 0);
  return isSteady ? sequences.toSorted((a, b) => b.tokens.length - a.tokens.length) : sequences;
}
