// Finds the newest checkpoint that is whole, and reads it back into a session.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readSafetensors, readTensors } from '../../models/safetensors.ts';
import type { NamedTensor } from '../../models/types.ts';
import { stepsIn } from '../../runs/checkpointSteps.ts';
import type { TrainerState } from '../training.ts';
import { findFault } from './manifest.ts';
import { decodeState } from './stateFile.ts';
import { checkpointName } from './write.ts';

export interface FoundCheckpoint {
  readonly folder: string;
  readonly step: number;
}

/** Steps of the checkpoints in a folder, newest first; their content is not looked at. */
export async function checkpointSteps(checkpoints: string): Promise<number[]> {
  return (await stepsIn(checkpoints)).toReversed();
}

/**
 * The newest checkpoint whose every byte is as written, and which `unfit` says nothing against. `onBroken` hears of those
 * that were damaged.
 */
export async function latestCheckpoint(
  checkpoints: string,
  onBroken: (folder: string, fault: string) => void,
  unfit: (checkpoint: FoundCheckpoint) => Promise<boolean> = () => Promise.resolve(false),
): Promise<FoundCheckpoint | undefined> {
  for (const step of await checkpointSteps(checkpoints)) {
    const folder = path.join(checkpoints, checkpointName(step));
    const fault = await findFault(folder);
    if (fault !== undefined) onBroken(folder, fault);
    else if (!(await unfit({ folder, step }))) return { folder, step };
  }
  return undefined;
}

export interface CheckpointTensors {
  readonly trained: AsyncIterable<NamedTensor>;
  readonly optimizer: AsyncIterable<NamedTensor>;
}

/** The tensors of a checkpoint, read one at a time, and its state. */
export async function readCheckpoint(
  folder: string,
  files: { readonly trained: string; readonly optimizer: string; readonly state: string },
): Promise<CheckpointTensors & { state: TrainerState }> {
  const stateFile = path.join(folder, files.state);
  return {
    trained: readTensors(await readSafetensors(path.join(folder, files.trained))),
    optimizer: readTensors(await readSafetensors(path.join(folder, files.optimizer))),
    state: decodeState(await readFile(stateFile, 'utf8'), stateFile),
  };
}
