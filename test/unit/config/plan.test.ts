// Steps of a run, counted by hand and against the Trainer's own arithmetic.
import { expect, test } from 'vitest';
import { planSteps } from '../../../src/config/plan.ts';

test.each([
  // rows, batch, accumulation, epochs → per epoch, total
  [100, 4, 1, 1, 25, 25],
  [101, 4, 1, 1, 26, 26], // the last step has one row
  [101, 4, 4, 3, 7, 21],
  [3, 4, 4, 2, 1, 2],
  [100, 4, 1, 0.5, 25, 13], // half an epoch is rounded up to whole steps
  [100, 4, 1, 2.1, 25, 53],
  [0, 4, 1, 3, 0, 0],
])(
  '%i rows, batches of %i × %i, %f epochs: %i steps an epoch, %i in all',
  (rows, batchSize, accumulation, epochs, perEpoch, total) => {
    expect(planSteps({ rows, batchSize, accumulation, epochs })).toEqual({
      rowsPerStep: batchSize * accumulation,
      stepsPerEpoch: perEpoch,
      totalSteps: total,
      epochs,
    });
  },
);

test('max_steps decides alone, and says how many epochs that is', () => {
  expect(planSteps({ rows: 100, batchSize: 4, accumulation: 1, maxSteps: 40 })).toMatchObject({
    totalSteps: 40,
    epochs: 1.6,
  });
  expect(planSteps({ rows: 0, batchSize: 4, accumulation: 1, maxSteps: 40 })).toMatchObject({
    totalSteps: 40,
    epochs: 0,
  });
});
