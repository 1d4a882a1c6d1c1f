// The list of runs against folders that come, change, break, and go.
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { changeLabel } from '../../../src/runs/label.ts';
import { readManifest, writeManifest } from '../../../src/runs/manifest.ts';
import { ownMark } from '../../../src/runs/processLife.ts';
import { runPaths } from '../../../src/runs/layout.ts';
import type { RunRecord } from '../../../src/runs/runRecord.ts';
import { readTail } from '../../../src/runs/runTail.ts';
import { listTrash, moveToTrash, restoreFromTrash } from '../../../src/runs/trash.ts';
import { watchRuns, type RunsChange, type RunsWatch } from '../../../src/runs/watchRuns.ts';
import { makeRunFolder, withProcess } from '../../support/runFolders.ts';
import { runRecord } from '../../support/runRecords.ts';
import { finished, hello, started, step } from '../../support/runEvents.ts';

let root: string;
let runs: string;
let watch: RunsWatch | undefined;
let changes: RunsChange[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'finetune-watch-'));
  runs = join(root, '.finetune', 'runs');
  changes = [];
});
afterEach(async () => {
  await watch?.close();
  await rm(root, { recursive: true, force: true });
});

async function open(): Promise<RunsWatch> {
  watch = watchRuns(runs, (change) => changes.push(change));
  await watch.listed;
  return watch;
}
const isRunning = (run: RunRecord | undefined): boolean => run?.kind === 'run' && run.status === 'running';
const soon = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 20 });

test('lists what is there, broken folders with what is wrong, and passes over foreign ones', async () => {
  await makeRunFolder(runs, { id: 'good' });
  await mkdir(join(runs, 'foreign'));
  await mkdir(join(runs, 'broken'));
  await writeFile(join(runs, 'broken', 'run.json'), '{"version": 1,');
  await writeFile(join(runs, 'a-file'), '');
  const listed = (await open()).runs().toSorted((a, b) => a.id.localeCompare(b.id));
  expect(listed.map(({ id, kind }) => [id, kind])).toEqual([
    ['broken', 'broken'],
    ['good', 'run'],
  ]);
});

test('the newest are read first, by the time in their names', async () => {
  const ids = Array.from(
    { length: 80 },
    (_, i) => `${i % 2 ? 'a' : 'z'}-20260101-00${String(i).padStart(4, '0')}-abcd`,
  );
  for (const id of [...ids.slice(40), ...ids.slice(0, 40), 'foreign']) await makeRunFolder(runs, { id });
  watch = watchRuns(runs, () => undefined);
  while (watch.runs().length === 0) await setImmediate();
  const first = watch.runs().map(({ id }) => id);
  // Some are read at the same time, and may be done in any order.
  const newest = new Set(ids.slice(-first.length - 16));
  expect(first.filter((id) => !newest.has(id))).toEqual([]);
  await watch.listed;
  expect(watch.runs()).toHaveLength(81);
});

test('what changes before the folder is watched is told when it is', async () => {
  const known = await makeRunFolder(runs, { id: 'known' });
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  watch = watchRuns(runs, (change) => changes.push(change), undefined, settled);
  await watch.listed;
  await changeLabel(known, { note: 'look here' });
  const added = await makeRunFolder(runs, { id: 'added' });
  expect(changes).toEqual([]);
  settle();
  await soon(() => {
    expect(watch?.get(known)?.label.note).toBe('look here');
    expect(watch?.get(added)?.kind).toBe('run');
  });
});

test('a run whose manifest the watcher says nothing about is found by its new folder', async () => {
  await mkdir(runs, { recursive: true });
  const list = await open();
  const first = await makeRunFolder(runs, { id: 'first' });
  await soon(() => expect(list.get(first)?.kind).toBe('run'));
  // A link that leads nowhere is told to nobody.
  await mkdir(join(runs, 'loop'));
  await symlink('run.json', join(runs, 'loop', 'run.json'));
  await soon(() => expect(list.get(join(runs, 'loop'))?.kind).toBe('broken'));
});

test('a run that appears in a folder that was not there is told, and a change of its label as one run', async () => {
  const list = await open();
  const folder = await makeRunFolder(runs, { id: 'new' });
  await soon(() => expect(list.get(folder)?.kind).toBe('run'));
  expect(changes.some(({ structure }) => structure)).toBe(true);
  await changeLabel(folder, { note: 'look here' });
  await soon(() => expect(list.get(folder)?.label.note).toBe('look here'));
  expect(changes.at(-1)).toEqual({ changed: [folder], structure: false });
});

test('a run that had ended when it came has its last numbers, in a folder that was there and in one that was not', async () => {
  const list = await open();
  const first = await makeRunFolder(runs, { id: 'first', status: 'completed' }, [hello, started, step(1, 2), finished]);
  await soon(() => expect(list.get(first)).toMatchObject({ tail: { step: { step: 1 }, finished: {} } }));
  const second = await makeRunFolder(runs, { id: 'second', status: 'completed' }, [
    hello,
    started,
    step(1, 3),
    finished,
  ]);
  await soon(() => expect(list.get(second)).toMatchObject({ tail: { step: { loss: 3 }, finished: {} } }));
});

test('a manifest that is written twice in a moment is seen as it was written last', async () => {
  await mkdir(runs, { recursive: true });
  const list = await open();
  const ids = Array.from({ length: 30 }, (_, i) => `run-${i}`);
  const folders = await Promise.all(
    ids.map(async (id) => {
      const folder = await makeRunFolder(runs, { id, status: 'running' }, [hello, started, step(1, 2)]);
      const { manifest } = runRecord({ id, status: 'running' });
      await writeFile(join(folder, 'run.json'), JSON.stringify(withProcess(manifest, await ownMark())));
      return folder;
    }),
  );
  await soon(() => expect(folders.filter((folder) => !isRunning(list.get(folder)))).toEqual([]));
});

test('a runs folder that is deleted and made anew is seen empty, and then with its new runs', async () => {
  const old = await makeRunFolder(runs, { id: 'old' });
  const list = await open();
  await changeLabel(old, { note: 'seen' });
  await soon(() => expect(list.get(old)?.label.note).toBe('seen'));
  await rm(runs, { recursive: true });
  await soon(() => expect(list.runs()).toEqual([]));
  const folder = await makeRunFolder(runs, { id: 'new' });
  await soon(() => expect(list.get(folder)?.kind).toBe('run'));
  await changeLabel(folder, { note: 'still watched' });
  await soon(() => expect(list.get(folder)?.label.note).toBe('still watched'));
});

test('steps of a live run are told, and the run is interrupted when its process is another one', async () => {
  const folder = await makeRunFolder(runs, { id: 'live', status: 'running' }, [hello, started, step(1, 3)]);
  const mark = await ownMark();
  await writeManifest(folder, withProcess(await readManifest(folder), mark));
  const list = await open();
  const loss = (): number | undefined => {
    const run = list.get(folder);
    return run?.kind === 'run' ? run.tail?.step?.loss : undefined;
  };
  await soon(() => expect(loss()).toBe(3));
  await makeRunFolder(root, { id: 'scratch' }, [hello, started, step(1, 3), step(2, 2.5)]);
  await rename(join(root, 'scratch', 'events.jsonl'), runPaths(folder).events);
  await soon(() => expect(loss()).toBe(2.5));
  await writeManifest(folder, withProcess(await readManifest(folder), { ...mark, started: 'before' }));
  await soon(() => {
    const run = list.get(folder);
    expect(run?.kind === 'run' && run.status).toBe('interrupted');
  });
});

test('a run that is thrown away leaves the list and comes back when it is undone; a live one is refused', async () => {
  const folder = await makeRunFolder(runs, { id: 'old' });
  const list = await open();
  const place = await moveToTrash(folder);
  await soon(() => expect(list.get(folder)).toBeUndefined());
  expect(await listTrash(runs)).toEqual(['old']);
  await restoreFromTrash(place, runs);
  await soon(() => expect(list.get(folder)?.id).toBe('old'));
  await writeManifest(folder, withProcess({ ...(await readManifest(folder)), state: 'running' }, await ownMark()));
  await expect(moveToTrash(folder)).rejects.toThrow('runs/busy');
});

test('a thousand runs are listed without reading an event, and their ends are read when they are asked for', async () => {
  await Promise.all(
    Array.from({ length: 1000 }, (_, i) =>
      makeRunFolder(runs, { id: `run-${i}` }, [hello, started, step(1, i), finished]),
    ),
  );
  const list = await open();
  expect(list.runs().length).toBe(1000);
  expect(list.runs().every((run) => run.kind === 'run' && run.tail === undefined)).toBe(true);
  await list.loadTails(
    list
      .runs()
      .slice(0, 100)
      .map(({ folder }) => folder),
  );
  expect(list.runs().filter((run) => run.kind === 'run' && run.tail?.finished).length).toBe(100);
  expect(changes).toHaveLength(1);
});

test('the end of a log counts only when no process went on after it', async () => {
  const folder = await makeRunFolder(runs, { id: 'a' }, [hello, started, step(1, 3), finished, hello]);
  const tail = await readTail(folder);
  expect(tail.step?.loss).toBe(3);
  expect(tail.finished).toBeUndefined();
  expect(await readTail(folder, tail)).toBe(tail);
});
