// The sequences that memory is estimated for: those of the rows that a run really comes to.

import { expect, test } from 'vitest';
import type { TokenisedDataset } from '../../../src/data/dataset.ts';
import { planOrder } from '../../../src/data/order.ts';
import { packingOf } from '../../../src/data/packing.ts';
import { expectSequences, type ExpectedSteps } from '../../../src/trainer/sessionPlan.ts';

/** A hundred rows of 2 to 101 tokens, of which the last is trained. */
const rows: TokenisedDataset = {
  length: 100,
  totals: { rows: 100, tokens: 5150, trainedTokens: 100 },
  tokenCount: (index) => index + 2,
  trainedCount: () => 1,
  sampleId: (index) => `rows.jsonl:${index + 1}`,
  row: (index) => ({
    sampleId: `rows.jsonl:${index + 1}`,
    tokens: new Int32Array(index + 2),
    mask: Uint8Array.from({ length: index + 2 }, (_, i) => (i === index + 1 ? 1 : 0)),
  }),
};

const order = planOrder({ rows: 100, rowsPerStep: 1, order: 'random', seed: 2 });
const expected: ExpectedSteps = { rows, order, packing: packingOf(undefined, 0), copies: 1 };

function longest(totalSteps: number): number {
  return Math.max(...expectSequences(expected, totalSteps).largest.map(({ tokens }) => tokens));
}

// The first steps are laid out; rows of later ones are known by their lengths.
test.each([1, 10, 24, 30, 60])('%s steps of one row each need what the longest of their rows needs', (totalSteps) => {
  const taken = Array.from({ length: totalSteps }, (_, i) => order.rowsOfStep(i + 1)[0]! + 2);
  expect(Math.max(...taken)).toBeLessThan(101);
  expect(longest(totalSteps)).toBe(Math.max(...taken));
});

test('a run of an epoch or more comes to the longest row of all', () => {
  expect(longest(100)).toBe(101);
  expect(longest(250)).toBe(101);
});
