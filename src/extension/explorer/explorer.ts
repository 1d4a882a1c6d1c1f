// The run explorer: a tree over the library and the queues. A changed run refreshes one item; a new list, the groups.

import { setTimeout as after } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { Disposable } from '../disposables.ts';
import { noLongerThan } from '../../platform/noLongerThan.ts';
import { isLive, type RunRecord } from '../../runs/runRecord.ts';
import { firstRuns } from '../../runs/watchRuns.ts';
import { contextKeys, viewIds } from '../ids.ts';
import type { RunLibrary } from '../library.ts';
import type { QueueKeeper } from '../start/queueKeeper.ts';
import { ageText } from '../words.ts';
import { watchAges, type Ages } from './ages.ts';
import { createCheckpointReader } from './checkpoints.ts';
import { checkpointItem, groupItem, partItem, queueNodeItem, runItem, runTooltip } from './items.ts';
import { partNode, runNode, type ExplorerNode, type GroupNode, type RunNode } from './nodes.ts';
import { arrange, byConfig, groupOf, sortKeys, stateGroups, type ExplorerOptions } from './order.ts';

export interface ExplorerState extends ExplorerOptions {
  readonly grouping: 'state' | 'config';
}

export interface RunExplorer extends Disposable {
  readonly view: vscode.TreeView<ExplorerNode>;
  readonly provider: vscode.TreeDataProvider<ExplorerNode>;
  /** Resolves when the view has been given its first lines. */
  readonly begun: Promise<void>;
  state(): ExplorerState;
  change(change: Partial<ExplorerState>): void;
  refresh(): void;
  /** The line that the person chose last, or undefined where none is. */
  chosen(): Promise<ExplorerNode | undefined>;
}

const stateKey = 'explorer';

/** How long the first picture waits for its runs to be read, in milliseconds; on a slow disk it shows those read by then. */
const patience = 100;
/** Milliseconds from the first lines to all others: they are painted meanwhile. */
const untilPainted = 300;
/** How long the editor may take to know its lines again after all were drawn anew, in milliseconds. */
const redrawn = 2000;

/** Shows the tree and keeps it true. Filter, grouping and order are remembered for the workspace. */
export function createExplorer(library: RunLibrary, queue: QueueKeeper, memento: vscode.Memento): RunExplorer {
  let options = readState(memento.get(stateKey));
  let isListed = false;
  library.listed().then(
    () => (isListed = true),
    () => undefined, // told by whoever asks for the list
  );
  /** What the view has been given so far. */
  let given: 'nothing' | 'some' | 'all' = 'nothing';
  let painting: NodeJS.Timeout | undefined;
  let isPainted = false;
  let tellBegun = (): void => undefined;
  const begun = new Promise<void>((resolve) => (tellBegun = resolve));
  let isCut = false;
  let wasSeen = false;
  let isStale = false;
  const nodes = new Map<string, RunNode>();
  const checkpoints = createCheckpointReader();
  const changes = new vscode.EventEmitter<ExplorerNode | ExplorerNode[] | undefined>();
  const ages = watchAges(
    (folder) => endedAge(library.get(folder)),
    (folders) => changes.fire(folders.flatMap((folder) => nodes.get(folder) ?? [])),
  );

  const nodeOf = (run: RunRecord): RunNode => {
    const known = nodes.get(run.folder) ?? runNode(run);
    nodes.set(run.folder, known);
    return known;
  };
  const queueSize = (): number => queue.queues().reduce((sum, { items }) => sum + items.length, 0);

  const stateGroupNodes = (runs: readonly RunRecord[]): GroupNode[] =>
    stateGroups.flatMap((state) => {
      const size = state === 'queued' ? queueSize() : runs.filter((run) => groupOf(run) === state).length;
      return size === 0 ? [] : [{ kind: 'group', key: `group ${state}`, group: { by: 'state', state }, size }];
    });

  const configGroupNodes = (runs: readonly RunRecord[]): GroupNode[] =>
    [...byConfig(runs)].map(([file, members]) => ({
      kind: 'group',
      key: `config ${file}`,
      group: { by: 'config', file },
      size: members.length,
    }));

  const roots = async (): Promise<ExplorerNode[]> => {
    // Any other order than that in which runs are read takes all of them.
    await noLongerThan(patience, options.sort === 'newest' ? library.newest() : library.listed());
    if (isListed && given !== 'all') void vscode.commands.executeCommand('setContext', contextKeys.listed, true);
    given = isListed ? 'all' : 'some';
    const runs = arrange(library.runs(), options);
    const waiting = stateGroupNodes([]).filter(({ group }) => group.by === 'state' && group.state === 'queued');
    showFilter(runs.length, waiting.length > 0);
    if (options.grouping === 'state') return stateGroupNodes(runs);
    return [...waiting, ...configGroupNodes(runs)];
  };

  /** After the first picture come the lines left out, the watching of folders, and the last numbers of ended runs. */
  const showRest = async (): Promise<void> => {
    isPainted = true;
    if (isCut) refresh();
    library.shown();
    await library.listed();
    await library.loadTails(library.runs().map(({ folder }) => folder));
  };

  const members = (node: GroupNode): ExplorerNode[] => {
    const { group } = node;
    if (group.by === 'state' && group.state === 'queued') return queueNodes(queue);
    painting ??= setTimeout(() => void showRest(), untilPainted);
    const runs = arrange(library.runs(), options);
    const inGroup =
      group.by === 'state'
        ? runs.filter((run) => groupOf(run) === group.state)
        : runs.filter((run) => (run.kind === 'run' ? run.manifest.config_file : '') === group.file);
    // A thousand lines take longer to send and to paint.
    const shown = isPainted ? inGroup : inGroup.slice(0, firstRuns);
    isCut ||= shown.length < inGroup.length;
    tellBegun();
    return shown.map(nodeOf);
  };

  const provider: vscode.TreeDataProvider<ExplorerNode> = {
    onDidChangeTreeData: changes.event,
    getTreeItem: (node) => itemOf(node, { library, queue, ages, areAllKnown: isListed }),
    // Only under the pointer: of a thousand lines the texts would be most of what is sent.
    resolveTreeItem(item, node) {
      const run = node.kind === 'run' ? library.get(node.folder) : undefined;
      if (run) item.tooltip = runTooltip(run, Date.now());
      return item;
    },
    async getChildren(node) {
      if (!node) return roots();
      if (node.kind === 'group') return members(node);
      if (node.kind === 'run') return parts(library.get(node.folder));
      if (node.kind === 'part' && node.part === 'checkpoints') return checkpoints.read(node.folder);
      return [];
    },
  };
  const view = vscode.window.createTreeView(viewIds.runs, {
    treeDataProvider: provider,
    canSelectMany: true,
    showCollapseAll: true,
  });

  const showActive = (): void => {
    const count = library.active().length;
    const tooltip = count === 1 ? vscode.l10n.t('1 run is going on') : vscode.l10n.t('{0} runs are going on', count);
    view.badge = count === 0 ? undefined : { value: count, tooltip };
    void vscode.commands.executeCommand('setContext', contextKeys.activeRuns, count);
  };
  /** What the filter leaves, and how to be rid of it. */
  const showFilter = (matching: number, isQueueShown: boolean): void => {
    const { filter } = options;
    if (filter === '') view.message = '';
    else if (matching > 0) view.message = vscode.l10n.t('Runs with “{0}”', filter);
    else if (isQueueShown)
      view.message = vscode.l10n.t('No run matches “{0}”. Clear Filter, above, shows all.', filter);
    // An empty view says so by itself, with a button (viewsWelcome in package.json), unless there is a message.
    else view.message = '';
  };
  const showOptions = (): void => {
    void vscode.commands.executeCommand('setContext', contextKeys.filtered, options.filter !== '');
    void vscode.commands.executeCommand('setContext', contextKeys.grouping, options.grouping);
  };
  showActive();
  showOptions();

  /**
   * Draws a line anew, or everything. A view that has been given nothing yet will get what is true when it asks; one that
   * paints its first lines gets everything once, after them.
   */
  const refresh = (node?: ExplorerNode): void => {
    if (given === 'nothing') return;
    if (!node && painting && !isPainted) {
      isCut = true;
      return;
    }
    if (view.visible) changes.fire(node);
    else isStale = true;
  };
  // A view that asked before, on a slow disk, has nothing or little to show until then.
  void library.newest().then(
    () => refresh(),
    () => undefined, // told by whoever asks for the list
  );
  const libraryListener = library.onDidChange(({ changed, structure }) => {
    showActive();
    const sorted = options.sort === 'loss' || options.sort === 'evaluation';
    if (structure || (sorted && changed.length > 1)) refresh();
    // Many at once are the tails of ended runs, read in one go.
    else if (changed.length > 20) refresh();
    else for (const folder of changed) refresh(nodes.get(folder));
  });
  const queueListener = queue.onDidChange(() => refresh());
  ages.watch(view.visible);
  const visibility = view.onDidChangeVisibility(({ visible }) => {
    ages.watch(visible);
    if (!visible) return;
    // The first time it asks by itself; later ages have changed.
    if (wasSeen || isStale) refresh();
    wasSeen = true;
    isStale = false;
  });
  const collapse = view.onDidCollapseElement(({ element }) => {
    if (element.kind === 'run') checkpoints.forget(element.folder);
  });

  return {
    view,
    provider,
    begun,
    state: () => options,
    change(change) {
      options = { ...options, ...change };
      void memento.update(stateKey, options);
      showOptions();
      changes.fire(undefined);
    },
    refresh: () => changes.fire(undefined),
    async chosen() {
      // Chosen lines are gone from the API, not from the screen, while the editor asks for all of them again.
      for (const begun = Date.now(); view.selection.length === 0 && Date.now() - begun < redrawn;) await after(10);
      return view.selection[0];
    },
    dispose() {
      clearTimeout(painting);
      for (const item of [libraryListener, queueListener, visibility, collapse, ages, view, changes]) item.dispose();
    },
  };
}

/** The age that a run's line tells: one that goes on tells what is left. */
function endedAge(run: RunRecord | undefined): string | undefined {
  return run && !isLive(run) ? ageText(run, Date.now()) : undefined;
}

interface Drawing {
  readonly library: RunLibrary;
  readonly queue: QueueKeeper;
  readonly ages: Ages;
  readonly areAllKnown: boolean;
}

function itemOf(node: ExplorerNode, { library, queue, ages, areAllKnown }: Drawing): vscode.TreeItem {
  switch (node.kind) {
    case 'group': {
      const held = isQueue(node) && queue.queues().some(({ held }) => held);
      return groupItem(node, held, areAllKnown || isQueue(node));
    }
    case 'run': {
      const run = library.get(node.folder);
      ages.drawn(node.folder, endedAge(run));
      return run ? runItem(run, node.key, Date.now()) : new vscode.TreeItem(node.folder);
    }
    case 'queued':
      return queueNodeItem(node);
    case 'part':
      return partItem(node);
    case 'checkpoint':
      return checkpointItem(node, library.get(node.folder));
  }
}

function isQueue({ group }: GroupNode): boolean {
  return group.by === 'state' && group.state === 'queued';
}

function queueNodes(queue: QueueKeeper): ExplorerNode[] {
  return queue.queues().flatMap(({ runsFolder, items, held }) =>
    items.map((item, index) => ({
      kind: 'queued' as const,
      key: `queued ${item.id}`,
      runsFolder,
      item,
      place: index + 1,
      held,
    })),
  );
}

function parts(run: RunRecord | undefined): ExplorerNode[] {
  if (run?.kind !== 'run') return [];
  const started = run.tail?.step !== undefined || run.manifest.prepared !== undefined;
  const early = isLive(run) && !started;
  return [
    ...(early ? [] : [partNode(run.folder, 'checkpoints'), partNode(run.folder, 'samples')]),
    partNode(run.folder, 'config'),
    partNode(run.folder, 'log'),
  ];
}

function readState(value: unknown): ExplorerState {
  const found = typeof value === 'object' && value !== null ? value : {};
  const grouping = 'grouping' in found && found.grouping === 'config' ? 'config' : 'state';
  const sort = sortKeys.find((key) => 'sort' in found && found.sort === key) ?? 'newest';
  return { filter: '', grouping, sort };
}
