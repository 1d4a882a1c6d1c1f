// Runs of the torch engine as a user starts them: to the end, killed, resumed, and refused in words.

import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAdapter } from '../../src/models/adapter.ts';
import { checkpointSteps, resumeRun, startRun, type RunHandle } from '../../src/runs/startRun.ts';
import { openRun } from '../../src/runs/store.ts';
import { breakNumber } from '../support/brokenNumbers.ts';
import { childrenOf, isAlive } from '../support/childProcesses.ts';
import { lossesOf, untilStep } from '../support/livingRun.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { tinyWorkspace } from '../support/tinyWorkspace.ts';
import { watchedPython, type WatchedPython } from '../support/watchedPython.ts';

const root = path.resolve(import.meta.dirname, '../..');
const trainer = path.join(root, 'dist/trainer.js');

const config = {
  version: 1,
  model: './model',
  engine: 'torch',
  device: 'cpu',
  threads: 1,
  data: { train: 'train.jsonl', validation: 0.2, max_length: 128 },
  lora: { rank: 4, dropout: 0.1 },
  training: { max_steps: 60, batch_size: 2, gradient_accumulation_steps: 2, learning_rate: 0.002 },
  evaluation: { every: 30, prompts: ['say 3'], max_new_tokens: 4 },
  checkpoints: { every: 10, keep: 2 },
};

describeWith(['python'], 'runs of the torch engine', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let watched: WatchedPython;
  beforeAll(async () => {
    ({ folder, env } = await tinyWorkspace(40));
    await writeFile(path.join(folder, 'torch.finetune.json'), JSON.stringify(config));
    watched = await watchedPython(folder, requiredPath('python'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const start = (overrides: string[] = []): Promise<RunHandle> => {
    const configFile = path.join(folder, 'torch.finetune.json');
    return startRun({ configFile, name: 'torch', overrides, runsFolder: path.join(folder, 'runs'), trainer, env });
  };
  const finetune = (...args: string[]) =>
    promisify(execFile)(process.execPath, [path.join(root, 'dist/cli.js'), ...args], { env, cwd: folder });
  const resultOf = (run: RunHandle) => readFile(path.join(run.folder, 'adapter/adapter_model.safetensors'));

  test('without an environment the config is refused with the command that makes one', async () => {
    const run = await start();
    expect(await run.exited).toBe(2);
    const { failed } = (await openRun(run.folder)).state;
    expect(failed?.cause.code).toBe('config/torch-missing');
    expect(failed?.cause.message).toContain('finetune setup torch');
    await expect(finetune('setup', 'torch')).rejects.toThrow(/torch\/no-consent/);
  });

  test('a run killed in its worker and in its trainer becomes the run that was never disturbed', async () => {
    const chosen = await finetune('setup', 'torch', '--python', watched.python);
    expect(chosen.stdout).toContain('The torch engine uses');
    const whole = await start();
    expect(await whole.exited).toBe(0);
    const opened = await openRun(whole.folder);
    const losses = await lossesOf(whole.folder);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    expect(opened.state.finished?.outcome).toBe('completed');
    expect((await readAdapter(path.join(whole.folder, 'adapter'))).settings.rank).toBe(4);
    const log = await readFile(path.join(whole.folder, 'trainer.log'), 'utf8');
    for (const from of ['a library', 'native code', 'a child']) expect(log).toContain(`noise of ${from}`);
    expect(await readFile(path.join(whole.folder, 'events.jsonl'), 'utf8')).not.toContain('noise');
    expect(await watched.connections()).toBe('');

    let run = await start();
    await untilStep(run, 15);
    const worker = (await childrenOf(run.pid))[0]!.pid;
    process.kill(worker, 'SIGKILL');
    expect(await run.exited).toBe(1);
    const { failed } = (await openRun(run.folder)).state;
    expect(failed?.cause.code).toBe('torch/worker-died');
    expect(failed?.remedies[0]?.text).toContain('Resume');

    run = await resumeRun(run.folder, { trainer, env });
    await untilStep(run, 35);
    const orphan = (await childrenOf(run.pid))[0]!.pid;
    process.kill(run.pid, 'SIGKILL');
    await run.exited;
    await expect.poll(() => isAlive(orphan), { timeout: 20_000 }).toBe(false);

    run = await resumeRun(run.folder, { trainer, env });
    expect(await run.exited).toBe(0);
    expect(await lossesOf(run.folder)).toEqual(losses);
    expect((await resultOf(run)).equals(await resultOf(whole))).toBe(true);
  });

  test('a checkpoint with numbers that are not finite is passed over', async () => {
    const whole = await start();
    expect(await whole.exited).toBe(0);
    const run = await start();
    await untilStep(run, 22);
    await run.stop('save');
    expect(await run.exited).toBe(130);
    const [before, newest] = (await checkpointSteps(run.folder)).slice(-2);
    const broken = path.join(run.folder, 'checkpoints', `step-${newest}`);
    await breakNumber(broken, 'adapter_model.safetensors', Number.NaN);
    expect(await (await resumeRun(run.folder, { trainer, env })).exited).toBe(0);
    const told = (await openRun(run.folder)).state.warnings.map(({ problem }) => problem.message).join();
    expect(told).toContain(`step-${newest} is not used, because`);
    expect(told).toContain(`not finite; the run goes on from checkpoints/step-${before}`);
    expect((await resultOf(run)).equals(await resultOf(whole))).toBe(true);
  });

  test('a Python that is gone is told before anything is loaded', async () => {
    const record = path.join(folder, 'data/torch.json');
    const kept = await readFile(record, 'utf8');
    await writeFile(record, kept.replace(watched.python, '/nowhere/python'));
    const run = await start();
    expect(await run.exited).toBe(2);
    expect((await openRun(run.folder)).state.failed?.cause.message).toContain('/nowhere/python');
    await writeFile(record, kept);
  });
});
