// An allocation of SLURM with programs in place of its own, which keep a job in files: submitted, waited for, used, cancelled.

import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allocate, slurmScript, type SlurmRequest } from '../../../src/torch/session/slurm.ts';
import { writeFakeSlurm } from '../../support/fakeSlurm.ts';

const own = process.env['PATH'];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'finetune-slurm-'));
  process.env['PATH'] = `${await writeFakeSlurm(folder)}:${own}`;
});
afterAll(async () => {
  process.env['PATH'] = own;
  await rm(folder, { recursive: true, force: true });
});

const request = (changes: Partial<SlurmRequest> = {}): SlurmRequest => ({
  folder,
  heartbeat: path.join(folder, 'heartbeat.json'),
  processes: 4,
  nodes: 2,
  options: ['--partition=gpu'],
  onWait: () => undefined,
  signal: new AbortController().signal,
  ...changes,
});

test('the script holds the nodes as long as the trainer lives', async () => {
  const script = slurmScript(request());
  for (const line of ['--nodes=2', '--ntasks-per-node=2', '--partition=gpu', `--output="${folder}/slurm.log"`]) {
    expect(script).toContain(`\n#SBATCH ${line}\n`);
  }
  const file = path.join(folder, 'held.sh');
  await writeFile(file, script.replace('sleep 20', 'exit 7'));
  await chmod(file, 0o700);
  const codeOf = (): unknown => {
    try {
      execFileSync('sh', [file]);
      return 0;
    } catch (error) {
      return Reflect.get(Object(error), 'status');
    }
  };
  expect(codeOf()).toBe(0); // no sign of life: it ends
  await writeFile(path.join(folder, 'heartbeat.json'), '{}');
  expect(codeOf()).toBe(7); // it would go on waiting
});

test('a job is waited for, its nodes are named, a rank runs as a step of it, and it is cancelled', async () => {
  const waited: string[] = [];
  const allocation = await allocate(request({ onWait: (what) => waited.push(what) }));
  expect(waited).toEqual(['Waiting for job 4711 of SLURM: PENDING (Priority)']);
  expect(allocation.hosts).toEqual(['127.0.0.1', 'localhost']);
  const [program, ...args] = allocation.command('localhost', { python: 'echo', program: 'the program' }, 'Rank 3 of 4');
  expect(args).toContain('--nodelist=localhost');
  expect(args.find((arg) => arg.startsWith('--export='))).toContain('HF_HUB_OFFLINE=1');
  expect(execFileSync(program!, args, { encoding: 'utf8' })).toBe('-s the program Rank 3 of 4\n');
  allocation.release();
  await expect.poll(() => readFile(path.join(folder, 'cancelled'), 'utf8').catch(() => '')).toBe('4711\n');
});

test('a job that is refused, or ends before it ran, is told with what SLURM says', async () => {
  await expect(allocate(request({ options: ['--partition=nowhere'] }))).rejects.toMatchObject({
    problems: [
      { code: 'torch/slurm', details: expect.arrayContaining(['sbatch: error: invalid partition']) as unknown },
    ],
  });
  await expect(allocate(request({ options: ['--time=0'] }))).rejects.toMatchObject({
    problems: [{ message: 'The job 4711 of SLURM ended before it ran.', details: ['TIMEOUT'] }],
  });
});

test('told to stop while it waits, it cancels the job', async () => {
  await rm(path.join(folder, 'cancelled'), { force: true });
  const stopping = new AbortController();
  const waiting = allocate(request({ onWait: () => stopping.abort(), signal: stopping.signal }));
  await expect(waiting).rejects.toThrow(/abort/i);
  await expect.poll(() => readFile(path.join(folder, 'cancelled'), 'utf8').catch(() => '')).toBe('4711\n');
});
