// Which step is tried before a long run: the one with the sequence that needs the most, unless the run soon comes to one.

import { expect, test } from 'vitest';
import type { TokenisedDataset } from '../../../src/data/dataset.ts';
import { planOrder } from '../../../src/data/order.ts';
import type { ExpectedSteps } from '../../../src/trainer/sessionPlan.ts';
import { chooseProbe, type ProbePlan, type StepsAhead } from '../../../src/trainer/memoryProbe.ts';

function datasetOf(lengths: readonly number[]): TokenisedDataset {
  const total = lengths.reduce((a, b) => a + b, 0);
  return {
    length: lengths.length,
    totals: { rows: lengths.length, tokens: total, trainedTokens: total - lengths.length },
    tokenCount: (index) => lengths[index]!,
    trainedCount: (index) => lengths[index]! - 1,
    sampleId: (index) => `rows.jsonl:${index + 1}`,
    row: (index) => ({
      sampleId: `rows.jsonl:${index + 1}`,
      tokens: new Int32Array(lengths[index]!),
      mask: new Uint8Array(lengths[index]!).fill(1),
    }),
  };
}

const planOf = (lengths: readonly number[], changes: Partial<ExpectedSteps> = {}): ProbePlan => ({
  steps: {
    rows: datasetOf(lengths),
    order: planOrder({ rows: lengths.length, rowsPerStep: 2, order: 'as_is', seed: 1 }),
    packing: { capacity: 16, packing: true },
    copies: 1,
    ...changes,
  },
  need: ({ tokens, lossTargets }) => 100 * tokens.length + lossTargets.length,
  freeBytes: 1e9,
});
const hours: StepsAhead = { from: 1, to: 5, seconds: 7200, memoryBytes: 0.6e9 };
const lengths = [4, 5, 6, 3, 9, 9, 12, 3, 2, 2];
const apart = { packing: { capacity: 0, packing: false } };

test('the sequences of the step with the most demanding one, which comes last', () => {
  // Step 3 has more tokens, but no room for both rows in one sequence; those of step 4 lie in one of 15.
  const found = chooseProbe(planOf(lengths), hours);
  expect(found?.step).toBe(4);
  expect(found?.sequences.map(({ tokens }) => tokens.length)).toEqual([15]);
  const alone = chooseProbe(planOf([4, 5, 6, 3, 15, 9, 2, 2, 2, 2], apart), hours);
  expect([alone?.step, alone?.sequences.map(({ tokens }) => tokens.length)]).toEqual([3, [9, 15]]);
});

test('a prompt counts with all of its answers', () => {
  const order = planOrder({ rows: 3, rowsPerStep: 1, order: 'as_is', seed: 1 });
  const ahead = { ...hours, to: 3 };
  expect(chooseProbe(planOf([3, 4, 9], { order }), ahead)?.step).toBe(3);
  // Of 9 tokens a sequence of 16 has one answer, of 4 four, and of 3 five.
  const found = chooseProbe(planOf([3, 4, 9], { order, copies: 6 }), ahead);
  expect([found?.step, found?.sequences.map(({ tokens }) => tokens.length)]).toEqual([2, [8, 16]]);
});

test('short runs do without, and those whose estimate takes most of the memory from a minute on', () => {
  expect(chooseProbe(planOf(lengths), { ...hours, seconds: 599 })).toBeUndefined();
  expect(chooseProbe(planOf(lengths), { ...hours, seconds: 601 })?.step).toBe(4);
  // Twice as much memory as the estimate wants is enough, however long it takes.
  expect(chooseProbe(planOf(lengths), { ...hours, memoryBytes: 0.49e9 })).toBeUndefined();
  const tight = { ...hours, memoryBytes: 0.9e9 };
  expect(chooseProbe(planOf(lengths), { ...tight, seconds: 59 })).toBeUndefined();
  // At 25 seconds a step the first minute ends with step 2, at 15 with step 4.
  expect(chooseProbe(planOf(lengths), { ...tight, seconds: 125 })?.step).toBe(4);
  expect(chooseProbe(planOf(lengths), { ...tight, seconds: 75 })).toBeUndefined();
});

test('what the first minute shows need not be tried, nor what a run has behind it', () => {
  // 50 seconds a step: the first minute has one.
  const ahead = { ...hours, to: 13, seconds: 650 };
  const short = Array.from({ length: 22 }, () => 2);
  // 0.95 of the most is near enough, 0.9 is not.
  expect(chooseProbe(planOf([90, 1, 100, 1, ...short], apart), ahead)?.step).toBe(2);
  expect(chooseProbe(planOf([96, 1, 100, 1, ...short], apart), ahead)).toBeUndefined();
  expect(chooseProbe(planOf([90, 1, 100, 1, ...short], apart), { ...ahead, from: 3, seconds: 780 })).toBeUndefined();
});
