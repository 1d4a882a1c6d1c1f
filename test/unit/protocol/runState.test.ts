// The reducer: phases, restarts that run steps again, gaps, and the persistent series under it.
import { describe, expect, test } from 'vitest';
import type { EventDraft, TrainerEvent } from '../../../src/protocol/events.ts';
import { initialRunState, reduceRun, type RunState } from '../../../src/protocol/runState.ts';
import { append, dropLastWhile, emptySeries, lastOf, toArray } from '../../../src/protocol/series.ts';
import { fullEvents } from '../../support/events.ts';

function replay(drafts: readonly EventDraft[], from: RunState = initialRunState): RunState {
  return drafts.reduce<RunState>((state, draft) => {
    const event: TrainerEvent = { seq: state.nextSeq, time: '2026-01-01T00:00:00.000Z', ...draft };
    return reduceRun(state, event);
  }, from);
}

const hello: EventDraft = { type: 'hello', ...fullEvents.hello };
const started: EventDraft = { type: 'started', ...fullEvents.started };
const step = (number: number, loss = number): EventDraft => ({ type: 'step', ...fullEvents.step, step: number, loss });
const evaluated = (number: number): EventDraft => ({ type: 'evaluated', ...fullEvents.evaluated, step: number });
const saved = (number: number, removed: string[] = []): EventDraft => ({
  type: 'checkpoint',
  ...fullEvents.checkpoint,
  step: number,
  path: `checkpoints/step-${number}`,
  removed,
});

test('phases follow the events', () => {
  const phases = [
    hello,
    { type: 'progress', ...fullEvents.progress } as const,
    started,
    step(1),
    { type: 'paused', step: 1 } as const,
    { type: 'resumed', step: 1, after: 'pause' } as const,
    { type: 'finished', ...fullEvents.finished, outcome: 'early_stopped' } as const,
  ].map((_, index, all) => replay(all.slice(0, index + 1)).phase);
  expect(phases).toEqual(['starting', 'preparing', 'running', 'running', 'paused', 'running', 'early_stopped']);
});

test('a restart forgets what is run again and keeps the settings', () => {
  const before = [hello, started, step(1), step(2), evaluated(2), saved(2), step(3), step(4), evaluated(4)];
  const change: EventDraft = { type: 'setting_changed', ...fullEvents.setting_changed, step: 4 };
  const again: EventDraft = { type: 'resumed', step: 2, after: 'restart', checkpoint: 'checkpoints/step-2' };
  const state = replay([...before, change, hello, started, again, step(3, 30), step(4, 40)]);
  expect(toArray(state.steps).map(({ step: at, loss }) => [at, loss])).toEqual([
    [1, 1],
    [2, 2],
    [3, 30],
    [4, 40],
  ]);
  expect(toArray(state.evaluations).map((event) => event.step)).toEqual([2]);
  expect(state.settings).toHaveLength(1);
  expect(state.processes).toBe(2);
});

test('a restart at the very beginning measures again what came before the first step, going on after a pause does not', () => {
  const sample: EventDraft = { type: 'sample', ...fullEvents.sample, step: 0 };
  const before = [hello, started, evaluated(0), sample];
  const restarted = replay([...before, hello, started, { type: 'resumed', step: 0, after: 'restart' }, evaluated(0)]);
  expect([toArray(restarted.evaluations).length, toArray(restarted.samples).length]).toEqual([1, 0]);
  const paused = replay([...before, { type: 'paused', step: 0 }, { type: 'resumed', step: 0, after: 'pause' }]);
  expect([toArray(paused.evaluations).length, toArray(paused.samples).length]).toEqual([1, 1]);
});

test('a new process takes the end back', () => {
  const failed = replay([hello, { type: 'failed', ...fullEvents.failed }]);
  expect([failed.phase, failed.failed?.cause.code]).toEqual(['failed', 'data/invalid-json']);
  expect(replay([hello], failed)).toMatchObject({ phase: 'starting', failed: undefined });
});

test('checkpoints that retention removed are gone, one written twice is there once', () => {
  const state = replay([saved(1), saved(2), saved(3, ['checkpoints/step-1']), saved(3)]);
  expect(state.checkpoints.map(({ path }) => path)).toEqual(['checkpoints/step-2', 'checkpoints/step-3']);
});

test('a gap is noted, an event seen twice changes nothing', () => {
  const first = replay([hello]);
  const event: TrainerEvent = { seq: 4, time: '', ...step(1) };
  const state = reduceRun(first, event);
  expect(state.gaps).toEqual(['Events 1 to 3 are missing.']);
  expect(reduceRun(state, event)).toBe(state);
});

describe('series', () => {
  const build = (length: number) =>
    Array.from({ length }, (_, i) => i).reduce((list, i) => append(list, i), emptySeries<number>());

  test('keeps every item in order, and old versions stay as they were', () => {
    const old = build(700);
    const longer = append(old, -1);
    expect(toArray(old)).toEqual(Array.from({ length: 700 }, (_, i) => i));
    expect([longer.length, lastOf(longer), old.length, lastOf(old)]).toEqual([701, -1, 700, 699]);
  });

  test.each([0, 1, 511, 512, 513, 1023, 1024, 1500])('drops from the end down to %i', (kept) => {
    const series = build(1500);
    const short = dropLastWhile(series, (item) => item >= kept);
    expect([short.length, toArray(short).length, lastOf(short)]).toEqual([
      kept,
      kept,
      kept === 0 ? undefined : kept - 1,
    ]);
    expect(toArray(append(short, 9)).at(-1)).toBe(9);
  });

  test('replaying 100 000 steps takes a moment, not a minute', () => {
    expect(build(100_000).length).toBe(100_000);
  });
});
