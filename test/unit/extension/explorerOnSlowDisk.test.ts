// The explorer while a slow disk is still read: a first part, then everything, and no line becomes another one.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Memento, TreeItem } from 'vscode';
import { createExplorer, type RunExplorer } from '../../../src/extension/explorer/explorer.ts';
import type { ExplorerNode } from '../../../src/extension/explorer/nodes.ts';
import type { RunLibrary } from '../../../src/extension/library.ts';
import type { RunRecord } from '../../../src/runs/runRecord.ts';
import type { RunsChange } from '../../../src/runs/watchRuns.ts';
import { EventEmitter } from '../../support/editorApi.ts';
import { runRecord } from '../../support/runRecords.ts';

vi.mock('vscode', () => import('../../support/editorApi.ts'));

/** Newest first, as they are read. */
const all = Array.from({ length: 1000 }, (_, i) =>
  runRecord({ id: `run-${i}`, created: new Date(2e12 - i * 60_000).toISOString() }),
);
let explorer: RunExplorer;
let disk: ReturnType<typeof slowDisk>;

beforeEach(() => {
  vi.useFakeTimers();
  disk = slowDisk();
  const queue = {
    onDidChange: new EventEmitter<undefined>().event,
    queues: () => [],
    change: vi.fn(),
    dispose: vi.fn(),
  };
  const memento: Memento = { keys: () => [], get: () => undefined, update: () => Promise.resolve() };
  explorer = createExplorer(disk.library, queue, memento);
});
afterEach(() => {
  vi.useRealTimers();
  explorer.dispose();
});

/** A library whose disk gives what the test says, when it says so. */
function slowDisk() {
  const changes = new EventEmitter<RunsChange>();
  let known: readonly RunRecord[] = [];
  let tellNewest = (): void => undefined;
  const newest = new Promise<void>((resolve) => (tellNewest = resolve));
  let tellListed = (): void => undefined;
  const listed = new Promise<void>((resolve) => (tellListed = resolve));
  const library: RunLibrary = {
    onDidChange: changes.event,
    newest: () => newest,
    listed: () => listed,
    shown: () => undefined,
    runs: () => known,
    active: () => [],
    get: (folder) => known.find((run) => run.folder === folder),
    loadTails: () => Promise.resolve(),
    refresh: () => Promise.resolve(),
    folders: () => [],
    dispose: () => undefined,
  };
  return {
    library,
    read: (count: number) => (known = all.slice(0, count)),
    tellNewest: () => tellNewest(),
    tellListed: () => {
      tellListed();
      void listed.then(() => changes.fire({ changed: [], structure: true }));
    },
  };
}

interface Line {
  readonly node: ExplorerNode;
  readonly item: TreeItem;
}

/** What the editor has after it asked for everything, as it does at first and whenever it is told that all has changed. */
async function ask(): Promise<{ groups: Line[]; runs: Line[] }> {
  const lines = async (parent?: ExplorerNode): Promise<Line[]> => {
    const nodes = (await explorer.provider.getChildren(parent)) ?? [];
    return Promise.all(nodes.map(async (node) => ({ node, item: await explorer.provider.getTreeItem(node) })));
  };
  const asked = lines();
  await vi.advanceTimersByTimeAsync(150);
  const groups = await asked;
  return { groups, runs: (await Promise.all(groups.map(({ node }) => lines(node)))).flat() };
}

/** Which of the changes told since then ask for everything. */
function redraws(): { count: () => number } {
  const seen: unknown[] = [];
  explorer.provider.onDidChangeTreeData?.((node) => seen.push(node));
  return { count: () => seen.filter((node) => node === undefined || node === null).length };
}

const ids = (lines: readonly Line[]): (string | undefined)[] => lines.map(({ item }) => item.id);
const folders = (count: number): string[] => all.slice(0, count).map(({ folder }) => `run ${folder}`);

test('the newest runs are shown as soon as they are read, without a number that would change', async () => {
  const told = redraws();
  disk.read(0);
  expect((await ask()).groups).toEqual([]);
  expect(told.count()).toBe(0);
  disk.read(60);
  disk.tellNewest();
  await vi.advanceTimersByTimeAsync(0);
  expect(told.count()).toBe(1);
  const { groups, runs } = await ask();
  expect(groups.map(({ item }) => [item.label, item.description])).toEqual([['Finished', undefined]]);
  expect(ids(runs)).toEqual(folders(60));
});

test('then everything, in the same lines: what is selected or expanded stays', async () => {
  disk.read(60);
  disk.tellNewest();
  const first = await ask();
  const told = redraws();
  // Seconds later.
  disk.read(400);
  await vi.advanceTimersByTimeAsync(5000);
  disk.read(1000);
  disk.tellListed();
  await vi.advanceTimersByTimeAsync(0);
  expect(told.count()).toBeGreaterThan(0);
  const { groups, runs } = await ask();
  expect(groups.map(({ item }) => [item.label, item.description])).toEqual([['Finished', '1000']]);
  expect(ids(groups)).toEqual(ids(first.groups));
  expect(ids(runs)).toEqual(folders(1000));
  // The editor keeps selection and expansion by the node and by its id.
  expect(runs.slice(0, 60).map(({ node }) => node)).toEqual(first.runs.map(({ node }) => node));
  for (const [i, { node }] of first.runs.entries()) expect(runs[i]?.node).toBe(node);
  expect(runs[3]?.item.collapsibleState).toBe(first.runs[3]?.item.collapsibleState);
});

test('what is read while the first lines are painted is told once, after them', async () => {
  disk.read(60);
  disk.tellNewest();
  const { runs } = await ask();
  expect(runs).toHaveLength(60);
  const told = redraws();
  disk.read(1000);
  disk.tellListed();
  await vi.advanceTimersByTimeAsync(0);
  expect(told.count()).toBe(0);
  await vi.advanceTimersByTimeAsync(300);
  expect(told.count()).toBe(1);
  expect((await ask()).runs).toHaveLength(1000);
});

test('another order than the newest first waits for all of them, though not for seconds', async () => {
  explorer.change({ sort: 'name' });
  disk.read(60);
  disk.tellNewest();
  const early = explorer.provider.getChildren();
  await vi.advanceTimersByTimeAsync(50);
  disk.read(1000);
  disk.tellListed();
  await vi.advanceTimersByTimeAsync(0);
  expect(await early).toMatchObject([{ size: 1000 }]);
});
