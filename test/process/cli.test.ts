// The command line as a person meets it: the built program, a real (tiny) model, real runs, Ctrl+C.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyModel } from '../support/tinyModelFolder.ts';

const cli = resolve('dist/cli.js');
let folder: string;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stdout holds the text, rejects when the program ends without it. */
  says(text: string): Promise<void>;
}

function launch(...args: string[]): Running {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { ...process.env, FINETUNE_CACHE: join(folder, 'cache'), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
    for (const listener of listeners) listener();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, stdout, stderr })));
  return {
    child,
    ended,
    says: (text) =>
      new Promise((done, fail) => {
        const look = (): void => {
          if (!stdout.includes(text)) return;
          listeners.delete(look);
          done();
        };
        listeners.add(look);
        look();
        void ended.then(() => fail(new Error(`it never said '${text}' but: ${stdout}${stderr}`)));
      }),
  };
}

function finetune(...args: string[]): Promise<Ended> {
  return launch(...args).ended;
}

async function json<T>(...args: string[]): Promise<T> {
  const { stdout, stderr } = await finetune(...args, '--json');
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(`no JSON: ${stdout}${stderr}`);
  }
}

async function writeConfig(name: string, steps: number): Promise<string> {
  const config = [
    'version: 1',
    'model: model',
    'data: {train: train.jsonl, validation: 0.2, max_length: 64}',
    `training: {max_steps: ${steps}, batch_size: 2}`,
    'evaluation: {every: 1000, prompts: []}',
    'checkpoints: {every: 1000, keep: 2}',
  ];
  const file = `${name}.finetune.yaml`;
  await writeFile(join(folder, file), `${config.join('\n')}\n`);
  return file;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finetune-cli-'));
  await writeTinyModel(join(folder, 'model'));
  const rows = Array.from({ length: 30 }, (_, i) => ({ instruction: `Say ${i}`, output: `It is ${i * 3}.` }));
  await writeFile(join(folder, 'train.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

describe('before a run', () => {
  test('check tells the places of problems and what the data is like', async () => {
    const good = await finetune('check', await writeConfig('good', 4));
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toContain('Train ');
    expect(good.stdout).toMatch(/no problems|hint|warning/);

    await writeFile(join(folder, 'bad.finetune.yaml'), 'version: 1\nmodel: model\ndata:\n  trian: x.jsonl\n');
    const bad = await finetune('check', 'bad.finetune.yaml');
    expect(bad.code).toBe(2);
    expect(bad.stdout).toMatch(/^bad\.finetune\.yaml:4:3: error: .*train/m);

    const text = await readFile(join(folder, await writeConfig('rows', 4)), 'utf8');
    await writeFile(join(folder, 'rows.finetune.yaml'), text.replace('train.jsonl', 'broken.jsonl'));
    await writeFile(join(folder, 'broken.jsonl'), '{"instruction": "a", "output": "b"}\n{"instruction": \n');
    const rows = await finetune('check', 'rows.finetune.yaml');
    expect(rows.code).toBe(1);
    expect(rows.stdout).toMatch(/^broken\.jsonl:2:\d+: error: /m);
  });

  test('estimate tells memory, time and disk and leaves nothing behind', async () => {
    const report = await json<{ estimates: Record<string, number>; plan: { total_steps: number } }>(
      'estimate',
      await writeConfig('estimate', 6),
    );
    expect(report.plan.total_steps).toBe(6);
    for (const name of ['memory_bytes', 'seconds', 'disk_bytes']) expect(report.estimates[name]).toBeGreaterThan(0);
    expect((await json<{ runs: unknown[] }>('runs')).runs).toEqual([]);
  });

  test('doctor always has a device', async () => {
    const report = await json<{ executors: { name: string; usable: boolean; reason: string }[] }>('doctor');
    expect(report.executors.find(({ name }) => name === 'cpu')?.usable).toBe(true);
    for (const { reason } of report.executors) expect(reason).toMatch(/^.+$/);
  });
});

describe('runs', () => {
  test('start trains to the end, and every other command knows the run', async () => {
    const { code, stdout } = await finetune('start', await writeConfig('short', 4));
    expect(stdout).toMatch(/Done after 4 steps/);
    expect(code).toBe(0);

    const { runs } = await json<{ runs: { id: string; status: string; step: number; total_steps: number }[] }>('runs');
    expect(runs[0]).toMatchObject({ status: 'completed', step: 4, total_steps: 4 });
    const id = runs[0]?.id ?? '';
    expect((await finetune('runs')).stdout).toContain(id);

    const watched = await finetune('watch', id, '--json');
    const events = watched.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; type: string });
    expect(watched.code).toBe(0);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    expect(events.at(-1)?.type).toBe('finished');

    const answer = await json<{ answer: string; tokens: number }>(
      'generate',
      '--run',
      id,
      '--max-new-tokens',
      '3',
      'Say 1',
    );
    expect(answer.tokens).toBeGreaterThan(0);

    expect((await finetune('resume', id)).code).toBe(1);
    expect((await finetune('stop', id)).stdout).toContain('was already completed');
  });

  test('Ctrl+C stops and saves, and resume goes on to the end', async () => {
    const running = launch('start', await writeConfig('long', 400));
    await running.says('step 1/400');
    running.child.kill('SIGINT');
    const stopped = await running.ended;
    expect(stopped.stderr).toContain('stopping and saving');
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toMatch(/saved checkpoints\/step-\d+/);

    const { runs } = await json<{ runs: { id: string; status: string; step: number }[] }>('runs');
    expect(runs[0]).toMatchObject({ status: 'stopped' });
    const resumed = await finetune('resume', runs[0]?.id ?? '');
    expect(resumed.stdout).toContain(`going on from checkpoints/step-${runs[0]?.step}`);
    expect(resumed.stdout).toMatch(/Done after 400 steps/);
    expect(resumed.code).toBe(0);
  }, 240_000);

  test('a detached run is paused, goes on, and is stopped at once', async () => {
    const { id } = await json<{ id: string }>('start', await writeConfig('detached', 100_000), '--detach');
    const watching = launch('watch', id);
    await watching.says('step 1/100000');
    expect((await finetune('pause')).stdout).toContain(`${id} is paused`);
    expect((await json<{ runs: { status: string }[] }>('runs')).runs[0]?.status).toBe('paused');
    expect((await finetune('resume', id)).stdout).toContain(`${id} goes on`);
    const stopped = await finetune('stop', '--now');
    expect(stopped.stdout).toContain(`${id} is now stopped`);
    expect((await watching.ended).code).toBe(130);
    expect(await finetune('stop')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No run is going on') as string,
    });
  });
});
