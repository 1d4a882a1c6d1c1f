// Before a long run begins, the step that needs the most memory is tried: what is too much shows at once, not after hours.

import type { PackedSequence } from '../protocol/sequence.ts';
import { ProblemError } from '../protocol/problem.ts';
import type { PreparedRun } from './preparedRun.ts';
import { sequencesOfStep, type ExpectedSteps } from './sessionPlan.ts';
import type { Training } from './training.ts';

type Probed = Pick<PreparedRun, 'session' | 'chooseProbe' | 'estimates' | 'settings'> &
  Pick<Training, 'control' | 'report' | 'clock' | 'state'>;

/** Tries the step that needs the most where that is worth it, and reports what it took. Throws what a step throws. */
export async function probeMemory(run: Probed): Promise<void> {
  const { session, estimates, settings, control, report, clock, state } = run;
  if (!session.probeMemory) return;
  const { seconds = 0, memory_bytes: memoryBytes = 0 } = estimates;
  const found = run.chooseProbe?.({ from: state.step + 1, to: settings.totalSteps, seconds, memoryBytes });
  if (!found) return;
  const { step, sequences } = found;
  report({ type: 'progress', stage: 'engine', message: `Trying step ${step}, which needs the most memory` });
  const started = clock();
  try {
    await control.interruptible(session.probeMemory({ step, sequences }));
  } catch (error) {
    throw sayingWhen(error, step);
  }
  const { peakBytes } = await session.memory();
  const tokens = sequences.at(-1)!.tokens.length;
  report({ type: 'probed', step, tokens, memory_bytes: peakBytes, seconds: (clock() - started) / 1000 });
}

/** What a try is chosen from. */
export interface ProbePlan {
  readonly steps: ExpectedSteps;
  /** Bytes that the passes over a sequence need, as estimated. */
  readonly need: (sequence: PackedSequence) => number;
  /** What a step may take. */
  readonly freeBytes: number;
}

/** The steps of a run that are still to be taken, and what all of its steps cost, as estimated. */
export interface StepsAhead {
  readonly from: number;
  readonly to: number;
  readonly seconds: number;
  readonly memoryBytes: number;
}

export interface HeavyStep {
  readonly step: number;
  /** The most demanding one last. */
  readonly sequences: readonly PackedSequence[];
}

/**
 * Where the estimate takes half of the free memory a run that takes longer, in seconds, is worth a try; where it takes
 * most of it, one of a minute is. Estimates are not wrong by as much as a half.
 */
const long = 600;
const aMinute = 60;
const halfShare = 0.5;
const tightShare = 0.8;

/** A step of the first minute that needs as much as this share of the most is the try itself. */
const asMuch = 0.95;

/** Steps that are laid out to find the most demanding one: those with the most tokens. */
const lookedAt = 64;

/** Undefined where there is memory enough or the run is short, and where its first minute has a step that needs about as much. */
export function chooseProbe(plan: ProbePlan, { from, to, seconds, memoryBytes }: StepsAhead): HeavyStep | undefined {
  const secondsPerStep = seconds / to;
  const share = memoryBytes / plan.freeBytes;
  if (share <= halfShare) return undefined;
  const isTight = share > tightShare;
  if ((to - from + 1) * secondsPerStep < (isTight ? aMinute : long)) return undefined;
  const soon = Math.min(to, from - 1 + Math.floor(aMinute / secondsPerStep));
  const most = heaviest(plan, from, to);
  if (!most) return undefined;
  const early = heaviest(plan, from, soon);
  if (early && early.bytes >= asMuch * most.bytes) return undefined;
  return { step: most.step, sequences: most.sequences };
}

/** The step whose most demanding sequence needs the most, and its sequences, that one last. */
function heaviest({ steps, need }: ProbePlan, from: number, to: number): (HeavyStep & { bytes: number }) | undefined {
  const atMost = Array.from({ length: to - from + 1 }, (_, i) => ({
    step: from + i,
    tokens: longest(steps, from + i),
  }));
  const largest = atMost.sort((a, b) => b.tokens - a.tokens).slice(0, lookedAt);
  return largest
    .map(({ step }) => {
      const sized = sequencesOfStep(steps, step).map((sequence) => ({ sequence, bytes: need(sequence) }));
      sized.sort((a, b) => a.bytes - b.bytes);
      return { step, sequences: sized.map(({ sequence }) => sequence), bytes: sized.at(-1)?.bytes ?? 0 };
    })
    .reduce<(HeavyStep & { bytes: number }) | undefined>((a, b) => (a && a.bytes >= b.bytes ? a : b), undefined);
}

/** Tokens of a step's longest sequence at the most, by the lengths of its rows alone. */
function longest({ rows, order, packing, copies }: ExpectedSteps, step: number): number {
  const lengths = Array.from(order.rowsOfStep(step), (row) => rows.tokenCount(row));
  const together = copies * lengths.reduce((a, b) => a + b, 0);
  return Math.max(0, ...lengths, packing.packing ? Math.min(together, packing.capacity) : 0);
}

/** That memory ran out is told with when it did. */
function sayingWhen(error: unknown, step: number): unknown {
  const [main] = error instanceof ProblemError ? error.problems : [];
  if (main?.code !== 'torch/out-of-memory') return error;
  const when = `It happened when step ${step}, which needs the most memory, was tried before any step was taken.`;
  return new ProblemError([{ ...main, details: [when, ...(main.details ?? [])] }]);
}
