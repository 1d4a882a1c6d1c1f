// Seconds of a run: operations counted by hand, at a speed that is measured or that a run had.

import { expect, test } from 'vitest';
import type { TokenisedDataset } from '../../../src/data/dataset.ts';
import { planOrder } from '../../../src/data/order.ts';
import type { TrainingSession } from '../../../src/engine/session.ts';
import type { PlanEstimate } from '../../../src/trainer/sessionPlan.ts';
import { estimateSeconds, measureSpeed, speedOfRun, type TimeRequest } from '../../../src/trainer/timeEstimate.ts';
import { freshState } from '../../../src/trainer/training.ts';

/** Eight rows of 2 to 9 tokens, of which `trained` are trained. */
function rows(trained: number): TokenisedDataset {
  const tokenCount = (index: number): number => index + 2;
  return {
    length: 8,
    totals: { rows: 8, tokens: 44, trainedTokens: 8 * trained },
    tokenCount,
    trainedCount: () => trained,
    sampleId: (index) => `rows.jsonl:${index + 1}`,
    row: (index) => ({
      sampleId: `rows.jsonl:${index + 1}`,
      tokens: new Int32Array(tokenCount(index)),
      mask: Uint8Array.from({ length: tokenCount(index) }, (_, i) => (i > 0 && i <= trained ? 1 : 0)),
    }),
  };
}

function request(train: TokenisedDataset, isSteady: boolean): TimeRequest {
  const order = planOrder({
    ...{ rows: 8, rowsPerStep: 2, order: 'as_is', seed: 1 },
    difficulty: () => ({ trainedTokens: 1, tokens: 1 }),
  });
  return { train, order, capacity: undefined, isSteady, totalSteps: 40, evaluatedTokens: 11, evaluations: 3 };
}

/** Ten operations a token, 110 a step, two updates in each. */
const estimate: PlanEstimate = {
  ...{ memoryBytes: 0, flopsPerStep: 110, updatesPerStep: 2, trainableParameters: 1 },
  flopsOf: ({ tokens }) => 10 * tokens,
};

/** A session on which a token takes `seconds`. */
function sessionOf(seconds: number, probed: number[] = []): TrainingSession {
  const probe: TrainingSession['probe'] = ({ tokens }) => {
    probed.push(tokens.length);
    return Promise.resolve({ seconds: seconds * tokens.length, updateSeconds: 0.25 });
  };
  const info = { longestSharing: 0 } as TrainingSession['info'];
  return { info, probe } as Partial<TrainingSession> as TrainingSession;
}

test('a measured speed is that of the sequences of the first half second', async () => {
  const probed: number[] = [];
  expect(await measureSpeed(sessionOf(0.11, probed), estimate, request(rows(1), false))).toEqual({
    ...{ secondsPerFlop: expect.closeTo(0.011, 12) as number, updateSeconds: 0.25 },
  });
  expect(probed).toEqual([2, 3]);
  const longest: number[] = [];
  await measureSpeed(sessionOf(0.11, longest), estimate, request(rows(1), true));
  expect(longest).toEqual([5]);
});

test('rows that train nothing tell no speed', async () => {
  const time = request(rows(0), false);
  expect(await measureSpeed(sessionOf(0.1), estimate, time)).toBeUndefined();
  expect(estimateSeconds(undefined, estimate, time)).toBe(0);
});

test('steps, updates and evaluations add up', () => {
  const seconds = estimateSeconds({ secondsPerFlop: 0.01, updateSeconds: 0.25 }, estimate, request(rows(1), false));
  // 40 steps of 110 operations and two updates; three evaluations of 11 tokens at a third of ten operations.
  expect(seconds).toBeCloseTo(40 * (1.1 + 0.5) + (3 * 11 * 10 * 0.01) / 3, 9);
});

test('the speed of a run is the one that would have foretold it', () => {
  const time = request(rows(1), false);
  const guess = { secondsPerFlop: 1, updateSeconds: 0.25 };
  const ended = { step: 40, totals: { ...freshState.totals, seconds: 123 } };
  const learned = speedOfRun(ended, guess, estimate, time);
  expect(estimateSeconds(learned, estimate, time)).toBeCloseTo(123, 9);
  const halfway = { step: 20, totals: { ...freshState.totals, seconds: 61.5 } };
  expect(estimateSeconds(speedOfRun(halfway, guess, estimate, time), estimate, time)).toBeCloseTo(123, 9);
  expect(speedOfRun({ ...ended, step: 7 }, guess, estimate, time)).toBeUndefined();
  expect(speedOfRun({ ...ended, totals: freshState.totals }, guess, estimate, time)).toBeUndefined();
});
