// A preview whose process fails: why is told once, and a new one is started when it is asked for.
import { expect, test } from 'vitest';
import type { PreviewProcess } from '../../../src/extension/datasets/previewProcess.ts';
import { createPreviewReader } from '../../../src/extension/datasets/previewReader.ts';
import type { PreviewState } from '../../../src/protocol/previewViews.ts';
import { PreviewSession } from '../../../src/preview/session.ts';

const state: PreviewState = new PreviewSession({ file: '/rows.jsonl', name: 'rows.jsonl', configs: [] }, () => {})
  .state;

/** Processes as the test says: each `open` is answered by the next of `answers`. */
function scene(answers: (() => Promise<unknown>)[]) {
  const told: string[] = [];
  const ends: ((sentence: string) => void)[] = [];
  let disposed = 0;
  const start = (_onState: (state: PreviewState) => void, onEnd: (sentence: string) => void): PreviewProcess => {
    told.push('started');
    ends.push(onEnd);
    return {
      ask: (method) => (method === 'open' ? answers.shift()!() : Promise.resolve(method)),
      dispose: () => {
        disposed += 1;
      },
    };
  };
  const reader = createPreviewReader(() => Promise.resolve({}), start, String, {
    onState: (_, isFirst) => told.push(isFirst ? 'first state' : 'state'),
    onFailure: (sentence) => told.push(sentence),
  });
  return { reader, told, ends, disposed: () => disposed };
}

test('a first open that fails is told, and another opens the file', async () => {
  const { reader, told, disposed } = scene([
    () => Promise.reject(new Error('no memory')),
    () => Promise.resolve(state),
  ]);
  await reader.open();
  expect([reader.state(), reader.failure(), disposed()]).toEqual([undefined, 'Error: no memory', 1]);
  await expect(reader.ask('page', {})).rejects.toThrow('no memory');
  await reader.open();
  expect(told).toEqual(['started', 'Error: no memory', 'started', 'first state']);
  expect([reader.state(), reader.failure()]).toEqual([state, undefined]);
  expect(await reader.ask('page', {})).toBe('page');
});

test('an answer that is no state is a failure too', async () => {
  const { reader, told } = scene([() => Promise.resolve({ name: 5 })]);
  await reader.open();
  expect(told).toEqual(['started', expect.stringContaining('malformed')]);
});

test('a process that ends later leaves no state; while one works, none is started beside it', async () => {
  const { reader, told, ends } = scene([() => Promise.resolve(state), () => Promise.resolve(state)]);
  await reader.open();
  await reader.open();
  ends[0]!('it ended');
  ends[0]!('it ended twice');
  expect([reader.state(), reader.failure()]).toEqual([undefined, 'it ended']);
  await reader.open();
  ends[0]!('the one before');
  expect(told).toEqual(['started', 'first state', 'it ended', 'started', 'first state']);
});

test('nothing is told and nothing started after the panel is closed', async () => {
  const { reader, told, ends } = scene([() => Promise.resolve(state)]);
  await reader.open();
  reader.dispose();
  ends[0]!('it ended');
  await reader.open();
  expect(told).toEqual(['started', 'first state']);
});
