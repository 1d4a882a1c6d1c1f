// Names, manifests, locks and control files of a run folder.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFileAtomic } from '../../../src/runs/atomicFile.ts';
import { clearCommands, sendCommand, waitingCommands } from '../../../src/runs/control.ts';
import { gitState, machine, versions } from '../../../src/runs/facts.ts';
import { configCopy, relativeName, runPaths } from '../../../src/runs/layout.ts';
import { lockRun } from '../../../src/runs/lock.ts';
import { readManifest, writeManifest } from '../../../src/runs/manifest.ts';
import { lifeOf, ownMark } from '../../../src/runs/processLife.ts';
import { newRunId } from '../../../src/runs/runId.ts';
import { createRun } from '../../../src/runs/startRun.ts';
import { findRun, listRuns, statusOf } from '../../../src/runs/store.ts';
import { sampleManifest } from '../../support/manifest.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'finetune-runs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('run ids sort by time, are legal on every file system, and differ within a second', () => {
  const now = new Date('2026-03-04T05:06:07.890Z');
  expect(newRunId('Support: Tickets/é', now, new Uint8Array(8))).toMatch(
    /^support-tickets-e-20260304-050607-[0-9a-f]{4}$/,
  );
  expect(newRunId('…', now)).toMatch(/^run-2026/);
  expect(newRunId('CON', now)).toMatch(/^con-2026/);
  expect(newRunId('x'.repeat(300), now).length).toBeLessThan(64);
  expect(newRunId('a', now, Uint8Array.of(1))).not.toBe(newRunId('a', now, Uint8Array.of(2)));
});

test('paths in events are relative with forward slashes', () => {
  expect(relativeName(folder, path.join(folder, 'checkpoints', 'step-1'))).toBe('checkpoints/step-1');
  expect(configCopy(folder, 'x/my.finetune.yml')).toBe(path.join(folder, 'config.yml'));
});

test('a file is replaced whole, and nothing temporary stays', async () => {
  const file = path.join(folder, 'a.json');
  await writeFileAtomic(file, 'old');
  await writeFileAtomic(file, 'new');
  expect(await readFile(file, 'utf8')).toBe('new');
  await expect(writeFileAtomic(path.join(file, 'below'), 'x')).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(await readdir(folder)).toEqual(['a.json']);
});

describe('manifest', () => {
  test('comes back as it was written', async () => {
    const manifest = sampleManifest({ git: { commit: 'abc', dirty: true }, ended: '2026-01-01T00:00:00.000Z' });
    await writeManifest(folder, manifest);
    expect(await readManifest(folder)).toEqual(manifest);
  });

  test.each([
    ['{"version":1', /not valid JSON/],
    ['{"version":1}', /required property/],
    [JSON.stringify({ ...sampleManifest(), state: 'flying' }), /\/state/],
  ])('says what is wrong with %s', async (text, message) => {
    await writeFile(runPaths(folder).manifest, text);
    await expect(readManifest(folder)).rejects.toMatchObject({
      problems: [{ code: 'runs/broken-manifest', message: expect.stringMatching(message) as string }],
    });
  });

  test('a folder without one is no run', async () => {
    await expect(readManifest(folder)).rejects.toMatchObject({ problems: [{ code: 'runs/not-a-run' }] });
  });
});

describe('whether a process lives', () => {
  test('this one does; the same pid with another start does not', async () => {
    const mark = await ownMark();
    expect(await lifeOf(mark)).toBe('alive');
    expect(await lifeOf({ ...mark, started: 'another time' })).toBe('dead');
    expect(await lifeOf({ ...mark, host: 'elsewhere' })).toBe('elsewhere');
    expect(await lifeOf({ ...mark, pid: 2 ** 22 + 1 })).toBe('dead');
  });

  test('a run whose process is gone was interrupted, one that has ended stays ended', async () => {
    const mark = await ownMark();
    const gone = { ...mark, started: 'another time', argv: [] };
    expect(await statusOf(sampleManifest({ state: 'running', process: { ...mark, argv: [] } }))).toBe('running');
    expect(await statusOf(sampleManifest({ state: 'running', process: gone }))).toBe('interrupted');
    expect(await statusOf(sampleManifest({ state: 'completed', process: gone }))).toBe('completed');
  });

  test('a run that was just started has time to say so', async () => {
    const launched = '2026-01-01T00:00:00.000Z';
    const manifest = sampleManifest({ state: 'starting', launched });
    expect(await statusOf(manifest, new Date('2026-01-01T00:00:05Z'))).toBe('starting');
    expect(await statusOf(manifest, new Date('2026-01-01T00:01:00Z'))).toBe('interrupted');
  });
});

describe('lock', () => {
  test('is free again after its release', async () => {
    const first = await lockRun(folder);
    await first.release();
    const second = await lockRun(folder);
    expect(await readdir(runPaths(folder).locks)).toHaveLength(1);
    await second.release();
  });

  test('of a dead process is cleared away, of a living one respected', async () => {
    const { locks } = runPaths(folder);
    await mkdir(locks);
    const mark = await ownMark();
    await writeFile(path.join(locks, 'dead.json'), JSON.stringify({ ...mark, started: 'before' }));
    await writeFile(path.join(locks, 'other.json.tmp'), 'half');
    await (await lockRun(folder)).release();
    expect(await readdir(locks)).toEqual(['other.json.tmp']);
    const parent = { pid: process.ppid, started: 'unknown', host: os.hostname() };
    await writeFile(path.join(locks, 'alive.json'), JSON.stringify(parent));
    await expect(lockRun(folder)).rejects.toMatchObject({ problems: [{ code: 'runs/busy' }] });
    expect(await readdir(locks)).toContain('alive.json');
  });

  test('of another machine holds while that machine gives signs of life', async () => {
    const paths = runPaths(folder);
    await mkdir(paths.locks);
    const far = { pid: 1, started: 'x', host: 'another-machine' };
    await writeFile(path.join(paths.locks, 'far.json'), JSON.stringify(far));
    await writeFile(paths.heartbeat, '{}');
    await expect(lockRun(folder)).rejects.toMatchObject({ problems: [{ code: 'runs/busy' }] });
    await rm(paths.heartbeat);
    await (await lockRun(folder)).release();
  });
});

test('control files come in the order in which they were sent, checked, and are gone when done', async () => {
  expect(await waitingCommands(folder)).toEqual([]);
  const id = await sendCommand(folder, { type: 'pause' });
  await sendCommand(folder, { type: 'set', learning_rate: 1e-5 });
  await writeFile(path.join(runPaths(folder).control, 'zz.json'), '{"type":');
  await writeFile(path.join(runPaths(folder).control, 'half.json.1234.tmp'), '{"ty');
  const waiting = await waitingCommands(folder);
  expect(waiting.map(({ command }) => (command.ok ? command.value.type : command.problem.slice(0, 32)))).toEqual([
    'pause',
    'set',
    'The command file cannot be read:',
  ]);
  expect(waiting[0]!.command).toEqual({ ok: true, value: { type: 'pause', id } });
  await waiting[0]!.done();
  expect(await waitingCommands(folder)).toHaveLength(2);
  await clearCommands(folder);
  expect(await waitingCommands(folder)).toEqual([]);
});

describe('finding runs', () => {
  async function addRun(id: string, created: string): Promise<void> {
    await mkdir(path.join(folder, id));
    await writeManifest(path.join(folder, id), sampleManifest({ id, created, state: 'completed' }));
  }

  test('by the start of an id, the latest, or a path; other folders are named as problems', async () => {
    await addRun('alpha-1', '2026-01-01T00:00:00.000Z');
    await addRun('alpha-2', '2026-01-03T00:00:00.000Z');
    await addRun('beta', '2026-01-02T00:00:00.000Z');
    await mkdir(path.join(folder, 'holiday-pictures'));
    const { runs, problems } = await listRuns(folder);
    expect(runs.map((run) => run.manifest.id)).toEqual(['alpha-2', 'beta', 'alpha-1']);
    expect(problems).toMatchObject([
      { code: 'runs/not-a-run', place: { file: path.join(folder, 'holiday-pictures') } },
    ]);
    expect(await findRun(folder, 'b')).toBe(path.join(folder, 'beta'));
    expect(await findRun(folder)).toBe(path.join(folder, 'alpha-2'));
    expect(await findRun('/nowhere', path.join(folder, 'beta'))).toBe(path.join(folder, 'beta'));
    await expect(findRun(folder, 'alpha')).rejects.toMatchObject({
      problems: [{ code: 'runs/ambiguous-id', details: ['alpha-2', 'alpha-1'] }],
    });
    await expect(findRun(folder, 'gamma')).rejects.toMatchObject({ problems: [{ code: 'runs/no-such-run' }] });
  });

  test('where there are none', async () => {
    expect(await listRuns(path.join(folder, 'missing'))).toEqual({ runs: [], problems: [] });
    await expect(findRun(folder)).rejects.toMatchObject({ problems: [{ code: 'runs/no-such-run' }] });
  });
});

test('a new run has a manifest, a copy of the config and the facts of where it was made', async () => {
  const configFile = path.join(folder, 'my.finetune.yaml');
  await writeFile(configFile, 'version: 1\n');
  const run = await createRun({ configFile, name: 'my', overrides: ['seed=1'], runsFolder: path.join(folder, 'runs') });
  expect(await readFile(path.join(run, 'config.yaml'), 'utf8')).toBe('version: 1\n');
  expect(await readManifest(run)).toMatchObject({
    state: 'starting',
    base_directory: folder,
    overrides: ['seed=1'],
    versions: versions(),
    machine: machine(),
  });
  const runsFolder = path.join(configFile, 'runs');
  await expect(createRun({ configFile, name: 'my', overrides: [], runsFolder })).rejects.toMatchObject({
    problems: [{ code: 'runs/cannot-create', place: { file: expect.stringContaining(runsFolder) as string } }],
  });
});

test('outside git there is no commit', async () => {
  expect(await gitState(folder)).toBeUndefined();
});
