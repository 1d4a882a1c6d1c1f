// Gives a command to a run's trainer and waits for its answer.

import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandDraft } from '../protocol/commands.ts';
import { problem } from '../protocol/problem.ts';
import { sendCommand } from './control.ts';
import { runPaths } from './layout.ts';
import { createLogFollower } from './logFollower.ts';
import { readManifest } from './manifest.ts';
import { isLiveStatus, statusOf } from './store.ts';

/** Time between two looks at the log, in milliseconds. */
const interval = 100;
/** Every how many looks the process is asked for. */
const lifeEvery = 20;

/**
 * Resolves when the trainer has accepted the command. Throws `runs/not-live` when nobody works on the run,
 * `runs/refused` with the trainer's reason, `runs/no-answer` when the run ended first.
 */
export async function askRun(folder: string, draft: CommandDraft, signal?: AbortSignal): Promise<void> {
  const isLive = async (): Promise<boolean> => isLiveStatus(await statusOf(await readManifest(folder)));
  if (!(await isLive())) {
    throw problem('runs/not-live', 'No process works on this run, so it cannot be told anything.', { file: folder });
  }
  const { events: file } = runPaths(folder);
  const from = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  const follower = createLogFollower(file, () => undefined, from);
  const id = await sendCommand(folder, draft);
  let answer: { accepted: boolean; reason?: string } | undefined;
  for (let look = 1; !signal?.aborted; look++) {
    await follower.read(
      (part) => {
        if ('event' in part && part.event.type === 'acknowledged' && part.event.id === id) answer = part.event;
      },
      () => undefined,
    );
    if (answer?.accepted) return;
    if (answer) {
      const reason = answer.reason ?? 'It gave no reason.';
      throw problem('runs/refused', `The run did not obey "${draft.type}". ${reason}`, { file: folder });
    }
    if (look % lifeEvery === 0 && !(await isLive())) break;
    await delay(interval);
  }
  throw problem('runs/no-answer', `The run ended before it answered "${draft.type}".`, { file: folder });
}
