// The numbers of an objective in events: means, extremes, parts put together, and what is not finite.

import { expect, test } from 'vitest';
import { joined, summarise } from '../../../src/trainer/observed.ts';

test('means over terms, but the extremes of what is called so', () => {
  const observed = { 'rewards/margins': [1, 3], 'reward/min': [2, -1], 'reward/max': Float32Array.of(5, 7) };
  expect(summarise(observed)).toEqual({ 'rewards/margins': 2, 'reward/min': -1, 'reward/max': 7 });
});

test('parts count by their terms, not by halves', () => {
  expect(summarise(joined([{ accuracy: [1, 1, 1] }, { accuracy: [0] }, {}]))).toEqual({ accuracy: 0.75 });
});

test('what is not finite is left out', () => {
  expect(summarise({ a: [NaN], b: [], c: [Infinity, 1], d: [4] })).toEqual({ d: 4 });
});
