// Commands of the explorer: open a line, filter, grouping, order, queue, trash.

import * as vscode from 'vscode';
import { moveItem, removeItem, type RunQueue } from '../../runs/queue.ts';
import { emptyTrash, listTrash } from '../../runs/trash.ts';
import type { RunExplorer } from '../explorer/explorer.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import { sortKeys, type SortKey } from '../explorer/order.ts';
import { commandIds, type CommandId } from '../ids.ts';
import type { RunLibrary } from '../library.ts';
import type { Services } from '../services.ts';
import type { CommandHandler } from './runCommands.ts';

export function viewCommands(services: Services, explorer: RunExplorer) {
  const { library, queue } = services;
  const changeAll = async (change: (queue: RunQueue) => RunQueue): Promise<void> => {
    for (const { runsFolder } of queue.queues()) await queue.change(runsFolder, change);
  };
  return {
    [commandIds.openItem]: async () => {
      const node = await explorer.chosen();
      const command = node && opening(node, library);
      if (command) await vscode.commands.executeCommand(command, node);
    },
    [commandIds.refresh]: async () => {
      for (const { folder } of library.runs()) await library.refresh(folder);
      explorer.refresh();
    },
    [commandIds.filter]: async () => {
      const filter = await vscode.window.showInputBox({
        title: vscode.l10n.t('Filter Runs'),
        prompt: vscode.l10n.t('Words in name, config, model or note'),
        value: explorer.state().filter,
      });
      if (filter !== undefined) explorer.change({ filter: filter.trim() });
    },
    [commandIds.clearFilter]: () => explorer.change({ filter: '' }),
    [commandIds.groupByConfig]: () => explorer.change({ grouping: 'config' }),
    [commandIds.groupByState]: () => explorer.change({ grouping: 'state' }),
    [commandIds.sort]: async () => {
      const items = sortKeys.map((key) => ({ label: sortLabel(key), key, picked: key === explorer.state().sort }));
      const chosen = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Sort runs by') });
      if (chosen) explorer.change({ sort: chosen.key });
    },
    [commandIds.queueUp]: async (node) => changeItem(services, node, (before, id) => moveItem(before, id, -1)),
    [commandIds.queueDown]: async (node) => changeItem(services, node, (before, id) => moveItem(before, id, 1)),
    [commandIds.queueRemove]: async (node) => changeItem(services, node, removeItem),
    [commandIds.queueContinue]: async () =>
      changeAll(({ version, continue_on_error, items }) => ({ version, continue_on_error, items })),
    [commandIds.queueContinueOnError]: async () => changeAll((before) => ({ ...before, continue_on_error: true })),
    [commandIds.queueStopOnError]: async () => changeAll((before) => ({ ...before, continue_on_error: false })),
    [commandIds.emptyTrash]: async () => {
      const folders = library.folders();
      const names = (await Promise.all(folders.map(listTrash))).flat();
      if (names.length === 0) {
        void vscode.window.showInformationMessage(vscode.l10n.t('The trash is empty.'));
        return;
      }
      const empty = vscode.l10n.t('Delete for Good');
      const answer = await vscode.window.showWarningMessage(
        vscode.l10n.t('Delete {0} runs of the trash for good?', names.length),
        { modal: true, detail: names.slice(0, 20).join('\n') },
        empty,
      );
      if (answer === empty) await Promise.all(folders.map(emptyTrash));
    },
  } satisfies Partial<Record<CommandId, CommandHandler>>;
}

/** The command that opens what a line stands for. */
function opening(node: ExplorerNode, library: RunLibrary): CommandId | undefined {
  if (node.kind === 'run') {
    return library.get(node.folder)?.kind === 'run' ? commandIds.openDashboard : commandIds.showRunProblem;
  }
  if (node.kind !== 'part') return undefined;
  switch (node.part) {
    case 'checkpoints':
      return undefined;
    case 'samples':
      return commandIds.openRunSamples;
    case 'config':
      return commandIds.openRunConfig;
    case 'log':
      return commandIds.openRunLog;
  }
}

function sortLabel(key: SortKey): string {
  switch (key) {
    case 'newest':
      return vscode.l10n.t('Newest first');
    case 'name':
      return vscode.l10n.t('Name');
    case 'loss':
      return vscode.l10n.t('Last loss, lowest first');
    case 'evaluation':
      return vscode.l10n.t('Evaluation loss, lowest first');
    case 'duration':
      return vscode.l10n.t('Duration, shortest first');
  }
}

async function changeItem(
  { queue }: Services,
  node: unknown,
  change: (queue: RunQueue, id: string) => RunQueue,
): Promise<void> {
  if (typeof node !== 'object' || node === null || !('item' in node) || !('runsFolder' in node)) return;
  const { item, runsFolder } = node;
  if (typeof item !== 'object' || item === null || !('id' in item)) return;
  const { id } = item;
  if (typeof id === 'string' && typeof runsFolder === 'string') {
    await queue.change(runsFolder, (before) => change(before, id));
  }
}
