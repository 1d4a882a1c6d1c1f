// Ends a run's trainer: asks by control file, then by signal, then kills, with stated delays.

import { setTimeout as delay } from 'node:timers/promises';
import { problem } from '../protocol/problem.ts';
import { sendCommand } from './control.ts';
import { readManifest } from './manifest.ts';
import { lifeOf, type ProcessMark } from './processLife.ts';
import { isLiveStatus, statusOf } from './store.ts';

export type StopMode = 'save' | 'now';

export interface StopDelays {
  /** From the control file to SIGTERM, in milliseconds. */
  readonly term: number;
  /** From SIGTERM to SIGKILL, in milliseconds. */
  readonly kill: number;
}

/** Saving waits for the running step and for the checkpoint to reach the disk. */
const defaultDelays: Record<StopMode, StopDelays> = {
  save: { term: 120_000, kill: 30_000 },
  now: { term: 5_000, kill: 5_000 },
};

/**
 * Stops the trainer of a run and waits until its process has gone. A run without a living process is left as it is.
 * Windows has no SIGTERM: there the second and the third step are both an immediate end.
 * Throws `runs/elsewhere` for a process of another machine that does not obey the control file.
 */
export async function stopRun(folder: string, mode: StopMode, delays: StopDelays = defaultDelays[mode]): Promise<void> {
  if (!isLiveStatus(await statusOf(await readManifest(folder)))) return;
  await sendCommand(folder, { type: mode === 'save' ? 'stop-and-save' : 'stop-now' });
  const mark = await markOf(folder);
  if (!mark) return;
  if (await gone(mark, delays.term, folder)) return;
  if ((await lifeOf(mark)) === 'elsewhere') {
    throw problem('runs/elsewhere', `The trainer runs on ${mark.host} and did not answer. Stop it there.`, {
      file: folder,
    });
  }
  signal(mark.pid, 'SIGTERM');
  if (await gone(mark, delays.kill, folder)) return;
  signal(mark.pid, 'SIGKILL');
  await gone(mark, 5_000, folder);
}

/** The process of a run; one that was just started gets time to put its mark. */
async function markOf(folder: string): Promise<ProcessMark | undefined> {
  for (;;) {
    const manifest = await readManifest(folder);
    if (manifest.process || !isLiveStatus(await statusOf(manifest))) return manifest.process;
    await delay(20);
  }
}

/** True as soon as the process has ended, or, on another machine, as soon as the manifest says so. */
async function gone(mark: ProcessMark, milliseconds: number, folder: string): Promise<boolean> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const life = await lifeOf(mark);
    if (life === 'dead') return true;
    if (life === 'elsewhere' && (await readManifest(folder)).ended !== undefined) return true;
    if (Date.now() >= end) return false;
    await delay(Math.min(100, Math.max(1, end - Date.now())));
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
