// How long a run will take: operations are counted, and their speed is measured on the run's own first sequences.

import type { TokenisedDataset } from '../data/dataset.ts';
import type { RowOrder } from '../data/order.ts';
import { packingOf, packRows } from '../data/packing.ts';
import type { TrainingSession } from '../engine/session.ts';
import type { PackedSequence } from '../protocol/sequence.ts';
import type { DrawnAnswersPlan } from './drawnAnswers.ts';
import type { PlanEstimate } from './sessionPlan.ts';
import { computedSize } from './sharedBeginnings.ts';
import type { DrawingSpeed, Speed } from './speedMemory.ts';
import type { TrainerState } from './training.ts';

/** After this much measuring the estimate is taken as it is, in seconds: the run should begin. */
const budget = 0.5;

/** Evaluation has no backward pass, which is about two thirds of the operations. */
const evaluationShare = 1 / 3;

export interface TimeRequest {
  /** Rows as steps compute them. */
  readonly train: TokenisedDataset;
  readonly order: RowOrder;
  readonly capacity: number | undefined;
  /** Whether passes are long beside what begins and ends them, so that a short one tells as much as a long one. */
  readonly isSteady: boolean;
  readonly totalSteps: number;
  /** Tokens of the validation rows, and how often they are evaluated. */
  readonly evaluatedTokens: number;
  readonly evaluations: number;
  /** Where steps draw answers: the longest that they may get, in tokens, and how many draws an evaluation takes. */
  readonly drawn?: { readonly longest: number; readonly evaluationDraws: number } | undefined;
}

/** Seconds of all steps and evaluations; 0 where there is no speed because nothing is trained. */
export function estimateSeconds(speed: Speed | undefined, estimate: PlanEstimate, request: TimeRequest): number {
  if (!speed) return 0;
  const { totalSteps } = request;
  const updates = totalSteps * estimate.updatesPerStep * speed.updateSeconds;
  return computingUntil(totalSteps, speed, estimate, request) + updates;
}

/** Seconds of passes and draws of the first steps, and of the evaluations that belong to them. */
function computingUntil(step: number, speed: Speed, estimate: PlanEstimate, request: TimeRequest): number {
  const { drawn, evaluations, totalSteps } = request;
  const passes = flopsUntil(step, estimate, request) * speed.secondsPerFlop;
  if (!drawn || !speed.drawing) return passes;
  const { beginSeconds, tokenSeconds } = speed.drawing;
  const draws = step + ((evaluations * step) / Math.max(1, totalSteps)) * drawn.evaluationDraws;
  return passes + draws * (beginSeconds + (drawn.longest - 1) * tokenSeconds);
}

/** Measures on the run's first sequences; undefined where none of them trains anything. */
export async function measureSpeed(
  session: TrainingSession,
  { flopsOf }: PlanEstimate,
  request: TimeRequest,
): Promise<Speed | undefined> {
  let seconds = 0;
  let flops = 0;
  let updateSeconds = 0;
  for (const sequence of measuredSequences(request)) {
    const measured = await session.probe(sequence);
    seconds += measured.seconds;
    updateSeconds = measured.updateSeconds;
    flops += flopsOf(computedSize(sequence, session.info.longestSharing));
    if (seconds > budget) break;
  }
  return flops > 0 && seconds > 0 ? { secondsPerFlop: seconds / flops, updateSeconds } : undefined;
}

/** Tokens of each answer in a draw that is measured, behind the first one. */
const measuredTokens = 6;

/** Measures draws of answers to the prompts of a step: nobody sees them. `clock` in milliseconds. */
export async function measureDrawing(
  { answers, settings, group, seed }: DrawnAnswersPlan,
  prompts: readonly Int32Array[],
  clock: () => number = () => performance.now(),
): Promise<DrawingSpeed> {
  const secondsOf = async (maxNewTokens: number): Promise<number> => {
    const started = clock();
    await answers.draw(prompts, { ...settings, stopTokenIds: [], maxNewTokens, group, seed });
    return (clock() - started) / 1000;
  };
  // What is done for the first time takes longer.
  await secondsOf(1);
  const beginSeconds = await secondsOf(1);
  const seconds = await secondsOf(1 + measuredTokens);
  return { beginSeconds, tokenSeconds: Math.max(0, seconds - beginSeconds) / measuredTokens };
}

/** Steps whose time tells more than a measurement before the run: the first of them are slower. */
const tellingSteps = 8;

/**
 * The speed by which the estimate would have been right about the steps and evaluations that a run has behind it;
 * undefined where they are too few.
 */
export function speedOfRun(
  { step, totals }: Pick<TrainerState, 'step' | 'totals'>,
  speed: Speed,
  estimate: PlanEstimate,
  request: TimeRequest,
): Speed | undefined {
  const { secondsPerFlop, updateSeconds, drawing } = speed;
  const seconds = totals.seconds - step * estimate.updatesPerStep * updateSeconds;
  if (step < tellingSteps || seconds <= 0) return undefined;
  // How much of it was drawing is not told: passes and draws were foretold wrongly alike.
  const off = seconds / computingUntil(step, speed, estimate, request);
  return {
    secondsPerFlop: off * secondsPerFlop,
    updateSeconds,
    ...(drawing
      ? { drawing: { beginSeconds: off * drawing.beginSeconds, tokenSeconds: off * drawing.tokenSeconds } }
      : {}),
  };
}

/** Operations of the first steps of a run, and of the evaluations that belong to them. */
function flopsUntil(
  step: number,
  { flopsPerStep }: PlanEstimate,
  { train, order, totalSteps, evaluatedTokens, evaluations }: TimeRequest,
): number {
  const flopsPerToken = (flopsPerStep * order.stepsPerEpoch) / train.totals.tokens;
  const evaluated = (evaluations * step) / Math.max(1, totalSteps);
  return step * flopsPerStep + evaluated * evaluatedTokens * flopsPerToken * evaluationShare;
}

/** The sequences of the first steps; where a short one will do, single rows of them, the longest first. */
function measuredSequences({ train, order, capacity, isSteady }: TimeRequest): PackedSequence[] {
  const packing = packingOf(capacity, 0);
  const steps = [1, 2].map((step) => Array.from(order.rowsOfStep(step), (row) => train.row(row)));
  const alone = isSteady ? steps.flat().map((row) => [row]) : steps;
  const sequences = alone.flatMap((rows) => packRows(rows, packing)).filter((one) => one.lossPositions.length > 0);
  return isSteady ? sequences.toSorted((a, b) => b.tokens.length - a.tokens.length) : sequences;
}
