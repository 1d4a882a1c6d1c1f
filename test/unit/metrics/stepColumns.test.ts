// A long run in columns: a page of a few hundred buckets still has the spike of one step, in every metric.
import { expect, test } from 'vitest';
import { createStepColumns } from '../../../src/metrics/stepColumns.ts';
import { step } from '../../support/runEvents.ts';

const steps = 100_000;
const spike = 61_803;

test('a spike of one step in a hundred thousand is on every page that has it', () => {
  const columns = createStepColumns();
  for (let i = 1; i <= steps; i++) {
    const draft = step(i, i === spike ? 9 : 1 + (i % 7) / 100);
    if (draft.type !== 'step') throw new Error('a step was expected');
    columns.append({ ...draft, seq: i, time: '2026-11-24T00:00:00.000Z' }, i * 100, undefined);
  }
  for (const [from, to] of [
    [0, Number.POSITIVE_INFINITY],
    [50_000, 70_000],
    [spike, spike],
  ] as const) {
    const page = columns.page({ from, to, buckets: 600, smoothing: 0.9 });
    const at = page.step.indexOf(spike);
    expect(page.metrics['loss']?.[at]).toBe(9);
    expect(page.sigma[at]).toBeGreaterThan(4);
  }
  const whole = columns.page({ from: 0, to: Number.POSITIVE_INFINITY, buckets: 600, smoothing: 0 });
  expect(whole.total).toBe(steps);
  expect(whole.step.length).toBeLessThan(600 * 12);
});
