// A folder as a person has it for a first run: a tiny model, some rows, and places of its own for caches and environments.

import path from 'node:path';
import { writeTinyData, writeTinyModel } from './tinyModelFolder.ts';
import { scratchFolder } from './trainerBundle.ts';

export interface TinyWorkspace {
  readonly folder: string;
  /** The environment of its processes. */
  readonly env: NodeJS.ProcessEnv;
}

/** Writes `model` and `train.jsonl` with so many rows into a new folder, which the caller removes. */
export async function tinyWorkspace(rows: number): Promise<TinyWorkspace> {
  const folder = await scratchFolder();
  await writeTinyModel(path.join(folder, 'model'));
  await writeTinyData(path.join(folder, 'train.jsonl'), rows);
  const own = { FINETUNE_CACHE: path.join(folder, 'cache'), FINETUNE_DATA: path.join(folder, 'data') };
  return { folder, env: { ...process.env, ...own } };
}
