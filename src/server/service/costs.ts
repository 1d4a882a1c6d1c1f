// What a run of a config costs, as an estimate or as its last run measured it; said in the few words of a lens.
import { formatBytes, formatCount, formatDuration } from '../../metrics/numberText.ts';
import type { Estimates, EventBodies, RunPlan } from '../../protocol/events.ts';
import { say, type Phrases } from '../../protocol/phrases.ts';

export interface Costs {
  readonly origin: 'estimate' | 'measured';
  readonly memoryBytes?: number | undefined;
  readonly availableBytes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly tokensPerStep?: number | undefined;
  readonly diskBytes?: number | undefined;
  /** From 0 to 1. */
  readonly trainedShare?: number | undefined;
}

/** From what `finetune estimate` found. */
export function estimatedCosts(estimates: Estimates, plan: RunPlan, availableBytes: number | undefined): Costs {
  return {
    ...{ origin: 'estimate', availableBytes, ...ofPlan(plan) },
    memoryBytes: estimates.memory_bytes,
    seconds: estimates.seconds,
    diskBytes: estimates.disk_bytes,
  };
}

/** From the events of a run that went to its end. */
export function measuredCosts(
  took: EventBodies['finished']['took'],
  plan: RunPlan,
  availableBytes: number | undefined,
): Costs {
  return {
    ...{ origin: 'measured', availableBytes, ...ofPlan(plan) },
    // A run that stopped early has fewer.
    steps: took.steps,
    memoryBytes: took.peak_memory_bytes,
    seconds: took.seconds,
    diskBytes: took.disk_bytes,
  };
}

function ofPlan(plan: RunPlan): Pick<Costs, 'steps' | 'stepsPerEpoch' | 'tokensPerStep' | 'trainedShare'> {
  const { total_steps: steps, steps_per_epoch: stepsPerEpoch, train_tokens: tokens, trained_tokens: trained } = plan;
  return {
    steps,
    stepsPerEpoch,
    tokensPerStep: stepsPerEpoch > 0 ? tokens / stepsPerEpoch : undefined,
    trainedShare: tokens > 0 ? trained / tokens : undefined,
  };
}

/** The parts of the lens, such as `1.40 GB of 12.0 GB available` and `120 steps in 4 min 10 s`; the last says where from. */
export function costWords(costs: Costs, phrases: Phrases): string[] {
  const { diskBytes, trainedShare, origin } = costs;
  return [
    ...memoryWords(costs, phrases),
    costs.seconds === undefined
      ? say(phrases.steps, formatCount(costs.steps))
      : say(phrases.stepsIn, formatCount(costs.steps), formatDuration(costs.seconds)),
    ...(diskBytes === undefined ? [] : [say(phrases.disk, formatBytes(diskBytes))]),
    ...(trainedShare === undefined ? [] : [say(phrases.trained, Math.round(100 * trainedShare))]),
    origin === 'estimate' ? phrases.isEstimate : phrases.isMeasured,
  ];
}

function memoryWords({ memoryBytes, availableBytes, origin }: Costs, phrases: Phrases): string[] {
  if (memoryBytes === undefined) return [];
  if (availableBytes === undefined) return [say(phrases.memory, formatBytes(memoryBytes))];
  // A run that went to its end did fit.
  const isTooMuch = origin === 'estimate' && memoryBytes > availableBytes;
  const phrase = isTooMuch ? phrases.tooMuchMemory : phrases.memoryOf;
  return [say(phrase, formatBytes(memoryBytes), formatBytes(availableBytes))];
}
