// The queue as a file: order, two windows at once, and what lets the next one start.
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as queues from '../../../src/runs/queue.ts';
import { makeRunFolder } from '../../support/runFolders.ts';

let root: string;
let runs: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'finetune-queue-'));
  runs = join(root, '.finetune', 'runs');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const item = (name: string) => queues.queueItem(`/w/${name}.finetune.yaml`, name, [], new Date('2026-01-02T03:04:05Z'));
const add = (name: string) => queues.changeQueue(runs, (queue) => ({ ...queue, items: [...queue.items, item(name)] }));
const names = async () => (await queues.readQueue(runs)).items.map(({ name }) => name);

test('a queue that was never written is empty', async () => {
  expect(await queues.readQueue(runs)).toEqual(queues.emptyQueue);
});

test('items are moved and removed, and stay where they are at an end', async () => {
  for (const name of ['a', 'b', 'c']) await add(name);
  const [, , last] = (await queues.readQueue(runs)).items;
  await queues.changeQueue(runs, (queue) => queues.moveItem(queue, last!.id, -1));
  expect(await names()).toEqual(['a', 'c', 'b']);
  await queues.changeQueue(runs, (queue) => queues.moveItem(queue, queue.items[0]!.id, -1));
  expect(await names()).toEqual(['a', 'c', 'b']);
  await queues.changeQueue(runs, (queue) => queues.removeItem(queue, last!.id));
  expect(await names()).toEqual(['a', 'b']);
});

test('twenty changes at the same time are all there', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, i) => add(`n${i}`)));
  expect((await names()).toSorted()).toEqual(Array.from({ length: 20 }, (_, i) => `n${i}`).toSorted());
});

test('a lock that a dead program left is passed over', async () => {
  const lock = `${queues.queueFile(runs)}.lock`;
  await mkdir(lock, { recursive: true });
  await utimes(lock, new Date(0), new Date(0));
  await add('a');
  expect(await names()).toEqual(['a']);
});

test('a file that is no queue is refused with its place', async () => {
  await mkdir(join(root, '.finetune'), { recursive: true });
  await writeFile(queues.queueFile(runs), '{"version": 2}');
  await expect(queues.readQueue(runs)).rejects.toThrow(/queue\.json.*runs\/broken-queue/s);
});

test.each([
  ['completed', 'well'],
  ['early_stopped', 'well'],
  ['stopped', 'well'],
  ['failed', 'badly'],
] as const)('a run that is %s has ended %s', async (status, end) => {
  const after = await makeRunFolder(runs, { id: 'before', status });
  expect(await queues.previousEnd({ ...queues.emptyQueue, after })).toBe(end);
});

test('a run that was launched this moment is going on; one that is gone does not hold the queue', async () => {
  const after = await makeRunFolder(runs, { id: 'before', status: 'starting', created: new Date().toISOString() });
  expect(await queues.previousEnd({ ...queues.emptyQueue, after })).toBe('going');
  expect(await queues.previousEnd({ ...queues.emptyQueue, after: join(runs, 'gone') })).toBe('well');
});

test('after a bad end the queue is held, unless it is to go on', () => {
  const first = item('a');
  const queue = { ...queues.emptyQueue, items: [first, item('b')] };
  expect(queues.nextOf(queue, 'well')).toBe(first);
  expect(queues.nextOf(queue, 'going')).toBe('wait');
  expect(queues.nextOf(queue, 'badly')).toBe('held');
  expect(queues.nextOf({ ...queue, continue_on_error: true }, 'badly')).toBe(first);
  expect(queues.nextOf(queues.emptyQueue, 'badly')).toBe('wait');
});
