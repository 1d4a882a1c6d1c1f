// The trainer as a process: protocol, control files, stdin, signals, the death of its parent, locks and failures.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, stat, truncate, writeFile, appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventOf, TrainerEvent, TrainerEventType } from '../../src/protocol/events.ts';
import { createJsonLineDecoder } from '../../src/protocol/jsonLines.ts';
import { toArray } from '../../src/protocol/series.ts';
import { checkEvent } from '../../src/protocol/validate.ts';
import { askRun } from '../../src/runs/askRun.ts';
import { readEvents } from '../../src/runs/eventLog.ts';
import { followRun } from '../../src/runs/followRun.ts';
import { runPaths } from '../../src/runs/layout.ts';
import { lifeOf } from '../../src/runs/processLife.ts';
import { readManifest } from '../../src/runs/manifest.ts';
import { checkpointSteps, resumeRun, type RunHandle } from '../../src/runs/startRun.ts';
import { listRuns, openRun } from '../../src/runs/store.ts';
import { stopRun } from '../../src/runs/stopRun.ts';
import { breakNumber } from '../support/brokenNumbers.ts';
import {
  bundleTrainer,
  makeRun,
  resultOf,
  resume,
  scratchFolder,
  start,
  type Workspace,
} from '../support/trainerBundle.ts';

let workspace: Workspace;
beforeAll(async () => {
  const folder = await scratchFolder();
  workspace = { folder, trainer: await bundleTrainer(folder) };
});
afterAll(() => rm(workspace.folder, { recursive: true, force: true }));

const slow = { steps: 400, stepMilliseconds: 20, checkpointEvery: 1000 };

async function until<T extends TrainerEventType>(
  events: AsyncIterable<TrainerEvent>,
  type: T,
  test: (event: EventOf<T>) => boolean = () => true,
): Promise<EventOf<T>> {
  const isWanted = (event: TrainerEvent): event is TrainerEvent & EventOf<T> => event.type === type;
  for await (const event of events) if (isWanted(event) && test(event)) return event;
  throw new Error(`The run ended without ${type}.`);
}

const reached = (run: RunHandle, step: number) => until(run.events(), 'step', (event) => event.step >= step);

async function allEvents(folder: string): Promise<TrainerEvent[]> {
  const events: TrainerEvent[] = [];
  await readEvents(runPaths(folder).events, (event) => events.push(event));
  return events;
}

describe('a run from start to end', () => {
  test('leaves a log without gaps, a manifest, samples, checkpoints, an adapter and the copy', async () => {
    const output = path.join(workspace.folder, 'out', 'adapter');
    const run = await start(workspace, { steps: 8, output });
    const seen: TrainerEvent[] = [];
    for await (const event of run.events()) seen.push(event);
    expect(await run.exited).toBe(0);
    expect(seen).toEqual(await allEvents(run.folder));
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => index));
    expect(seen[0]).toMatchObject({ type: 'hello', protocol: 1, pid: run.pid });
    expect(seen.at(-1)).toMatchObject({
      type: 'finished',
      outcome: 'completed',
      result: { kind: 'adapter', path: 'adapter', step: 8, output },
      took: { steps: 8 },
    });
    const { manifest, status } = await openRun(run.folder);
    expect(status).toBe('completed');
    expect(manifest).toMatchObject({ prepared: { total_steps: 8 }, versions: { node: process.version } });
    expect((await readdir(output)).length).toBeGreaterThan(0);
    expect((await readdir(path.join(run.folder, 'checkpoints'))).toSorted()).toEqual(['step-7', 'step-8']);
    const samples = (await readFile(runPaths(run.folder).samples, 'utf8')).trim().split('\n');
    expect(samples.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([0, 7, 8]);
    expect(await readFile(runPaths(run.folder).log, 'utf8')).toBe('');
    expect((await listRuns(path.dirname(run.folder))).runs[0]).toMatchObject({
      status: 'completed',
      lastStep: { step: 8 },
    });
  });

  test('says the same on stdout, and obeys commands on stdin', async () => {
    const folder = await makeRun(workspace, slow);
    const child = spawn(process.execPath, [workspace.trainer, '--run', folder], { stdio: ['pipe', 'pipe', 'pipe'] });
    const decoder = createJsonLineDecoder();
    const told: TrainerEvent[] = [];
    let sent = false;
    child.stdout.on('data', (chunk: Buffer) => {
      for (const line of decoder.push(chunk)) {
        const checked = line.ok ? checkEvent(line.value) : undefined;
        if (checked?.ok !== true) throw new Error('not protocol on stdout');
        told.push(checked.value);
        if (checked.value.type !== 'step' || sent) continue;
        sent = true;
        child.stdin.write('no command\n{"type":"set","id":"odd"}\n{"type":"stop-and-save","id":"me"}\n');
      }
    });
    const errors: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(130);
    expect(told).toEqual(await allEvents(folder));
    expect(told).toContainEqual(expect.objectContaining({ type: 'acknowledged', id: 'me', accepted: true }));
    expect(told).toContainEqual(
      expect.objectContaining({
        ...{ type: 'acknowledged', id: 'odd', accepted: false },
        reason: "The command 'set' is malformed: must have required property 'learning_rate'.",
      }),
    );
    expect(errors.join('')).toContain('stdin: The line is not valid JSON');
  });

  test('without a run folder it says how to use it and exits with 2', async () => {
    for (const args of [[], ['--run', path.join(workspace.folder, 'nowhere')], ['--run', workspace.folder]]) {
      const child = spawn(process.execPath, [workspace.trainer, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
      const errors: Buffer[] = [];
      child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
      const [code] = (await once(child, 'close')) as [number];
      expect([code, Buffer.concat(errors).toString()]).toEqual([2, expect.stringMatching(/--run|run\.json/) as string]);
      expect(Buffer.concat(errors).toString()).not.toMatch(/ {4}at /);
    }
  });
});

describe('control', () => {
  test('by files: pause, checkpoint-now, set, resume, stop-and-save; then resumed to the same end', async () => {
    const config = { steps: 60, stepMilliseconds: 10 };
    const undisturbed = await start(workspace, config);
    expect(await undisturbed.exited).toBe(0);

    const run = await start(workspace, config);
    await reached(run, 3);
    await run.send({ type: 'pause' });
    const paused = await until(run.events(), 'paused');
    expect((await openRun(run.folder)).status).toBe('paused');
    await run.send({ type: 'checkpoint-now' });
    const saved = await until(run.events(), 'checkpoint', (event) => event.reason === 'requested');
    expect(saved.step).toBe(paused.step);
    await run.send({ type: 'resume' });
    await until(run.events(), 'resumed');
    await run.send({ type: 'stop-and-save' });
    expect(await run.exited).toBe(130);
    expect((await openRun(run.folder)).status).toBe('stopped');
    expect(await readdir(runPaths(run.folder).control)).toEqual([]);

    const again = await resume(workspace, run.folder);
    expect(await again.exited).toBe(0);
    expect((await resultOf(run.folder)).equals(await resultOf(undisturbed.folder))).toBe(true);
    await expect(resume(workspace, run.folder)).rejects.toMatchObject({ problems: [{ code: 'runs/completed' }] });

    const [first, last] = await checkpointSteps(run.folder);
    const from = (step: number) => resumeRun(run.folder, { trainer: workspace.trainer, from: step });
    await expect(from(2)).rejects.toMatchObject({ problems: [{ code: 'runs/no-checkpoint' }] });
    await expect(from(last!)).rejects.toMatchObject({ problems: [{ code: 'runs/completed' }] });
    const back = await from(first!);
    const resumed = await until(back.events(), 'resumed', (event) => event.step === first);
    expect(resumed.checkpoint).toBe(`checkpoints/step-${first}`);
    expect(await back.exited).toBe(0);
    expect((await resultOf(run.folder)).equals(await resultOf(undisturbed.folder))).toBe(true);
    const { state } = await openRun(run.folder);
    expect(toArray(state.steps).map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(state.finished?.outcome).toBe('completed');
  });

  test('from a checkpoint that is asked for: later ones are gone, and what dies then goes on from it', async () => {
    const run = await start(workspace, { steps: 60, stepMilliseconds: 10, checkpointEvery: 7 });
    await until(run.events(), 'checkpoint', (event) => event.step === 14);
    await run.send({ type: 'stop-and-save' });
    expect(await run.exited).toBe(130);
    const [first, ...later] = await checkpointSteps(run.folder);
    expect(later.length).toBeGreaterThan(0);
    const { nextSeq } = (await openRun(run.folder)).state;
    const back = await resumeRun(run.folder, { trainer: workspace.trainer, from: first!, fromSeq: nextSeq });
    const told = await until(back.events(), 'checkpoint', ({ step }) => step === first);
    expect(told.removed).toEqual(later.map((step) => `checkpoints/step-${step}`));
    process.kill(back.pid, 'SIGKILL');
    await back.exited;
    const again = await resume(workspace, run.folder);
    expect(await again.exited).toBe(0);
    const { state } = await openRun(run.folder);
    expect(toArray(state.steps).map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  });

  test('a learning rate that was set is used from its step on', async () => {
    const run = await start(workspace, slow);
    await reached(run, 3);
    await run.send({ type: 'set', learning_rate: 0.001 });
    const change = await until(run.events(), 'setting_changed');
    expect(change).toMatchObject({ value: 0.001, previous: 0.1 });
    const after = await until(run.events(), 'step', (event) => event.step === change.step);
    expect(after.learning_rate).toBeLessThan(0.0011);
    await run.stop('now');
    expect(await run.exited).toBe(130);
  });

  test('what is no command is refused with the reason, and does no harm', async () => {
    const run = await start(workspace, slow);
    await reached(run, 1);
    const { control } = runPaths(run.folder);
    await mkdir(path.join(control, '0-a-folder.json'), { recursive: true });
    await writeFile(path.join(control, '0-b-bad.json'), '{"type":"fly","id":"wings"}');
    await writeFile(path.join(control, '0-c-half.json'), '{"type":');
    await writeFile(path.join(control, '0-d-long.json'), JSON.stringify({ type: 'pause', id: 'x'.repeat(100_000) }));
    await expect(askRun(run.folder, { type: 'set', learning_rate: 99 })).rejects.toMatchObject({
      problems: [
        {
          code: 'runs/refused',
          message: `The run did not obey "set". The command 'set' is malformed: /learning_rate must be <= 10.`,
        },
      ],
    });
    expect((await openRun(run.folder)).status).toBe('running');
    await run.send({ type: 'stop-now' });
    expect(await run.exited).toBe(130);
    const refused = (await allEvents(run.folder)).flatMap((event) =>
      event.type === 'acknowledged' && !event.accepted && event.command !== 'set'
        ? [[event.id, event.command, event.reason]]
        : [],
    );
    expect(refused).toEqual([
      ['0-a-folder', 'command', 'The command file cannot be read: it is a folder, not a file.'],
      ['wings', 'fly', expect.stringMatching(/^There is no command 'fly'\. A run knows pause, resume, /)],
      ['0-c-half', 'command', expect.stringContaining('JSON')],
      ['0-d-long', 'command', expect.stringContaining('cannot be right')],
    ]);
    expect(await readFile(runPaths(run.folder).log, 'utf8')).toContain(
      "control/0-b-bad.json: There is no command 'fly'",
    );
    expect(await readdir(control)).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')('one signal saves and stops, two stop at once', async () => {
    const gentle = await start(workspace, slow);
    await reached(gentle, 2);
    process.kill(gentle.pid, 'SIGTERM');
    expect(await gentle.exited).toBe(130);
    const { checkpoints, step } = await stateOf(gentle.folder);
    expect(checkpoints.at(-1)).toBe(step);

    const hasty = await start(workspace, { ...slow, stepMilliseconds: 60_000 });
    await until(hasty.events(), 'started');
    process.kill(hasty.pid, 'SIGINT');
    await delay(50);
    process.kill(hasty.pid, 'SIGINT');
    expect(await hasty.exited).toBe(130);
    expect((await stateOf(hasty.folder)).checkpoints).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')('a trainer that hears nothing is ended by signals', async () => {
    const run = await start(workspace, slow);
    await reached(run, 1);
    process.kill(run.pid, 'SIGSTOP');
    await stopRun(run.folder, 'save', { term: 100, kill: 100 });
    expect(await run.exited).toBeNull();
    expect((await openRun(run.folder)).status).toBe('interrupted');
  });
});

async function stateOf(folder: string): Promise<{ checkpoints: number[]; step: number }> {
  const { state } = await openRun(folder);
  return { checkpoints: state.checkpoints.map(({ step }) => step), step: toArray(state.steps).at(-1)?.step ?? 0 };
}

test('it lives on when its parent dies, with the heart beating, and can be followed by others', async () => {
  const folder = await makeRun(workspace, { ...slow, steps: 60 });
  // A parent that starts the trainer with a pipe for its output, as a careless program would, and is killed.
  const program = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ${JSON.stringify([workspace.trainer, '--run', folder])}, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdout.once('data', () => console.log('started'));
  `;
  const parent: ChildProcess = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(parent.stdout!, 'data');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await until(followRun(folder), 'finished', (event) => event.outcome === 'completed');
  const beat = JSON.parse(await readFile(runPaths(folder).heartbeat, 'utf8')) as { time: string; step: number };
  expect(Date.now() - Date.parse(beat.time)).toBeLessThan(20_000);
  const mark = (await readManifest(folder)).process!;
  while ((await lifeOf(mark)) !== 'dead') await delay(20);
  expect((await openRun(folder)).status).toBe('completed');
});

test('a second trainer is refused and leaves the first alone', async () => {
  const run = await start(workspace, slow);
  await reached(run, 2);
  await expect(resume(workspace, run.folder)).rejects.toMatchObject({ problems: [{ code: 'runs/busy' }] });
  const child = spawn(process.execPath, [workspace.trainer, '--run', run.folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, Buffer.concat(errors).toString()]).toEqual([2, expect.stringContaining('already training') as string]);
  await run.stop('save');
  const { state, problems } = await openRun(run.folder);
  expect([state.processes, state.gaps, problems]).toEqual([1, [], []]);
});

test('the heart beats while a step takes long', async () => {
  const run = await start(workspace, { ...slow, stepMilliseconds: 60_000 });
  await until(run.events(), 'started');
  const first = (await stat(runPaths(run.folder).heartbeat)).mtimeMs;
  const deadline = Date.now() + 10_000;
  while ((await stat(runPaths(run.folder).heartbeat)).mtimeMs === first && Date.now() < deadline) await delay(50);
  expect((await stat(runPaths(run.folder).heartbeat)).mtimeMs - first).toBeLessThan(2000);
  expect((await stat(runPaths(run.folder).heartbeat)).mtimeMs).toBeGreaterThan(first);
  await run.stop('now');
});

test('a torn last line of the log is mended on resume', async () => {
  const run = await start(workspace, { steps: 30, stepMilliseconds: 5 });
  await reached(run, 8);
  process.kill(run.pid, 'SIGKILL');
  await run.exited;
  const file = runPaths(run.folder).events;
  await appendFile(file, '{"seq":9999,"type":"st');
  const again = await resume(workspace, run.folder);
  expect(await again.exited).toBe(0);
  const { state, problems } = await openRun(run.folder);
  expect([problems, state.gaps, state.steps.length]).toEqual([[], [], 30]);
});

test('a checkpoint that was damaged is named and the one before it taken', async () => {
  const run = await start(workspace, { steps: 40, stepMilliseconds: 10 });
  await until(run.events(), 'checkpoint', (event) => event.step === 9);
  process.kill(run.pid, 'SIGKILL');
  await run.exited;
  const folder = runPaths(run.folder).checkpoints;
  const newest = (await readdir(folder))
    .filter((name) => name.startsWith('step-'))
    .toSorted((a, b) => Number(b.slice(5)) - Number(a.slice(5)));
  await truncate(path.join(folder, newest[0]!, 'optimizer.safetensors'), 100);
  const again = await resume(workspace, run.folder);
  expect(await again.exited).toBe(0);
  const events = await allEvents(run.folder);
  expect(events).toContainEqual(expect.objectContaining({ type: 'resumed', checkpoint: `checkpoints/${newest[1]!}` }));
  const warnings = events.filter((event) => event.type === 'warning').map((event) => event.problem.message);
  expect(warnings).toEqual([
    expect.stringContaining(`checkpoints/${newest[0]!} is not used, because optimizer.safetensors has 100 bytes`),
  ]);
});

test('after a loss that was not a number a run goes on from the newest checkpoint that did not give it, or from none', async () => {
  const run = await start(workspace, { steps: 12, nanAt: 10 });
  expect(await run.exited).toBe(1);
  const folder = runPaths(run.folder).checkpoints;
  expect((await readdir(folder)).toSorted()).toEqual(['step-7', 'step-9']);
  const warningsOf = (events: readonly TrainerEvent[]): string[] =>
    events.filter((event) => event.type === 'warning').map((event) => event.problem.message);

  // Step 10 would find the same again with the weights of step 9.
  expect(await (await resume(workspace, run.folder)).exited).toBe(1);
  const events = await allEvents(run.folder);
  expect(events.filter(({ type }) => type === 'resumed')).toEqual([
    expect.objectContaining({ step: 7, checkpoint: 'checkpoints/step-7' }),
  ]);
  expect(warningsOf(events)).toEqual([
    'The checkpoint checkpoints/step-9 is not used, because step 10 found no finite loss with its weights; the run goes on from checkpoints/step-7.',
  ]);
  const steps = toArray((await openRun(run.folder)).state.steps).map(({ step }) => step);
  expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

  await breakNumber(path.join(folder, 'step-7'), 'adapter_model.safetensors', Number.NaN);
  expect(await (await resume(workspace, run.folder)).exited).toBe(1);
  const { failed } = (await openRun(run.folder)).state;
  expect(failed?.cause.code).toBe('trainer/no-sound-checkpoint');
  expect(failed?.cause.message).toMatch(/step 9, will not do, because step 10 found no .* --from step-9/);
  expect((await readdir(folder)).toSorted()).toEqual(['step-7', 'step-9']);
});

describe('failures', () => {
  async function fail(
    config: Parameters<typeof start>[1],
  ): Promise<{ code: number | null; failed: EventOf<'failed'>; log: string }> {
    const run = await start(workspace, config);
    const failed = await until(run.events(), 'failed');
    const code = await run.exited;
    expect((await openRun(run.folder)).status).toBe('failed');
    return { code, failed, log: await readFile(runPaths(run.folder).log, 'utf8') };
  }

  test('an unexpected error: a sentence in the event, the trace in trainer.log', async () => {
    const { code, failed, log } = await fail({ steps: 5, failAt: { step: 3, message: 'the cat sat on it' } });
    expect(code).toBe(1);
    expect(failed).toMatchObject({ step: 2, cause: { code: 'trainer/unexpected' } });
    expect(failed.cause.message).toContain('the cat sat on it');
    expect(JSON.stringify(failed)).not.toMatch(/ {4}at /);
    expect(log).toMatch(/ {4}at .*onStep/);
  });

  test('memory that runs out: three settings that help', async () => {
    const { failed } = await fail({ steps: 5, failAt: { step: 1, message: 'std::bad_alloc' } });
    expect(failed.cause.code).toBe('training/out-of-memory');
    expect(failed.remedies.length).toBeGreaterThan(0);
  });

  test('a loss that is not a number: the step and its rows', async () => {
    const { failed } = await fail({ steps: 5, nanAt: 2 });
    expect(failed.cause.code).toBe('training/non-finite');
    expect(failed.cause.message).toContain('Step 2');
    expect(failed.evidence.join()).toMatch(/train\.jsonl:\d+/);
  });

  test('an output that cannot be written, after training: nothing is lost', async () => {
    const blocked = path.join(workspace.folder, 'a-file');
    await writeFile(blocked, '');
    const run = await start(workspace, { steps: 5, output: path.join(blocked, 'adapter') });
    const failed = await until(run.events(), 'failed');
    expect(await run.exited).toBe(1);
    expect(failed.cause).toMatchObject({
      code: 'trainer/output-not-written',
      message: expect.stringContaining('could not be copied to `output`') as string,
    });
    expect(JSON.stringify(failed)).toContain('a-file');
    expect((await resultOf(run.folder)).length).toBeGreaterThan(0);
  });

  test.skipIf(process.platform === 'win32')('a disk that is full: the last whole checkpoint stays', async () => {
    const folder = await makeRun(workspace, { steps: 40, stepMilliseconds: 1 });
    // A limit on the size of files stands in for the disk: writing beyond it fails with EFBIG once SIGXFSZ is ignored.
    const limited = `trap '' XFSZ; ulimit -f 8; exec "$@"`;
    const child = spawn('sh', ['-c', limited, 'sh', process.execPath, workspace.trainer, '--run', folder], {
      stdio: 'ignore',
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect((await readManifest(folder)).state).toBe('failed');
    const { state, problems } = await openRun(folder);
    expect(problems).toEqual([]);
    expect(state.steps.length).toBeGreaterThan(3);
    const again = await resume(workspace, folder);
    expect(await again.exited).toBe(0);
    expect((await openRun(folder)).state.gaps).toEqual([]);
  });
});
