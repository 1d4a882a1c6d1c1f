// Answers of a group against each other.

import { expect, test } from 'vitest';
import { groupAdvantages } from '../../../src/trainer/drawnAnswers.ts';

test('advantages are distances from the mean of the group, in its standard deviations', () => {
  const found = groupAdvantages([1, 3, 10, 10], 2);
  expect(found[0]).toBeCloseTo(-Math.SQRT1_2, 3);
  expect(found[1]).toBeCloseTo(Math.SQRT1_2, 3);
  expect(found.slice(2)).toEqual([0, 0]);
});
