// Whole runs of the torch engine in this process: stopped at a step by what the run itself tells, and resumed.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TrainerEvent } from '../../src/protocol/events.ts';
import { writeTorchRecord, torchPlaces } from '../../src/torch/environment/record.ts';
import { readEvents } from '../../src/runs/eventLog.ts';
import { createRun } from '../../src/runs/startRun.ts';
import { runPaths } from '../../src/runs/layout.ts';
import { prepareRun } from '../../src/trainer/prepare.ts';
import type { PrepareRun } from '../../src/trainer/preparedRun.ts';
import { runTrainer } from '../../src/trainer/runTrainer.ts';
import { requiredPath } from './requirements.ts';
import { writeTinyData, writeTinyModel } from './tinyModelFolder.ts';
import { scratchFolder } from './trainerBundle.ts';

/** Chooses the tests' Python for the torch engine, and caches and data of this process in a folder. */
export async function useTorch(folder: string): Promise<void> {
  process.env['FINETUNE_CACHE'] = path.join(folder, 'cache');
  process.env['FINETUNE_DATA'] = path.join(folder, 'data');
  const record = { version: 1, python: requiredPath('python'), managed: false, versions: {} } as const;
  await writeTorchRecord(torchPlaces(path.join(folder, 'data')), record);
}

/** A new folder with a tiny `model`, `train.jsonl` of 32 rows and `validation.jsonl` of 6, which the caller removes; torch chosen. */
export async function torchWorkspace(): Promise<string> {
  const folder = await scratchFolder();
  await useTorch(folder);
  await writeTinyModel(path.join(folder, 'model'));
  await writeTinyData(path.join(folder, 'train.jsonl'), 32);
  await writeTinyData(path.join(folder, 'validation.jsonl'), 6);
  return folder;
}

export async function makeRun(folder: string, name: string, config: object): Promise<string> {
  const configFile = path.join(folder, `${name}.finetune.json`);
  await writeFile(configFile, JSON.stringify(config));
  return createRun({ configFile, name, overrides: [], runsFolder: path.join(folder, 'runs') });
}

/**
 * One life of a run; with `stopAfter` it is told to save and stop as soon as it has told that step. `prepare`: what
 * prepares it, where that is not what does for a user.
 */
export async function liveOnce(
  run: string,
  stopAfter = Infinity,
  prepare: PrepareRun = prepareRun,
): Promise<{ code: number; told: string }> {
  const sentences: string[] = [];
  let stop = (): void => undefined;
  const code = await runTrainer(run, {
    prepare,
    tell: (sentence) => void sentences.push(sentence),
    connect: (control) => void (stop = () => control.signalled()),
    send(line) {
      const event = JSON.parse(line) as { type: string; step?: number };
      if (event.type === 'step' && event.step === stopAfter) stop();
    },
  });
  return { code, told: sentences.join('\n') };
}

/** A run as if each of its steps took minutes and all of the memory: the one that needs the most memory is tried before the first. */
export const prepareLongRun: PrepareRun = async (request) => {
  const prepared = await prepareRun(request);
  const { estimates, settings } = prepared;
  const costs = { seconds: 1000 * settings.totalSteps, memory_bytes: Number.MAX_SAFE_INTEGER };
  return { ...prepared, estimates: { ...estimates, ...costs } };
};

/** Every event of a run, in order. */
export async function eventsOf(run: string): Promise<TrainerEvent[]> {
  const events: TrainerEvent[] = [];
  await readEvents(runPaths(run).events, (event) => void events.push(event));
  return events;
}
