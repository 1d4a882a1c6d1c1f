// The learning rate of each step: the config's schedule, and what people set while the run was going.

import { learningRateAt, type Schedule } from '../config/schedule.ts';

/** From `step` on (counting from 1) the base learning rate is `value`; the schedule keeps its shape. */
export interface LearningRateChange {
  readonly step: number;
  readonly value: number;
}

/** The learning rate of a step, counting from 1. Of the changes that apply, the one made last decides. */
export function learningRateOf(schedule: Schedule, changes: readonly LearningRateChange[], step: number): number {
  return learningRateAt({ ...schedule, learningRate: baseRateOf(schedule, changes, step) }, step - 1);
}

/** The base learning rate at a step, before the schedule's shape. */
export function baseRateOf(schedule: Schedule, changes: readonly LearningRateChange[], step: number): number {
  return changes.findLast((change) => change.step <= step)?.value ?? schedule.learningRate;
}
