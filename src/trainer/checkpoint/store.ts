// The checkpoints of one run: saving, which ones stay, and what a crash left behind.

import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { TrainingSession } from '../../engine/session.ts';
import type { NamedTensor } from '../../models/types.ts';
import { problem } from '../../protocol/problem.ts';
import { relativeName, runPaths } from '../../runs/layout.ts';
import type { TrainerState } from '../training.ts';
import { checkpointSteps, latestCheckpoint, readCheckpoint, type FoundCheckpoint } from './read.ts';
import { findFault } from './manifest.ts';
import { brokenTensor, type BrokenLosses } from './soundness.ts';
import { encodeState } from './stateFile.ts';
import { checkpointName, isLeftover, removeCheckpoint, writeCheckpoint } from './write.ts';

/** How tensors are laid in files, so that a checkpoint of an adapter is an adapter that other tools load. */
export interface CheckpointLayout {
  /** File of the trained tensors. */
  readonly trainedFile: string;
  readonly storedName: (name: string) => string;
  readonly sessionName: (name: string) => string;
  /** Further files that make the folder complete for other tools: name → content. */
  readonly textFiles: Readonly<Record<string, string>>;
}

export interface CheckpointStore {
  /** Writes a checkpoint, then removes those that need not stay. Paths are relative to the run folder. */
  save(session: TrainingSession, state: TrainerState): Promise<{ path: string; bytes: number; removed: string[] }>;
  /**
   * The newest whole checkpoint that training can go on from, as far as its numbers and the log tell; undefined when
   * there is none. `passed`: newer ones that cannot be gone on from.
   */
  latest(
    losses: BrokenLosses,
    onBroken: (folder: string, fault: string) => void,
  ): Promise<{ readonly found: FoundCheckpoint | undefined; readonly passed: readonly UnfitCheckpoint[] }>;
  /** The checkpoint of one step, if it is there. */
  at(step: number): Promise<FoundCheckpoint | undefined>;
  /** The checkpoint of one step. Throws `trainer/no-checkpoint` without it, `trainer/broken-checkpoint` when it is damaged. */
  wholeAt(step: number): Promise<FoundCheckpoint>;
  /** Removes the checkpoints of later steps. */
  removeAfter(step: number): Promise<void>;
  /** Puts a session into the state of a checkpoint; returns the rest of its state. */
  restore(session: TrainingSession, checkpoint: FoundCheckpoint): Promise<TrainerState>;
}

/** A whole checkpoint with numbers that are not finite. */
export interface UnfitCheckpoint extends FoundCheckpoint {
  /** What is said against it, as the end of a sentence. */
  readonly why: string;
}

export interface CheckpointSettings {
  /** How many of the newest stay. */
  readonly keep: number;
  /** Whether the one with the lowest evaluation loss stays besides. */
  readonly keepBest: boolean;
}

const optimizerFile = 'optimizer.safetensors';
const stateFile = 'trainer_state.json';

/** `beforeSave` makes the events up to here durable, so that a checkpoint never knows of steps that the log lost. */
export function createCheckpointStore(
  runFolder: string,
  settings: CheckpointSettings,
  layout: CheckpointLayout,
  beforeSave: () => void,
): CheckpointStore {
  const { folder, checkpoints } = runPaths(runFolder);
  return {
    async save(session, state) {
      beforeSave();
      const bytes = await writeCheckpoint(checkpoints, {
        step: state.step,
        tensorFiles: {
          [layout.trainedFile]: renamed(session.trainedTensors(), layout.storedName),
          [optimizerFile]: session.optimizerTensors(),
        },
        textFiles: { ...layout.textFiles, [stateFile]: encodeState(state) },
      });
      const best = settings.keepBest ? state.best?.step : undefined;
      const steps = await checkpointSteps(checkpoints);
      const surplus = surplusSteps(steps, state.step, settings.keep, best);
      for (const step of surplus) await removeCheckpoint(checkpoints, step);
      const name = (step: number): string => relativeName(folder, path.join(checkpoints, checkpointName(step)));
      return { path: name(state.step), bytes, removed: surplus.map(name) };
    },
    async latest(losses, onBroken) {
      const passed: UnfitCheckpoint[] = [];
      const found = await latestCheckpoint(checkpoints, onBroken, async (checkpoint) => {
        const { folder, step } = checkpoint;
        const why = losses.afterStep(step) ?? (await brokenTensor(folder, [layout.trainedFile, optimizerFile]));
        if (why !== undefined) passed.push({ ...checkpoint, why });
        return why !== undefined;
      });
      return { found, passed };
    },
    async at(step) {
      const there = (await checkpointSteps(checkpoints)).includes(step);
      return there ? { folder: path.join(checkpoints, checkpointName(step)), step } : undefined;
    },
    async wholeAt(step) {
      const folder = path.join(checkpoints, checkpointName(step));
      if (!(await checkpointSteps(checkpoints)).includes(step)) {
        throw problem('trainer/no-checkpoint', `There is no checkpoint of step ${step}.`, { file: folder });
      }
      const fault = await findFault(folder);
      if (fault === undefined) return { folder, step };
      const message = `The run cannot go on from the checkpoint of step ${step}, because ${fault}. Choose another one.`;
      throw problem('trainer/broken-checkpoint', message, { file: folder });
    },
    async removeAfter(step) {
      const later = (await checkpointSteps(checkpoints)).filter((at) => at > step);
      for (const at of later) await removeCheckpoint(checkpoints, at);
    },
    async restore(session, checkpoint) {
      const files = { trained: layout.trainedFile, optimizer: optimizerFile, state: stateFile };
      const { trained, optimizer, state } = await readCheckpoint(checkpoint.folder, files);
      await session.restore({ trained: renamed(trained, layout.sessionName), optimizer, step: state.step });
      return state;
    },
  };
}

/**
 * Steps whose checkpoints need not stay: all but the `keep` newest up to `current`, the best and the current one. Later
 * ones (of a life of the run that was taken back) go as well.
 */
export function surplusSteps(
  steps: readonly number[],
  current: number,
  keep: number,
  best: number | undefined,
): number[] {
  const newest = steps
    .filter((step) => step <= current)
    .toSorted((a, b) => b - a)
    .slice(0, keep);
  return steps.filter((step) => step !== best && !newest.includes(step));
}

/** Removes what a crash left half-written, and puts back a checkpoint that was stepping aside for its successor. */
export async function tidyCheckpoints(runFolder: string): Promise<void> {
  const { checkpoints } = runPaths(runFolder);
  await mkdir(checkpoints, { recursive: true });
  const names = await readdir(checkpoints);
  for (const name of names.filter(isLeftover)) {
    const step = /^\.replaced-(step-\d+)-/.exec(name)?.[1];
    const leftover = path.join(checkpoints, name);
    if (step !== undefined && !names.includes(step)) await rename(leftover, path.join(checkpoints, step));
    else await rm(leftover, { recursive: true, force: true });
  }
}

async function* renamed(
  tensors: AsyncIterable<NamedTensor>,
  name: (old: string) => string,
): AsyncGenerator<NamedTensor> {
  for await (const tensor of tensors) yield { ...tensor, name: name(tensor.name) };
}
