// What the explorer says beside its lines' own changes: ages that stay true while it is seen, and what a filter leaves.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createExplorer, type RunExplorer } from '../../../src/extension/explorer/explorer.ts';
import type { ExplorerNode } from '../../../src/extension/explorer/nodes.ts';
import type { RunLibrary } from '../../../src/extension/library.ts';
import type { WorkspaceQueue } from '../../../src/extension/start/queueKeeper.ts';
import type { RunsChange } from '../../../src/runs/watchRuns.ts';
import type { TreeItem } from 'vscode';
import { EventEmitter, treeViews } from '../../support/editorApi.ts';
import { runRecord } from '../../support/runRecords.ts';

vi.mock('vscode', () => import('../../support/editorApi.ts'));

const start = Date.parse('2026-03-04T12:00:00Z');
const ended = (id: string, secondsAgo: number) => {
  const run = runRecord({ id });
  return { ...run, manifest: { ...run.manifest, ended: new Date(start - 1000 * secondsAgo).toISOString() } };
};
const runs = [ended('new', 0), ended('old', 3 * 86_400), runRecord({ id: 'live', status: 'running' })];

let explorer: RunExplorer;
let told: unknown[];
let waiting: WorkspaceQueue[];
beforeEach(() => {
  vi.useFakeTimers({ now: start });
  waiting = [];
  const library: RunLibrary = {
    onDidChange: new EventEmitter<RunsChange>().event,
    newest: () => Promise.resolve(),
    listed: () => Promise.resolve(),
    shown: () => undefined,
    runs: () => runs,
    active: () => [],
    get: (folder) => runs.find((run) => run.folder === folder),
    loadTails: () => Promise.resolve(),
    refresh: () => Promise.resolve(),
    folders: () => [],
    dispose: () => undefined,
  };
  const queue = {
    onDidChange: new EventEmitter<undefined>().event,
    queues: () => waiting,
    change: vi.fn(),
    dispose: vi.fn(),
  };
  explorer = createExplorer(library, queue, { keys: () => [], get: () => undefined, update: () => Promise.resolve() });
});
afterEach(() => {
  explorer.dispose();
  vi.useRealTimers();
});

/** Draws all lines as the editor does; returns those of runs. */
async function draw(): Promise<TreeItem[]> {
  const nodes: ExplorerNode[] = [];
  for (const group of (await explorer.provider.getChildren()) ?? []) {
    nodes.push(...((await explorer.provider.getChildren(group)) ?? []));
  }
  await vi.advanceTimersByTimeAsync(400); // the lines after the first ones, before which nothing is told
  told = [];
  explorer.provider.onDidChangeTreeData?.((change) => told.push(change));
  return Promise.all(nodes.map(async (node) => explorer.provider.getTreeItem(node)));
}

test('only the line whose age has changed is drawn anew', async () => {
  const lines = await draw();
  expect(lines.map(({ description }) => description)).toEqual([
    expect.any(String),
    expect.stringContaining('just now'),
    expect.stringContaining('3 d ago'),
  ]);
  await vi.advanceTimersByTimeAsync(50_000);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(told).toEqual([[{ kind: 'run', key: `run ${runs[0]!.folder}`, folder: runs[0]!.folder }]]);
  expect((await draw()).map(({ description }) => description)[1]).toContain('1 min ago');
  await vi.advanceTimersByTimeAsync(50_000);
  expect(told).toEqual([]);
});

test('a filter says what it leaves; where it leaves nothing, the empty view says so with its button', async () => {
  const [view] = treeViews.slice(-1);
  const words = async (filter: string): Promise<unknown[]> => {
    explorer.change({ filter });
    const groups = (await explorer.provider.getChildren()) ?? [];
    return [groups.length, view!.message];
  };
  expect(await words('old')).toEqual([1, 'Runs with “old”']);
  expect(await words('nowhere')).toEqual([0, '']);
  const item = { id: 'q', config_file: '/w/a.finetune.yaml', name: 'a', overrides: [], added: '2026-03-04T00:00:00Z' };
  waiting = [{ runsFolder: '/w', continueOnError: false, held: false, items: [item] }];
  expect(await words('nowhere')).toEqual([1, 'No run matches “nowhere”. Clear Filter, above, shows all.']);
  expect(await words('')).toEqual([3, '']);
});

test('a hidden view is not looked over', async () => {
  const [view] = treeViews.slice(-1);
  view!.show(true);
  await draw();
  view!.show(false);
  const before = vi.getTimerCount();
  await vi.advanceTimersByTimeAsync(600_000);
  expect([told, before]).toEqual([[], 0]);
  view!.show(true);
  expect(told).toEqual([undefined]);
  expect(vi.getTimerCount()).toBe(1);
});
