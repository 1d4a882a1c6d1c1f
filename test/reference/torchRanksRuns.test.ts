// Runs in two processes as a user starts them: killed at random moments, resumed, also in another number of processes.

import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onnxExecutor } from '../../src/engine/executors/onnx/executor.ts';
import { createLocalSession } from '../../src/engine/training/localSession.ts';
import { randomStream } from '../../src/engine/random.ts';
import { readAdapter } from '../../src/models/adapter.ts';
import { openModel } from '../../src/models/openModel.ts';
import { readTensor } from '../../src/models/safetensors.ts';
import { toArray } from '../../src/protocol/series.ts';
import { resumeRun, startRun, type RunHandle } from '../../src/runs/startRun.ts';
import { openRun } from '../../src/runs/store.ts';
import { writeFakeSlurm } from '../support/fakeSlurm.ts';
import { isAlive, ranksOf } from '../support/childProcesses.ts';
import { lossesOf, untilStep } from '../support/livingRun.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { tinyPlan } from '../support/tinyModel.ts';
import { tinyWorkspace } from '../support/tinyWorkspace.ts';

const root = path.resolve(import.meta.dirname, '../..');
const trainer = path.join(root, 'dist/trainer.js');
const repeats = Number(process.env['FINETUNE_REPEATS'] ?? 1);
const random = randomStream(Number(process.env['FINETUNE_SEED'] ?? 1), 'kills');

const config = {
  version: 1,
  model: './model',
  device: 'cpu',
  threads: 1,
  data: { train: 'train.jsonl', validation: 0.2, max_length: 128 },
  lora: { rank: 4, dropout: 0.1 },
  training: { max_steps: 60, batch_size: 2, gradient_accumulation_steps: 2, learning_rate: 0.002 },
  evaluation: { every: 30, prompts: ['say 3'], max_new_tokens: 4 },
  checkpoints: { every: 10, keep: 9 },
  distributed: { processes: 2, max_restarts: 1 },
};

describeWith(['python'], 'runs in two processes', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let losses: readonly number[];
  beforeAll(async () => {
    ({ folder, env } = await tinyWorkspace(40));
    await writeFile(path.join(folder, 'ranks.finetune.json'), JSON.stringify(config));
    const setup = [path.join(root, 'dist/cli.js'), 'setup', 'torch', '--python', requiredPath('python')];
    await promisify(execFile)(process.execPath, setup, { env, cwd: folder });
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const start = (overrides: readonly string[] = []): Promise<RunHandle> => {
    const configFile = path.join(folder, 'ranks.finetune.json');
    const runsFolder = path.join(folder, 'runs');
    return startRun({ configFile, name: 'ranks', overrides, runsFolder, trainer, env });
  };
  const stateOf = async (run: RunHandle) => (await openRun(run.folder)).state;

  /** Kills a rank, and sees within 10 seconds that it is told, that no rank is left, and that new ones come. */
  async function killAndSeeItGoOn(run: RunHandle, victim: number): Promise<void> {
    const ranks = await ranksOf(run.pid);
    const told = async () => (await stateOf(run)).warnings.map(({ problem }) => problem);
    const before = await told();
    process.kill(ranks[victim]!.pid, 'SIGKILL');
    await expect.poll(async () => (await told()).length, { timeout: 10_000 }).toBe(before.length + 1);
    const { code, message } = (await told()).at(-1)!;
    expect(code).toBe('trainer/restarted');
    expect(message).toContain(`Rank ${victim} of 2 was ended by SIGKILL`);
    expect(message).toContain('started again from the last checkpoint (1 of 1 restarts)');
    expect(ranks.filter(({ pid }) => isAlive(pid))).toEqual([]);
  }

  /** Kills a rank, or the trainer (which is number 2), and sees that all is told and gone within 10 seconds. */
  async function kill(run: RunHandle, victim: number): Promise<void> {
    const ranks = await ranksOf(run.pid);
    expect(ranks.map(({ name }) => name)).toEqual(['Rank 0 of 2', 'Rank 1 of 2']);
    const begun = performance.now();
    process.kill(victim === 2 ? run.pid : ranks[victim]!.pid, 'SIGKILL');
    expect(await run.exited).toBe(victim === 2 ? null : 1);
    await expect.poll(() => ranks.filter(({ pid }) => isAlive(pid)), { timeout: 10_000 }).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(10_000);
    if (victim === 2) return;
    const { failed } = await stateOf(run);
    expect(failed?.cause).toMatchObject({ code: 'torch/worker-died' });
    expect(failed?.cause.message).toContain(`Rank ${victim} of 2 was ended by SIGKILL`);
    // It was killed by hand, and nothing speaks for memory.
    expect(failed?.cause.message).not.toMatch(/memory/i);
    expect(failed?.evidence.join('\n')).toContain(
      `Rank ${1 - victim} of 2 (process ${ranks[1 - victim]!.pid}) was at:`,
    );
    expect(failed?.remedies[0]?.text).toContain('Resume');
  }

  test('the run goes to its end, and the embedded engine loads what it made', async () => {
    const whole = await start();
    expect(await whole.exited).toBe(0);
    losses = await lossesOf(whole.folder);
    expect(losses).toHaveLength(60);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const state = await stateOf(whole);
    expect(state.warnings.map(({ problem }) => problem.code)).not.toContain('torch/setting-differs');
    expect(Object.keys(toArray(state.steps).at(-1)!.metrics ?? {})).toEqual(['memory/rank_0', 'memory/rank_1']);

    const adapter = await readAdapter(path.join(whole.folder, 'adapter'));
    const model = await openModel('./model', { baseDirectory: folder });
    const plan = tinyPlan([...model.weights.values()], { modelConfig: model.config });
    const embedded = await createLocalSession(plan, onnxExecutor({ provider: 'cpu', threads: 1 }));
    const trained = await Promise.all(
      [...adapter.weights.values()].map(async (entry) => ({ ...entry, data: await readTensor(entry) })),
    );
    await embedded.restore({ trained, step: 0 });
    await embedded.close();
  });

  test('two nodes that ssh reaches, with the model in shards, train the same', async () => {
    // It does what ssh does with a command, on this machine, and notes for which host.
    const ssh = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\necho "$2" >> "$SSH_NOTES"\nexec sh -c "$3"\n';
    const bin = path.join(folder, 'bin');
    await mkdir(bin);
    await writeFile(path.join(bin, 'ssh'), ssh, { mode: 0o755 });
    const notes = path.join(folder, 'hosts.txt');
    env = { ...env, PATH: `${bin}:${process.env['PATH']}`, SSH_NOTES: notes };
    const nodes = ['distributed.hosts=[127.0.0.1, localhost]', 'distributed.interface=lo', 'distributed.strategy=fsdp'];
    const run = await start(nodes);
    expect(await run.exited).toBe(0);
    expect((await readFile(notes, 'utf8')).trim().split('\n').toSorted()).toEqual(['127.0.0.1', 'localhost']);
    for (const [i, loss] of (await lossesOf(run.folder)).entries()) {
      expect(Math.abs(loss - losses[i]!) / losses[i]!).toBeLessThan(1e-3);
    }
    expect((await readAdapter(path.join(run.folder, 'adapter'))).settings.rank).toBe(4);
  });

  test('nodes that SLURM gives are waited for, train, and are given back', async () => {
    const bin = await writeFakeSlurm(folder);
    const before = env;
    env = { ...env, PATH: `${bin}:${process.env['PATH']}` };
    const job = ['distributed.slurm={nodes: 2}', 'distributed.interface=lo', 'training.max_steps=5'];
    const run = await start(job);
    expect(await run.exited).toBe(0);
    env = before;
    expect(await lossesOf(run.folder)).toHaveLength(5);
    const events = await readFile(path.join(run.folder, 'events.jsonl'), 'utf8');
    expect(events).toContain('Waiting for job 4711 of SLURM: PENDING (Priority)');
    expect((await readFile(path.join(folder, 'steps'), 'utf8')).trim().split('\n')).toEqual(['127.0.0.1', 'localhost']);
    expect(await readFile(path.join(folder, 'cancelled'), 'utf8')).toBe('4711\n');
  });

  test('killed at random moments it becomes the run that was never disturbed', async () => {
    const first = Math.floor(random.uniform() * 3);
    let run = await start();
    let kept = 0;
    const someLater = (): number => Math.min(58, kept + 11 + Math.floor(random.uniform() * 9));
    for (let i = 0; i < repeats; i++) {
      let moment = someLater();
      await untilStep(run, moment);
      await killAndSeeItGoOn(run, (first + i) % 2);
      kept = Math.floor(moment / 10) * 10;
      moment = someLater();
      await untilStep(run, moment, 2);
      await kill(run, (first + i) % 3);
      // It may have done a few more steps than those that were waited for.
      kept = Math.floor(moment / 10) * 10;
      const last = i === repeats - 1;
      run = await resumeRun(run.folder, { trainer, env, overrides: last ? ['distributed.processes=1'] : [] });
    }
    expect(await run.exited).toBe(0);
    const again = await lossesOf(run.folder);
    expect(again.slice(0, kept)).toEqual(losses.slice(0, kept));
    // In one process the same numbers are added in another order.
    for (const [i, loss] of again.entries()) expect(Math.abs(loss - losses[i]!) / losses[i]!).toBeLessThan(1e-3);
  });
});
