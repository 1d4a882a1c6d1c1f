// What the trainer itself takes while its worker computes: it counts to the memory of the run, and needs little of it by then.

import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRun } from '../../src/runs/startRun.ts';
import { stopRun } from '../../src/runs/stopRun.ts';
import { adopt } from '../../src/torch/environment/install.ts';
import { torchPlaces } from '../../src/torch/environment/record.ts';
import { untilStep } from '../support/livingRun.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { tinyWorkspace } from '../support/tinyWorkspace.ts';

const trainer = path.resolve(import.meta.dirname, '../../dist/trainer.js');

describeWith(['python', 'smollm2'], "the torch engine's trainer", () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    ({ folder, env } = await tinyWorkspace(40));
    await adopt(requiredPath('python'), torchPlaces(path.join(folder, 'data')));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  // Node alone has 0.04 GB; the tokenizer of 49,152 tokens and the youngest objects were 0.08 of 0.17.
  test.runIf(process.platform === 'linux')('has given back by the first step what only preparing needed', async () => {
    const configFile = path.join(folder, 'torch.finetune.json');
    const config = {
      ...{ version: 1, model: requiredPath('smollm2'), engine: 'torch', device: 'cpu' },
      data: { train: 'train.jsonl', validation: 0, max_length: 64 },
      training: { max_steps: 1000, batch_size: 1 },
    };
    await writeFile(configFile, JSON.stringify(config));
    const where = { runsFolder: path.join(folder, 'runs'), trainer, env };
    const run = await startRun({ ...{ configFile, name: 'torch', overrides: [] }, ...where });
    try {
      await untilStep(run, 2);
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${run.pid}/status`, 'utf8'))!;
      expect(Number(kilobytes)).toBeLessThan(120_000);
    } finally {
      await stopRun(run.folder, 'now');
      await run.exited;
    }
  });
});
