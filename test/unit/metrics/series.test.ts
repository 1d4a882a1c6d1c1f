// Smoothing, rates and sparklines against values worked out by hand.
import { expect, test } from 'vitest';
import { median, secondsLeft, tokensPerSecond } from '../../../src/metrics/rate.ts';
import { smooth } from '../../../src/metrics/smoothing.ts';
import { bucketise, sparkline } from '../../../src/metrics/sparkline.ts';

test('smoothing is a weighted mean without start-up bias', () => {
  // Weights of the values at the third place: 0.25, 0.5, 1 over their sum.
  expect(smooth([1, 3, 7], 0.5)[2]).toBeCloseTo((0.25 * 1 + 0.5 * 3 + 1 * 7) / 1.75, 12);
  expect(smooth([5, 5, 5], 0.9)).toEqual([5, 5, 5].map((value) => expect.closeTo(value, 12) as number));
  expect(smooth([1, 2], 0)).toEqual([1, 2]);
});

test('a value that is not finite stays where it is and spoils nothing', () => {
  const [first, broken, third] = smooth([2, Number.NaN, 2], 0.5);
  expect([first, broken, third]).toEqual([2, Number.NaN, 2]);
});

test('one slow step does not move the estimate', () => {
  const timings = [{ seconds: 60, tokens: 10 }, ...Array.from({ length: 5 }, () => ({ seconds: 2, tokens: 10 }))];
  expect(secondsLeft(timings, 10)).toBe(20);
  expect(secondsLeft(timings, 10, 5)).toBe(25);
  expect(secondsLeft([], 10)).toBeUndefined();
  expect(tokensPerSecond(timings)).toBeCloseTo(60 / 70);
  expect(tokensPerSecond([])).toBeUndefined();
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, Number.NaN]);
});

test('every value is in exactly one bucket, so a spike of one step survives', () => {
  const values = Array.from({ length: 1000 }, () => 1);
  values[617] = 50;
  values[618] = -3;
  const buckets = bucketise(values, 30);
  expect(buckets).toHaveLength(30);
  expect(Math.max(...buckets.map((bucket) => bucket.max))).toBe(50);
  expect(Math.min(...buckets.map((bucket) => bucket.min))).toBe(-3);
  expect(bucketise([1, 2], 30)).toHaveLength(2);
});

test('the drawing shows rise, spike and break', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█');
  const spiked = Array.from({ length: 100 }, () => 1);
  spiked[50] = 9;
  expect(sparkline(spiked, 10)).toBe('▁▁▁▁▁█▁▁▁▁');
  expect(sparkline([1, Number.NaN, 1], 3)).toBe('▁!▁');
  expect(sparkline([], 10)).toBe('');
});
