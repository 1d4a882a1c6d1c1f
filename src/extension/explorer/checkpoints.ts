// The checkpoints of a run for the explorer, by its events, the best one marked.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { initialRunState, reduceRun, type RunState } from '../../protocol/runState.ts';
import { toArray } from '../../protocol/series.ts';
import { runPaths } from '../../runs/layout.ts';
import { createLogFollower, type LogFollower } from '../../runs/logFollower.ts';
import type { CheckpointNode } from './nodes.ts';

interface Followed {
  readonly follower: LogFollower;
  state: RunState;
}

export interface CheckpointReader {
  /** Checkpoints that are on disk, newest first. */
  read(folder: string): Promise<CheckpointNode[]>;
  /** Forgets what is kept to read only new events the next time. */
  forget(folder: string): void;
}

export function createCheckpointReader(): CheckpointReader {
  const known = new Map<string, Followed>();
  return {
    async read(folder) {
      const followed = known.get(folder) ?? {
        follower: createLogFollower(runPaths(folder).events, () => undefined),
        state: initialRunState,
      };
      known.set(folder, followed);
      await followed.follower.read(
        (part) => {
          // Steps are of no interest here, so that those left out are no gap.
          if (!('event' in part) || part.event.type === 'step') return;
          const nextSeq = Math.max(followed.state.nextSeq, part.event.seq);
          followed.state = reduceRun({ ...followed.state, nextSeq }, part.event);
        },
        () => (followed.state = initialRunState),
      );
      const onDisk = new Set(await readdir(runPaths(folder).checkpoints).catch(() => []));
      // A log that somebody else wrote may name any path.
      return checkpointNodes(folder, followed.state).filter((node) => {
        const name = path.posix.basename(node.path);
        return node.path === `checkpoints/${name}` && onDisk.has(name);
      });
    },
    forget: (folder) => void known.delete(folder),
  };
}

/** Newest first. The best is the one at, or else the first after, the step with the lowest evaluation loss. */
export function checkpointNodes(folder: string, state: RunState): CheckpointNode[] {
  const best = state.finished?.best?.checkpoint;
  const bestStep = toArray(state.evaluations).findLast((evaluation) => evaluation.best)?.step;
  const bestPath = best ?? state.checkpoints.find(({ step }) => step === bestStep)?.path;
  return state.checkpoints
    .map(({ path: place, step, bytes }): CheckpointNode => ({
      kind: 'checkpoint',
      key: `checkpoint ${folder} ${place}`,
      folder,
      path: place,
      step,
      best: place === bestPath,
      bytes,
    }))
    .toReversed();
}
