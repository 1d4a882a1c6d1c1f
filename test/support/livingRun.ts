// What a test asks of a run whose trainer is a process: its losses so far, and to be told of a step.

import { toArray } from '../../src/protocol/series.ts';
import type { RunHandle } from '../../src/runs/startRun.ts';
import { openRun } from '../../src/runs/store.ts';

/** The losses of the steps that count, by the run's folder. */
export async function lossesOf(folder: string): Promise<number[]> {
  return toArray((await openRun(folder)).state.steps).map(({ loss }) => loss);
}

/**
 * Waits for the first step that is not before `step`, of this trainer; with `start` 2, since it started its ranks again.
 * Throws when the run fails before.
 */
export async function untilStep(run: RunHandle, step: number, start: 1 | 2 = 1): Promise<void> {
  let starts = 0;
  for await (const event of run.events()) {
    if (event.type === 'hello' && event.pid === run.pid) starts++;
    if (starts === start && event.type === 'step' && event.step >= step) return;
    if (starts > 0 && event.type === 'failed') throw new Error(event.cause.message);
  }
}
