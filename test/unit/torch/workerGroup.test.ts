// Ranks as one: answered together, and ended together with the fault that the others follow from.

import { expect, test } from 'vitest';
import { problem, ProblemError } from '../../../src/protocol/problem.ts';
import type { Frame } from '../../../src/torch/session/frames.ts';
import { prefixed } from '../../../src/torch/session/ranks.ts';
import { createWorkerGroup } from '../../../src/torch/session/workerGroup.ts';
import { scriptedRank } from '../../support/rankProcess.ts';

const answer = (rank: number): Frame => ({ head: { rank }, parts: [] });
const never = () => new Promise<Frame>(() => undefined);

async function failureOf(asked: Promise<unknown>): Promise<ProblemError> {
  const error = await asked.then(
    () => undefined,
    (found: unknown) => found,
  );
  if (!(error instanceof ProblemError)) throw new Error('nothing failed');
  return error;
}

test('all are asked at once, and answers come by rank', async () => {
  const group = createWorkerGroup([0, 1, 2].map((rank) => scriptedRank(rank, () => Promise.resolve(answer(rank)))));
  expect((await group.askAll('create')).map(({ head }) => head['rank'])).toEqual([0, 1, 2]);
  expect((await group.ask('list')).head['rank']).toBe(0);
  const places = await group.askAll('draw', (rank) => ({ head: { place: rank } }), 2);
  expect(places.map(({ head }) => head['rank'])).toEqual([0, 1]);
  await group.close();
});

test('the death of a rank is the reason, not the lost connection that another one tells first', async () => {
  const echo = problem('torch/worker-failed', 'Rank 0 of 2 failed: RuntimeError: [gloo] Connection closed by peer');
  const zero = scriptedRank(10, () => Promise.reject(echo));
  const one = scriptedRank(11, never);
  const group = createWorkerGroup([zero, one]);
  const asked = failureOf(group.askAll('step'));
  await Promise.resolve();
  one.die(problem('torch/worker-died', 'Rank 1 of 2 was ended by SIGKILL.', undefined, ['what it said last']));
  const { problems } = await asked;
  expect(problems[0]).toMatchObject({ code: 'torch/worker-died', message: 'Rank 1 of 2 was ended by SIGKILL.' });
  expect(problems[0]?.details).toEqual([
    'Rank 0 of 2 (process 10) was at: all_reduce of gradients.',
    'Rank 1 of 2 (process 11) was at: all_reduce of gradients.',
    'what it said last',
  ]);
  expect([zero.closed, one.closed]).toEqual([true, true]);
  expect(await failureOf(group.ask('list'))).toMatchObject({ problems });
});

test('a rank that nobody asks anything is missed all the same', async () => {
  const zero = scriptedRank(10, never);
  const one = scriptedRank(11, never);
  const group = createWorkerGroup([zero, one]);
  const asked = failureOf(group.ask('generate'));
  one.die(problem('torch/worker-died', 'Rank 1 of 2 was ended by SIGKILL.'));
  expect((await asked).message).toContain('Rank 1 of 2 was ended by SIGKILL.');
  expect((await group.ended).message).toContain('Rank 1 of 2 was ended by SIGKILL.');
});

test('lines say who printed them, however they are cut', () => {
  const seen: string[] = [];
  const print = prefixed('rank 1', (text) => seen.push(text));
  for (const piece of ['a', 'b\nc', '\n\nd']) print(piece);
  expect(seen.join('')).toBe('[rank 1] ab\n[rank 1] c\n[rank 1] \n');
});
