// What the explorer shows: groups, filter, order, checkpoints.
import { expect, test } from 'vitest';
import { checkpointNodes } from '../../../src/extension/explorer/checkpoints.ts';
import { arrange, byConfig, groupOf } from '../../../src/extension/explorer/order.ts';
import { initialRunState, reduceRun } from '../../../src/protocol/runState.ts';
import { brokenRun, runRecord } from '../../support/runRecords.ts';
import { hello, numbered, started } from '../../support/runEvents.ts';

const plain = { filter: '', sort: 'newest' } as const;

test('every state has one group; a run that a person stopped is not among the interrupted', () => {
  const groups = (
    ['running', 'paused', 'preparing', 'completed', 'early_stopped', 'failed', 'stopped', 'interrupted'] as const
  ).map((status) => groupOf(runRecord({ status })));
  expect(groups).toEqual(['active', 'active', 'active', 'finished', 'finished', 'failed', 'stopped', 'interrupted']);
  expect(groupOf(brokenRun())).toBe('failed');
});

test('pinned runs come first, then the newest', () => {
  const runs = [
    runRecord({ id: 'old', created: '2026-01-01T00:00:00Z' }),
    runRecord({ id: 'new', created: '2026-01-03T00:00:00Z' }),
    runRecord({ id: 'pinned', created: '2025-01-01T00:00:00Z', label: { pinned: true } }),
  ];
  expect(arrange(runs, plain).map(({ id }) => id)).toEqual(['pinned', 'new', 'old']);
});

test('sorted by loss, the lowest is first, and runs without a loss or with NaN are last', () => {
  const runs = [
    runRecord({ id: 'none' }),
    runRecord({ id: 'high', loss: 2 }),
    runRecord({ id: 'nan', loss: Number.NaN }),
    runRecord({ id: 'low', loss: 0.5 }),
  ];
  const order = arrange(runs, { filter: '', sort: 'loss' }).map(({ id }) => id);
  expect(order.slice(0, 2)).toEqual(['low', 'high']);
  expect(order.slice(2).toSorted()).toEqual(['nan', 'none']);
});

test('all words of the filter must be found, in name, id, config or note, in any case', () => {
  const runs = [
    runRecord({ id: 'a', config: '/w/Support.finetune.yaml', label: { note: 'good one' } }),
    runRecord({ id: 'b', config: '/w/support.finetune.yaml' }),
    brokenRun('c'),
  ];
  expect(
    arrange(runs, { ...plain, filter: 'SUPPORT' })
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(['a', 'b']);
  expect(arrange(runs, { ...plain, filter: 'support good' }).map(({ id }) => id)).toEqual(['a']);
  expect(arrange(runs, { ...plain, filter: 'nothing' })).toEqual([]);
});

test('runs are grouped by the config that they were started from', () => {
  const runs = [
    runRecord({ id: 'a', config: '/x' }),
    runRecord({ id: 'b', config: '/y' }),
    runRecord({ id: 'c', config: '/x' }),
  ];
  expect([...byConfig(runs)].map(([file, members]) => [file, members.map(({ id }) => id)])).toEqual([
    ['/x', ['a', 'c']],
    ['/y', ['b']],
  ]);
});

test('checkpoints are newest first, and the one of the best evaluation is marked', () => {
  const checkpoint = (step: number, removed: string[] = []) =>
    ({
      type: 'checkpoint',
      step,
      path: `checkpoints/step-${step}`,
      bytes: 10,
      seconds: 1,
      reason: 'scheduled',
      removed,
    }) as const;
  const evaluation = (step: number, best: boolean) =>
    ({
      type: 'evaluated',
      step,
      best,
      loss: 2,
      perplexity: 7,
      rows: 8,
      trained_tokens: 9,
      seconds: 1,
      worst_rows: [],
    }) as const;
  const events = numbered([
    hello,
    started,
    checkpoint(10),
    evaluation(20, true),
    checkpoint(20),
    evaluation(30, false),
    checkpoint(30, ['checkpoints/step-10']),
  ]);
  const nodes = checkpointNodes('/run', events.reduce(reduceRun, initialRunState));
  expect(nodes.map(({ step, best }) => [step, best])).toEqual([
    [30, false],
    [20, true],
  ]);
});
