// Where a life of a run begins: at the very beginning, or at a checkpoint of an earlier life, which it says in its events.

import path from 'node:path';
import type { TrainingSession } from '../engine/session.ts';
import type { EventDraft } from '../protocol/events.ts';
import { problem, type ProblemError } from '../protocol/problem.ts';
import type { RunState } from '../protocol/runState.ts';
import { relativeName, runPaths } from '../runs/layout.ts';
import { checkpointSteps, type FoundCheckpoint } from './checkpoint/read.ts';
import { brokenLosses } from './checkpoint/soundness.ts';
import type { CheckpointStore, UnfitCheckpoint } from './checkpoint/store.ts';
import { checkpointName } from './checkpoint/write.ts';
import { folderBytes } from './exportResult.ts';
import { freshState, type TrainerState } from './training.ts';

export interface Beginning {
  readonly folder: string;
  /** What the log told when this life began. */
  readonly before: RunState;
  /** The step whose checkpoint was asked for; the newest sound one when absent. */
  readonly from: number | undefined;
  readonly report: (event: EventDraft) => void;
  readonly syncEvents: () => void;
}

/**
 * The state to train from, with the session put into it: the checkpoint that was asked for, the newest sound one of an
 * earlier life, or the very beginning. Throws what `wholeAt` throws, and `trainer/no-sound-checkpoint`.
 */
export async function beginning(
  life: Beginning,
  session: TrainingSession,
  checkpoints: CheckpointStore,
): Promise<TrainerState> {
  const { before, from, report, folder, syncEvents } = life;
  if (before.started === undefined && from === undefined) return freshState;
  const { found, isBackward } =
    from === undefined
      ? await newestSound(life, checkpoints)
      : { found: await checkpoints.wholeAt(from), isBackward: true };
  const state = found ? await checkpoints.restore(session, found) : freshState;
  const checkpoint = found && relativeName(folder, found.folder);
  report({ type: 'resumed', step: state.step, after: 'restart', ...(checkpoint ? { checkpoint } : {}) });
  if (isBackward) {
    // Whoever resumes this life must find the checkpoint that it began from, and no later one that it took back.
    syncEvents();
    await checkpoints.removeAfter(state.step);
  }
  if (found) await reportUntold(life, found);
  // Settings made after the checkpoint apply again at their steps, so that the run becomes the one that it was.
  const learningRates = before.settings.map(({ step, value }) => ({ step, value }));
  return { ...state, learningRates };
}

/**
 * The newest checkpoint that training can go on from, if there is any at all, and whether it takes newer ones back. Throws
 * `trainer/no-sound-checkpoint` when there are whole ones, and not one of them will do.
 */
async function newestSound(
  { before, report, folder }: Beginning,
  checkpoints: CheckpointStore,
): Promise<{ found: FoundCheckpoint | undefined; isBackward: boolean }> {
  const warn = (code: string, file: string, why: string): void => {
    const message = `The checkpoint ${relativeName(folder, file)} is not used, because ${why}.`;
    report({ type: 'warning', problem: { code, message, place: { file } } });
  };
  const { found, passed } = await checkpoints.latest(brokenLosses(before), (file, fault) => {
    warn('trainer/broken-checkpoint', file, fault);
  });
  const [newest] = passed;
  if (!newest) return { found, isBackward: false };
  if (!found) throw noSoundCheckpoint(newest);
  for (const { folder: file, why } of passed) {
    warn('trainer/unsound-checkpoint', file, `${why}; the run goes on from ${relativeName(folder, found.folder)}`);
  }
  return { found, isBackward: true };
}

function noSoundCheckpoint({ step, folder, why }: UnfitCheckpoint): ProblemError {
  const message = `The run cannot go on from any of its checkpoints: the newest one, of step ${step}, will not do, because ${why}. Start a new run with a lower training.learning_rate, or go on from it all the same: finetune resume --from step-${step}.`;
  return problem('trainer/no-sound-checkpoint', message, { file: folder });
}

/** A life that ended between writing or removing checkpoints and telling so left a log that does not know of it. */
async function reportUntold(
  { before, report, folder }: Beginning,
  { step, folder: found }: FoundCheckpoint,
): Promise<void> {
  const known = before.checkpoints.map((checkpoint) => checkpoint.path);
  const name = (at: string): string => relativeName(folder, at);
  const { checkpoints } = runPaths(folder);
  const there = (await checkpointSteps(checkpoints)).map((at) => name(path.join(checkpoints, checkpointName(at))));
  const removed = known.filter((at) => !there.includes(at));
  if (removed.length === 0 && known.includes(name(found))) return;
  const bytes = await folderBytes(found);
  report({ type: 'checkpoint', step, path: name(found), bytes, seconds: 0, reason: 'scheduled', removed });
}
