// Learning rates by step against numbers of transformers (test/reference/schedule.test.ts compares many more).
import { describe, expect, test } from 'vitest';
import { learningRateAt, scheduleFor, warmupSteps, type ScheduleKind } from '../../../src/config/schedule.ts';
import { effectiveConfig } from '../../../src/config/effective.ts';

/**
 * Made with transformers 5.23.0 and torch 2.15: the learning rates of `get_scheduler(kind, SGD(lr=1),
 * num_warmup_steps=warmup, num_training_steps=8)` at steps 0 to 8, with min_lr_rate / min_lr_ratio 0.1 and
 * num_decay_steps 4 where the kind takes them (constant is `constant_with_warmup` there), rounded to 6 digits.
 */
const table: readonly (readonly [ScheduleKind, number, readonly number[]])[] = [
  ['constant', 0, [1, 1, 1, 1, 1, 1, 1, 1, 1]],
  ['constant', 3, [0, 0.333333, 0.666667, 1, 1, 1, 1, 1, 1]],
  ['linear', 0, [1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0]],
  ['linear', 3, [0, 0.333333, 0.666667, 1, 0.8, 0.6, 0.4, 0.2, 0]],
  ['cosine', 0, [1, 0.96194, 0.853553, 0.691342, 0.5, 0.308658, 0.146447, 0.03806, 0]],
  ['cosine', 3, [0, 0.333333, 0.666667, 1, 0.904508, 0.654508, 0.345492, 0.095492, 0]],
  ['cosine_with_min_lr', 0, [1, 0.965746, 0.868198, 0.722208, 0.55, 0.377792, 0.231802, 0.134254, 0.1]],
  ['cosine_with_min_lr', 3, [0, 0.333333, 0.666667, 1, 0.914058, 0.689058, 0.410942, 0.185942, 0.1]],
  ['inverse_sqrt', 0, [1, 0.99995, 0.9999, 0.99985, 0.9998, 0.99975, 0.9997, 0.99965, 0.9996]],
  ['inverse_sqrt', 3, [0, 0.333333, 0.666667, 1, 0.866025, 0.774597, 0.707107, 0.654654, 0.612372]],
  ['warmup_stable_decay', 0, [1, 1, 1, 1, 1, 0.868198, 0.55, 0.231802, 0.1]],
  ['warmup_stable_decay', 3, [0.1, 0.4, 0.7, 1, 1, 0.868198, 0.55, 0.231802, 0.1]],
];

test.each(table)('%s with a warm-up of %i steps', (kind, warmup, expected) => {
  const schedule = { kind, learningRate: 1, totalSteps: 8, warmupSteps: warmup, minLrRatio: 0.1, decaySteps: 4 };
  const actual = expected.map((_, step) => learningRateAt(schedule, step));
  for (const [step, value] of actual.entries()) expect(value, `step ${step}`).toBeCloseTo(expected[step]!, 6);
});

test('the learning rate scales the whole course', () => {
  const schedule = {
    kind: 'linear',
    learningRate: 2e-4,
    totalSteps: 8,
    warmupSteps: 0,
    minLrRatio: 0,
    decaySteps: 0,
  } as const;
  expect(learningRateAt(schedule, 2)).toBeCloseTo(1.5e-4, 12);
});

describe('from a config', () => {
  const machine = { cores: 1, devices: [] };
  const training = (fields: object) =>
    effectiveConfig({ version: 1, model: 'a/b', data: { train: 'a' }, training: fields }, { machine }).config.training;

  test('defaults', () => {
    expect(scheduleFor(training({}), 100)).toEqual({
      kind: 'cosine',
      learningRate: 2e-4,
      totalSteps: 100,
      warmupSteps: 3,
      minLrRatio: 0.1,
      decaySteps: 20,
    });
  });

  test('steps of warm-up are as given, or the ratio rounded up (transformers: ceil)', () => {
    expect(warmupSteps(training({ warmup_steps: 7 }), 10)).toBe(7);
    expect(warmupSteps(training({ warmup_ratio: 0.03 }), 34)).toBe(2);
    expect(warmupSteps(training({ warmup_ratio: 0 }), 34)).toBe(0);
    expect(warmupSteps({}, 34)).toBe(0);
  });
});
