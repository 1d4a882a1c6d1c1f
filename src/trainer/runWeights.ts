// Which weights of a run are meant: its result, or one of its checkpoints.

import path from 'node:path';
import { problem } from '../protocol/problem.ts';
import type { RunState } from '../protocol/runState.ts';
import { toArray } from '../protocol/series.ts';
import { runPaths } from '../runs/layout.ts';
import type { OpenedRun } from '../runs/store.ts';
import { checkpointSteps, latestCheckpoint } from './checkpoint/read.ts';
import { findFault } from './checkpoint/manifest.ts';
import { checkpointName } from './checkpoint/write.ts';

export type RunWeights =
  /** As the model is before the first step. */
  | { readonly kind: 'start' }
  /** Trained tensors of a checkpoint in this folder, or a finished adapter. */
  | { readonly kind: 'tensors'; readonly folder: string; readonly isFinished?: boolean }
  /** A whole model in this folder. */
  | { readonly kind: 'model'; readonly folder: string };

/** A step, or the checkpoint with the lowest evaluation loss. */
export type WantedCheckpoint = number | 'best';

export interface FoundWeights {
  readonly weights: RunWeights;
  /** `result`, or the step of a checkpoint. */
  readonly from: 'result' | number;
}

/**
 * The weights of a checkpoint, or else the run's result, or else, while it has none, of its newest checkpoint.
 * Throws `trainer/no-weights` and `trainer/no-such-checkpoint`, telling which there are.
 */
export async function weightsOfRun(
  { folder, state, manifest }: OpenedRun,
  wanted?: WantedCheckpoint,
): Promise<FoundWeights> {
  const { checkpoints } = runPaths(folder);
  const result = state.finished?.result;
  if (wanted === undefined && result) {
    const place = path.join(folder, result.path);
    const weights: RunWeights =
      result.kind === 'model' ? { kind: 'model', folder: place } : { kind: 'tensors', folder: place, isFinished: true };
    return { weights, from: 'result' };
  }
  if (wanted === undefined) {
    const newest = await latestCheckpoint(checkpoints, () => undefined);
    if (newest) return { weights: { kind: 'tensors', folder: newest.folder }, from: newest.step };
    throw problem('trainer/no-weights', `The run ${manifest.id} has neither a result nor a checkpoint yet.`, {
      file: folder,
    });
  }
  const steps = await checkpointSteps(checkpoints);
  const step = wanted === 'best' ? bestStep(state, steps) : wanted;
  if (step === undefined || !steps.includes(step)) {
    const which = wanted === 'best' ? 'no best checkpoint' : `no checkpoint of step ${wanted}`;
    const there = steps.length === 0 ? 'It has none.' : `It has those of steps ${steps.toReversed().join(', ')}.`;
    throw problem('trainer/no-such-checkpoint', `The run ${manifest.id} has ${which}. ${there}`, { file: folder });
  }
  const place = path.join(checkpoints, checkpointName(step));
  const fault = await findFault(place);
  if (fault !== undefined) {
    throw problem('trainer/broken-checkpoint', `The checkpoint of step ${step} is broken: ${fault}.`, { file: place });
  }
  return { weights: { kind: 'tensors', folder: place }, from: step };
}

/** The checkpoint at, or else the first after, the step with the lowest evaluation loss. */
function bestStep(state: RunState, steps: readonly number[]): number | undefined {
  const best = toArray(state.evaluations).findLast((evaluation) => evaluation.best)?.step;
  return best === undefined ? undefined : steps.filter((step) => step >= best).toSorted((a, b) => a - b)[0];
}
