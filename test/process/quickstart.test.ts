// Bar 1: the whole quickstart, as a person runs it, in a folder of their own; and what it says when nothing is learned.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const cli = resolve('dist/cli.js');
/** A person's folder, with a space in its name as on many machines. */
let folder: string;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], { shell = false, cwd = folder } = {}): Promise<Ended> {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, FINETUNE_CACHE: join(folder, 'cache'), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })));
}

const quickstart = (...args: string[]): Promise<Ended> => run(process.execPath, [cli, 'quickstart', ...args]);

function share(when: 'before' | 'after', stdout: string): number {
  return Number(new RegExp(`^exact match ${when}: (\\d+\\.\\d) %$`, 'm').exec(stdout)?.[1]);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'my finetune '));
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

test('the model cannot do the task before and can after, and what is proposed next works', async () => {
  const untouched = await readdir('examples/quickstart', { recursive: true });
  const { code, stdout, stderr } = await quickstart();
  process.stdout.write(`${/^Done after .*$/m.exec(stdout)?.[0] ?? stdout}\n`);
  process.stdout.write(`exact match ${share('before', stdout)} % → ${share('after', stdout)} %\n`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(share('before', stdout)).toBeLessThanOrEqual(5);
  expect(share('after', stdout)).toBeGreaterThanOrEqual(90);
  expect(stdout.match(/^ {2}before {4}/gm)).toHaveLength(3);
  expect(await readdir('examples/quickstart', { recursive: true })).toEqual(untouched);

  const generate = /^ {2}(.* generate --run latest ".*")$/m.exec(stdout)?.[1] ?? '';
  const answer = await run(generate, [], { shell: true });
  expect(answer.code).toBe(0);
  expect(JSON.parse(answer.stdout)).toMatchObject({ quantity: expect.any(Number) as number });
}, 600_000);

test('npm start: a run that learns nothing ends with 1 and says why, and --json is one document', async () => {
  const options = ['--json', '--set', 'training.max_steps=1'];
  const { code, stdout, stderr } = await run('npm', ['start', '--silent', '--', ...options], { cwd: resolve('.') });
  expect(code).toBe(1);
  expect(stderr).toContain('It was changed by --set training.max_steps=1');
  const report = JSON.parse(stdout) as {
    learned: boolean;
    exact_match: { before: number; after: number; rows: number };
    samples: unknown[];
    trained: string;
  };
  expect(report).toMatchObject({ learned: false, exact_match: { rows: 200 } });
  expect(report.exact_match.after).toBeLessThan(0.9);
  expect(report.samples).toHaveLength(3);
  expect(await readdir(report.trained)).toContain('model.safetensors');
}, 240_000);
