// Run folders as nobody wrote them: each is listed with what is wrong, none is waited for, and none hides another.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEvents } from '../../../src/runs/eventLog.ts';
import { readRecord } from '../../../src/runs/runRecord.ts';
import { readTail } from '../../../src/runs/runTail.ts';
import { listRuns } from '../../../src/runs/store.ts';
import { watchRuns } from '../../../src/runs/watchRuns.ts';
import { hello, started, step } from '../../support/runEvents.ts';
import { makeRunFolder } from '../../support/runFolders.ts';
import { runRecord } from '../../support/runRecords.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'finetune-hostile-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const folderOf = async (name: string): Promise<string> => {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  return folder;
};

/** Makes `run.json` what it should not be. */
const manifests: Record<string, (file: string) => Promise<unknown> | undefined> = {
  'is empty': (file) => writeFile(file, ''),
  'is null': (file) => writeFile(file, 'null'),
  'is half written': (file) => writeFile(file, JSON.stringify(runRecord({ id: 'half' }).manifest).slice(0, 200)),
  'holds bytes': (file) => writeFile(file, Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 37) % 256))),
  'is of another version': (file) =>
    writeFile(file, JSON.stringify({ ...runRecord({ id: 'other' }).manifest, version: 9 })),
  'is a folder': (file) => mkdir(file),
  'is a link to itself': (file) => symlink(file, file),
  'has two gigabytes': async (file) => {
    await writeFile(file, '{');
    await truncate(file, 2 * 2 ** 30);
  },
  'is nested ten thousand times': (file) => {
    const text = JSON.stringify({ ...runRecord({ id: 'deep' }).manifest, prepared: undefined });
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const prepared = `"config":{"deep":${deep}},"hashes":{"config":"","model_config":"","weights":"","tokenizer":"","template":"","data":"","mask":""},"total_steps":1,"threads":1,"device":"cpu"`;
    return writeFile(file, `${text.slice(0, -1)},"prepared":{${prepared}}}`);
  },
};
if (process.platform !== 'win32') {
  manifests['is a pipe'] = (file) => void execFileSync('mkfifo', [file]);
}

test.each(Object.entries(manifests))('a manifest that %s is told as a broken run', async (_, make) => {
  const folder = await folderOf('broken');
  await make(join(folder, 'run.json'));
  const record = await readRecord(folder);
  if (record?.kind !== 'broken') throw new Error(`it was taken for ${record?.kind}`);
  expect(record.problem.message).toMatch(/^The manifest (is not valid JSON|cannot be (read|used)): [^\n]+\.$/);
  expect(record.problem.message.length).toBeLessThan(400);
  const { runs, problems } = await listRuns(root);
  expect(runs).toEqual([]);
  expect(problems).toEqual([record.problem]);
});

const logs: Record<string, (file: string) => Promise<unknown> | undefined> = {
  'is a folder': (file) => mkdir(file),
  'is a link to itself': (file) => symlink(file, file),
  'holds bytes': (file) => writeFile(file, Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 37) % 256))),
  'has one line of 40 MB': (file) => writeFile(file, Buffer.alloc(40 << 20, 'a')),
};
if (process.platform !== 'win32') logs['is a pipe'] = (file) => void execFileSync('mkfifo', [file]);

test.each(Object.entries(logs))('an event log that %s leaves the run listed, without numbers', async (_, make) => {
  const folder = await makeRunFolder(root, { id: 'odd', status: 'completed' });
  await make(join(folder, 'events.jsonl'));
  expect((await readTail(folder)).step).toBeUndefined();
  const { state } = await readEvents(join(folder, 'events.jsonl'));
  expect(state.steps.length).toBe(0);
  expect((await listRuns(root)).runs.map(({ manifest }) => manifest.id)).toEqual(['odd']);
});

test('one run whose log cannot be read does not keep the numbers of others away', async () => {
  for (const id of ['a', 'b', 'c']) {
    await makeRunFolder(root, { id, status: 'completed' }, id === 'b' ? [] : [hello, started, step(1, 2)]);
  }
  await mkdir(join(root, 'b', 'events.jsonl'));
  const watch = watchRuns(root, () => undefined);
  await watch.listed;
  await watch.loadTails(['a', 'b', 'c'].map((id) => join(root, id)));
  const steps = ['a', 'b', 'c'].map((id) => {
    const run = watch.get(join(root, id));
    return run?.kind === 'run' ? run.tail?.step?.loss : undefined;
  });
  expect(steps).toEqual([2, undefined, 2]);
  await watch.close();
});
