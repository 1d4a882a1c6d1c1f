// kill -9 at random moments, also while a checkpoint is being written: resumed, it is the run that was never disturbed.
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../src/data/random.ts';
import { toArray } from '../../src/protocol/series.ts';
import { readManifest } from '../../src/runs/manifest.ts';
import type { RunHandle } from '../../src/runs/startRun.ts';
import { openRun } from '../../src/runs/store.ts';
import { bundleTrainer, resultOf, resume, scratchFolder, start, type Workspace } from '../support/trainerBundle.ts';

const config = { steps: 40, stepMilliseconds: 12, checkpointEvery: 3 };

let workspace: Workspace;
let whole: { weights: Buffer; losses: number[]; milliseconds: number };

async function lossesOf(folder: string): Promise<number[]> {
  const { state, problems } = await openRun(folder);
  expect(problems).toEqual([]);
  expect(state.gaps).toEqual([]);
  const steps = toArray(state.steps);
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: config.steps }, (_, i) => i + 1));
  return steps.map(({ loss }) => loss);
}

beforeAll(async () => {
  const folder = await scratchFolder();
  workspace = { folder, trainer: await bundleTrainer(folder) };
  const started = performance.now();
  const run = await start(workspace, config);
  expect(await run.exited).toBe(0);
  const milliseconds = performance.now() - started;
  whole = { weights: await resultOf(run.folder), losses: await lossesOf(run.folder), milliseconds };
});
afterAll(() => rm(workspace.folder, { recursive: true, force: true }));

/** Kills the process when `moment` comes; true when that was before it ended by itself. */
async function killAt(run: RunHandle, moment: Promise<unknown>): Promise<boolean> {
  await Promise.race([moment, run.exited]);
  try {
    process.kill(run.pid, 'SIGKILL');
  } catch {
    return false;
  }
  return (await run.exited) === null;
}

/** Resolves when a checkpoint is being written. */
async function checkpointBegins(folder: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const names = await readdir(path.join(folder, 'checkpoints')).catch(() => []);
    if (names.some((name) => name.startsWith('.unfinished-'))) return;
    await delay(1);
  }
}

/** Resolves when the trainer has put its name to the run, or has ended already. */
async function begun(run: RunHandle): Promise<void> {
  while ((await readManifest(run.folder)).process?.pid !== run.pid) await delay(2);
}

async function finish(run: RunHandle): Promise<void> {
  expect(await run.exited).toBe(0);
  expect(await lossesOf(run.folder)).toEqual(whole.losses);
  expect((await resultOf(run.folder)).equals(whole.weights)).toBe(true);
}

test.each([1, 2, 3, 4])('killed at random moments (seed %i)', async (seed) => {
  const random = seededRandom(seed, 0);
  let run = await start(workspace, config);
  for (let kills = 0; kills < 4;) {
    const wait = (random() / 2 ** 32) * whole.milliseconds * 0.4;
    if (
      await killAt(
        run,
        begun(run).then(() => delay(wait)),
      )
    ) {
      kills += 1;
      run = await resume(workspace, run.folder);
    } else {
      // It was faster than the kill: it must be right all the same, and another takes its place.
      await finish(run);
      run = await start(workspace, config);
    }
  }
  await finish(run);
});

test('killed while a checkpoint is being written, four times over', async () => {
  let run = await start(workspace, config);
  let hits = 0;
  for (let kill = 0; kill < 4; kill++) {
    const done = new AbortController();
    // Each life gets past one checkpoint more, so that there is progress; the kill comes at another moment of the write.
    const moment = begun(run)
      .then(() => checkpointBegins(run.folder, done.signal))
      .then(() => delay(kill * 3));
    expect(await killAt(run, moment)).toBe(true);
    done.abort();
    const names = await readdir(path.join(run.folder, 'checkpoints'));
    if (names.some((name) => name.startsWith('.'))) hits += 1;
    run = await resume(workspace, run.folder);
  }
  expect(hits).toBeGreaterThan(0);
  await finish(run);
  expect((await readdir(path.join(run.folder, 'checkpoints'))).filter((name) => name.startsWith('.'))).toEqual([]);
});
