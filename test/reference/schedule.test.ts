// Learning-rate schedules against transformers.get_scheduler, step by step.
import { expect, test } from 'vitest';
import { learningRateAt, type Schedule, type ScheduleKind } from '../../src/config/schedule.ts';
import { describeWith, runPython } from '../support/requirements.ts';

const kinds: readonly ScheduleKind[] = [
  'constant',
  'linear',
  'cosine',
  'cosine_with_min_lr',
  'inverse_sqrt',
  'warmup_stable_decay',
];

/** Lengths of run and warm-up, the edges among them: no warm-up, one step, all warm-up. */
const lengths = [
  [1, 0],
  [1, 1],
  [2, 1],
  [7, 0],
  [10, 3],
  [10, 10],
  [113, 4],
  [500, 50],
] as const;

const schedules: Schedule[] = kinds.flatMap((kind) =>
  lengths.flatMap(([totalSteps, warmupSteps]) =>
    [0, 0.1].map((minLrRatio) => ({
      kind,
      learningRate: 2e-4,
      totalSteps,
      warmupSteps,
      minLrRatio,
      decaySteps: Math.max(0, Math.min(Math.ceil(totalSteps / 5), totalSteps - warmupSteps)),
    })),
  ),
);

describeWith(['python'], 'schedules against transformers', () => {
  test('every kind, length and step', async () => {
    const reference = await runPython<number[][]>('test/reference/schedule.py', { input: schedules });
    expect(reference).toHaveLength(schedules.length);
    for (const [index, schedule] of schedules.entries()) {
      for (const [step, expected] of reference[index]!.entries()) {
        const actual = learningRateAt(schedule, step);
        expect(Math.abs(actual - expected), `${JSON.stringify(schedule)} at ${step}: ${actual}`).toBeLessThan(1e-18);
      }
    }
  });
});
