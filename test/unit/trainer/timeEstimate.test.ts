// Seconds of a run: operations counted by hand, at a speed that is measured or that a run had.

import { describe, expect, test } from 'vitest';
import type { TokenisedDataset } from '../../../src/data/dataset.ts';
import { planOrder } from '../../../src/data/order.ts';
import type { AnswerTools, TrainingSession } from '../../../src/engine/session.ts';
import type { DrawnAnswersPlan } from '../../../src/trainer/drawnAnswers.ts';
import type { PlanEstimate } from '../../../src/trainer/sessionPlan.ts';
import {
  estimateSeconds,
  measureDrawing,
  measureSpeed,
  speedOfRun,
  type TimeRequest,
} from '../../../src/trainer/timeEstimate.ts';
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

describe('steps that draw answers', () => {
  /** Answers of 11 tokens; two draws in each of the three evaluations. */
  const drawn = { longest: 11, evaluationDraws: 2 };
  const time = { ...request(rows(1), false), evaluatedTokens: 0, drawn };
  const speed = { secondsPerFlop: 0.01, updateSeconds: 0.25, drawing: { beginSeconds: 2, tokenSeconds: 0.5 } };

  test('each draw takes its beginning and its longest answer', () => {
    const draws = 40 + 3 * 2;
    expect(estimateSeconds(speed, estimate, time)).toBeCloseTo(40 * (1.1 + 0.5) + draws * (2 + 10 * 0.5), 9);
  });

  test('a run says how far off passes and draws were', () => {
    const ended = { step: 40, totals: { ...freshState.totals, seconds: 1000 } };
    const learned = speedOfRun(ended, speed, estimate, time);
    expect(estimateSeconds(learned, estimate, time)).toBeCloseTo(1000, 9);
    expect(learned?.drawing).toEqual({
      beginSeconds: expect.closeTo(4 * learned!.drawing!.tokenSeconds, 9) as number,
      tokenSeconds: expect.closeTo(50 * learned!.secondsPerFlop, 9) as number,
    });
  });

  test('draws are measured from those of a step, to their last token', async () => {
    let now = 0;
    let draws = 0;
    const draw: AnswerTools['draw'] = (prompts, { maxNewTokens, stopTokenIds, group }) => {
      expect([prompts.length, stopTokenIds, group]).toEqual([2, [], 4]);
      // The first one is slower.
      now += 2000 + 500 * (maxNewTokens - 1) + (draws++ === 0 ? 700 : 0);
      return Promise.resolve([]);
    };
    const plan: DrawnAnswersPlan = {
      ...{ answers: { draw, score: () => Promise.resolve({}) }, group: 4, seed: 1, closing: [] },
      settings: { maxNewTokens: 11, temperature: 1, topP: 1, stopTokenIds: [7] },
      worthOf: () => [],
      decode: () => '',
    };
    const measured = await measureDrawing(plan, [Int32Array.of(1), Int32Array.of(2)], () => now);
    expect(measured).toEqual({ beginSeconds: 2, tokenSeconds: expect.closeTo(0.5, 9) as number });
  });
});
