// The learning rate at each step, with the formulas of transformers.get_scheduler.

import type { EffectiveTraining } from './effectiveTypes.ts';

export type ScheduleKind = EffectiveTraining['lr_scheduler'];

/** A schedule with everything counted out in steps; made by `scheduleFor`. */
export interface Schedule {
  readonly kind: ScheduleKind;
  /** Peak learning rate. */
  readonly learningRate: number;
  readonly totalSteps: number;
  readonly warmupSteps: number;
  /** Lowest over peak learning rate; read by cosine_with_min_lr and warmup_stable_decay. */
  readonly minLrRatio: number;
  /** Length of the fall at the end; read by warmup_stable_decay. */
  readonly decaySteps: number;
}

/** Time scale of inverse_sqrt without warm-up, in steps (as in transformers). */
const defaultTimescale = 10_000;

/** The schedule of a run of `totalSteps` optimiser steps. */
export function scheduleFor(training: EffectiveTraining, totalSteps: number): Schedule {
  return {
    kind: training.lr_scheduler,
    learningRate: training.learning_rate,
    totalSteps,
    warmupSteps: warmupSteps(training, totalSteps),
    minLrRatio: training.min_lr_ratio,
    decaySteps: Math.ceil(totalSteps * training.decay_ratio),
  };
}

/** Steps of warm-up: as given, or the ratio of all steps rounded up (as transformers' TrainingArguments does). */
export function warmupSteps(
  training: { readonly warmup_ratio?: number; readonly warmup_steps?: number },
  totalSteps: number,
): number {
  return training.warmup_steps ?? Math.ceil(totalSteps * (training.warmup_ratio ?? 0));
}

/**
 * The learning rate of one optimiser step. `step` counts from 0 as in PyTorch's LambdaLR: the first optimiser step of a
 * run takes `learningRateAt(schedule, 0)`, which is 0 when there is a warm-up.
 */
export function learningRateAt(schedule: Schedule, step: number): number {
  return schedule.learningRate * factorAt(schedule, step);
}

function factorAt(schedule: Schedule, step: number): number {
  const { kind, totalSteps, warmupSteps: warmup, minLrRatio } = schedule;
  if (step < warmup) {
    const rise = step / warmup;
    return kind === 'warmup_stable_decay' ? raised(rise, minLrRatio) : rise;
  }
  const progress = (step - warmup) / Math.max(1, totalSteps - warmup);
  switch (kind) {
    case 'constant':
      return 1;
    case 'linear':
      return Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmup));
    case 'cosine':
      return Math.max(0, halfCosine(progress));
    case 'cosine_with_min_lr':
      return Math.max(0, raised(halfCosine(progress), minLrRatio));
    case 'inverse_sqrt': {
      const timescale = warmup || defaultTimescale;
      return 1 / Math.sqrt((step + timescale - warmup) / timescale);
    }
    case 'warmup_stable_decay':
      return stableThenDecay(schedule, step);
  }
}

/** After warm-up: 1 until the last `decaySteps` steps, then half a cosine down to the lowest ratio. */
function stableThenDecay(schedule: Schedule, step: number): number {
  const { totalSteps, decaySteps, minLrRatio } = schedule;
  const decayStart = totalSteps - decaySteps;
  if (step < decayStart) return 1;
  if (step >= totalSteps) return minLrRatio;
  return Math.max(0, raised(halfCosine((step - decayStart) / Math.max(1, decaySteps)), minLrRatio));
}

/** From 1 at 0 to 0 at 1. */
function halfCosine(progress: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * progress));
}

/** Moves a factor of 0..1 to lowest..1. */
function raised(factor: number, lowest: number): number {
  return factor * (1 - lowest) + lowest;
}
