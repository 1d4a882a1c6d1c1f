// One run of the torch engine through every trouble in turn: each ends it in words, and in the end nothing is lost.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { EventBodies } from '../../src/protocol/events.ts';
import { resumeRun, startRun, type RunHandle } from '../../src/runs/startRun.ts';
import { openRun } from '../../src/runs/store.ts';
import { adopt } from '../../src/torch/environment/install.ts';
import { torchPlaces } from '../../src/torch/environment/record.ts';
import { lossesOf } from '../support/livingRun.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { eventsOf, liveOnce, makeRun, prepareLongRun } from '../support/torchTraining.ts';
import { tinyWorkspace } from '../support/tinyWorkspace.ts';

const trainer = path.resolve(import.meta.dirname, '../../dist/trainer.js');

const config = {
  ...{ version: 1, model: './model', engine: 'torch', device: 'cpu', threads: 1 },
  data: { train: 'train.jsonl', validation: 0, max_length: 128 },
  lora: { rank: 8, dropout: 0.1 },
  training: { max_steps: 40, batch_size: 2, learning_rate: 0.002 },
  checkpoints: { every: 10, keep: 2 },
};

describeWith(['python'], 'the torch engine in trouble', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    ({ folder, env } = await tinyWorkspace(40));
    await writeFile(path.join(folder, 'torch.finetune.json'), JSON.stringify(config));
    const python = path.join(folder, 'python');
    const script = path.resolve(import.meta.dirname, '../support/troubledPython/run.py');
    await writeFile(python, `#!/bin/sh\nexec '${requiredPath('python')}' '${script}' "$@"\n`);
    await chmod(python, 0o755);
    await adopt(python, torchPlaces(path.join(folder, 'data')));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const start = (trouble: string, overrides: readonly string[] = []): Promise<RunHandle> =>
    startRun({
      ...{ configFile: path.join(folder, 'torch.finetune.json'), name: 'torch', overrides },
      ...{ runsFolder: path.join(folder, 'runs'), trainer, env: { ...env, FINETUNE_TROUBLE: trouble } },
    });
  const resume = (run: RunHandle, trouble: string): Promise<RunHandle> =>
    resumeRun(run.folder, { trainer, env: { ...env, FINETUNE_TROUBLE: trouble } });
  const resultOf = (run: RunHandle) => readFile(path.join(run.folder, 'adapter/adapter_model.safetensors'));

  /** How a run failed, once its trainer has ended with exit code 1. */
  async function failureOf(run: RunHandle, code: number | null): Promise<EventBodies['failed']> {
    expect(code).toBe(1);
    const { failed } = (await openRun(run.folder)).state;
    expect(failed?.remedies.length).toBeGreaterThan(0);
    expect(failed?.evidence.length).toBeGreaterThan(0);
    return failed!;
  }

  test('a driver that is too old for the CUDA of PyTorch is told in the words of PyTorch, at the line that asks for it', async () => {
    const run = await start('driver', ['device=cuda']);
    expect(await run.exited).toBe(2);
    const { failed } = (await openRun(run.folder)).state;
    expect(failed?.cause.code).toBe('config/device-unavailable');
    expect(failed?.cause.message).toContain('cuda: The NVIDIA driver on your system is too old (found version 11040)');
    expect(failed?.cause.message).toContain('Usable: cpu');
  });

  test('no number, no memory, no room on the disk, a broken environment: told, and gone on from', async () => {
    const whole = await start('');
    expect(await whole.exited).toBe(0);

    let run = await start('nan@15');
    const diverged = await failureOf(run, await run.exited);
    expect(diverged.cause.code).toBe('training/non-finite');
    expect(diverged.evidence.join(' ')).toContain('train.jsonl:');

    run = await resume(run, 'memory@25');
    const short = await failureOf(run, await run.exited);
    expect(short.cause.code).toBe('training/out-of-memory');
    expect(short.evidence.join(' ')).toContain("can't allocate memory");
    expect(short.remedies.some(({ set }) => set !== undefined)).toBe(true);

    // A limit on the size of files stands in for the disk: the optimiser's state does not fit under it.
    const limited = `trap '' XFSZ; ulimit -f 80; exec "$@"`;
    const child = spawn('sh', ['-c', limited, 'sh', process.execPath, trainer, '--run', run.folder], {
      ...{ stdio: 'ignore', env },
    });
    const [code] = (await once(child, 'close')) as [number];
    const full = await failureOf(run, code);
    expect(full.cause.message).toMatch(/disk|space|room/i);

    run = await resume(run, 'broken');
    const broken = await failureOf(run, await run.exited);
    expect(broken.cause.code).toBe('torch/worker-failed');
    expect(broken.cause.message).toContain('libpeft.so');

    run = await resume(run, '');
    expect(await run.exited).toBe(0);
    expect(await lossesOf(run.folder)).toEqual(await lossesOf(whole.folder));
    expect((await resultOf(run)).equals(await resultOf(whole))).toBe(true);

    // A long run tries the step that needs the most before its first one, and becomes the run that did not.
    for (const name of ['FINETUNE_CACHE', 'FINETUNE_DATA']) vi.stubEnv(name, env[name]);
    try {
      const tried = await makeRun(folder, 'tried', config);
      const liveLong = (trouble: string) => {
        vi.stubEnv('FINETUNE_TROUBLE', trouble);
        return liveOnce(tried, Infinity, prepareLongRun);
      };
      expect((await liveLong('probe')).code).toBe(1);
      const { failed } = (await openRun(tried)).state;
      expect(failed?.cause.code).toBe('training/out-of-memory');
      const when = /when step (\d+), which needs the most memory, was tried before any step was taken/;
      const heavy = when.exec(failed!.evidence.join(' '))?.[1];
      expect(failed?.remedies.some(({ set, saves }) => set && saves)).toBe(true);
      expect((await liveLong('')).code).toBe(0);
      const told = (await eventsOf(tried)).filter(({ type }) => type === 'probed' || type === 'step');
      expect(told[0]).toMatchObject({ type: 'probed', step: Number(heavy) });
      expect(await lossesOf(tried)).toEqual(await lossesOf(whole.folder));
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
