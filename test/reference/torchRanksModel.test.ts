// All weights trained in two processes are saved in one piece, which the embedded engine loads and gives the loss of the run.

import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetensors } from '../../src/models/safetensors.ts';
import { toArray } from '../../src/protocol/series.ts';
import { startRun } from '../../src/runs/startRun.ts';
import { openRun } from '../../src/runs/store.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { writeTinyData } from '../support/tinyModelFolder.ts';
import { tinyWorkspace } from '../support/tinyWorkspace.ts';

const root = path.resolve(import.meta.dirname, '../..');
const cli = path.join(root, 'dist/cli.js');
const run = promisify(execFile);

const config = {
  version: 1,
  method: 'full',
  device: 'cpu',
  threads: 1,
  data: { train: 'train.jsonl', validation: 'validation.jsonl', max_length: 128 },
  training: { max_steps: 12, batch_size: 4, learning_rate: 0.003 },
  evaluation: { every: 12 },
};

interface Told {
  readonly rows: readonly { readonly loss: number; readonly trained: number }[];
}

describeWith(['python'], 'all weights trained in two processes', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    ({ folder, env } = await tinyWorkspace(40));
    await writeTinyData(path.join(folder, 'validation.jsonl'), 8);
    await run(process.execPath, [cli, 'setup', 'torch', '--python', requiredPath('python')], { env, cwd: folder });
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The mean over the validation rows' trained tokens, as the embedded engine computes it with a model's files alone. */
  async function embeddedLoss(model: string): Promise<number> {
    const file = path.join(folder, 'asked.finetune.json');
    await writeFile(file, JSON.stringify({ ...config, model, engine: 'embedded' }));
    const { stdout } = await run(process.execPath, [cli, 'loss', file, 'validation.jsonl', '--json'], {
      ...{ env, cwd: folder, maxBuffer: 1 << 26 },
    });
    const { rows } = JSON.parse(stdout) as Told;
    expect(rows).toHaveLength(8);
    const trained = rows.reduce((sum, row) => sum + row.trained, 0);
    return rows.reduce((sum, row) => sum + row.loss * row.trained, 0) / trained;
  }

  test.each(['ddp', 'fsdp', 'zero2'])('by %s: the model is whole and has the loss of the run', async (strategy) => {
    const configFile = path.join(folder, `${strategy}.finetune.json`);
    const distributed = { processes: 2, strategy };
    await writeFile(configFile, JSON.stringify({ ...config, model: './model', engine: 'torch', distributed }));
    const runsFolder = path.join(folder, 'runs');
    const started = await startRun({
      ...{ configFile, name: strategy, overrides: [], runsFolder, env },
      trainer: path.join(root, 'dist/trainer.js'),
    });
    expect(await started.exited).toBe(0);
    const { state } = await openRun(started.folder);
    const evaluated = toArray(state.evaluations).at(-1)!;
    expect(evaluated.step).toBe(12);

    const result = path.join(started.folder, 'model');
    const shapes = async (of: string) =>
      [...(await readSafetensors(path.join(of, 'model.safetensors'))).entries.values()]
        .map(({ name, shape }) => `${name} ${shape.join('×')}`)
        .toSorted();
    expect(await shapes(result)).toEqual(await shapes(path.join(folder, 'model')));
    const loss = await embeddedLoss(result);
    expect(Math.abs(loss - evaluated.loss) / evaluated.loss).toBeLessThan(1e-3);
    // Untrained it would be far off, so that a result which kept the old weights is noticed.
    expect(await embeddedLoss('./model')).toBeGreaterThan(1.05 * loss);
  });
});
