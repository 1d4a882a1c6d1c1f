// Nodes of the explorer as the editor's tree items: icon, text, tooltip, and the context that menus look at.

import path from 'node:path';
import * as vscode from 'vscode';
import { formatBytes } from '../../metrics/numberText.ts';
import { runPaths } from '../../runs/layout.ts';
import { isLive, runTitle, type ReadableRun, type RunRecord } from '../../runs/runRecord.ts';
import { canBeForked } from '../commands/target.ts';
import { commandIds } from '../ids.ts';
import { ageText, joined, leftText, lossText, statusWord, stepText } from '../words.ts';
import type { CheckpointNode, GroupNode, PartName, PartNode, QueueNode } from './nodes.ts';
import type { StateGroup } from './order.ts';

const { TreeItem, ThemeIcon, ThemeColor, TreeItemCollapsibleState: Collapse } = vscode;

/** `isCounted`: its size is told. While runs are still read it would be another with every look. */
export function groupItem(node: GroupNode, held: boolean, isCounted: boolean): vscode.TreeItem {
  const { group, key, size } = node;
  const label = group.by === 'state' ? stateLabel(group.state) : configLabel(group.file);
  const item = new TreeItem(label, Collapse.Expanded);
  item.id = key;
  if (isCounted) item.description = String(size);
  item.contextValue = group.by === 'state' ? `group:${group.state}${held ? ':held' : ''}` : 'group:config';
  if (group.by === 'config') item.tooltip = group.file;
  if (held) item.description = joined(String(size), vscode.l10n.t('held: the run before did not end well'));
  item.accessibilityInformation = { label: isCounted ? vscode.l10n.t('{0}, {1} runs', label, size) : label };
  return item;
}

export function stateLabel(state: StateGroup): string {
  switch (state) {
    case 'active':
      return vscode.l10n.t('Active');
    case 'queued':
      return vscode.l10n.t('Queued');
    case 'finished':
      return vscode.l10n.t('Finished');
    case 'stopped':
      return vscode.l10n.t('Stopped');
    case 'failed':
      return vscode.l10n.t('Failed');
    case 'interrupted':
      return vscode.l10n.t('Interrupted');
  }
}

function configLabel(file: string): string {
  return file === '' ? vscode.l10n.t('Unknown config') : path.basename(file);
}

/**
 * What a click on a line does. Without arguments: the editor keeps those of a line only until it is drawn anew, and a click
 * before the new one has arrived would fail. The command looks which line was chosen.
 */
function openItem(): vscode.Command {
  return { command: commandIds.openItem, title: vscode.l10n.t('Open') };
}

export function runItem(run: RunRecord, key: string, now: number): vscode.TreeItem {
  const title = runTitle(run);
  const item = new TreeItem(title, run.kind === 'run' ? Collapse.Collapsed : Collapse.None);
  item.id = key;
  const status = run.kind === 'run' ? run.status : 'broken';
  item.iconPath = statusIcon(status);
  item.contextValue = `run:${status}${run.label.pinned ? ':pinned' : ''}`;
  const description = run.kind === 'run' ? runDescription(run, now) : joined(statusWord('broken'), run.problem.message);
  item.description = description;
  item.accessibilityInformation = {
    label: joined(title, statusWord(status), description),
  };
  item.command = openItem();
  return item;
}

function runDescription(run: ReadableRun, now: number): string {
  const pin = run.label.pinned ? '📌' : undefined;
  switch (run.status) {
    case 'starting':
    case 'preparing':
      return joined(pin, run.tail?.progress?.message ?? statusWord(run.status));
    case 'running':
      return joined(pin, stepText(run), lossText(run), leftText(run));
    case 'paused':
      return joined(pin, statusWord(run.status), stepText(run), lossText(run));
    case 'failed':
      return joined(pin, run.tail?.failed?.cause.message, stepText(run), ageText(run, now));
    case 'interrupted':
      return joined(pin, vscode.l10n.t('its process ended without a word'), stepText(run), ageText(run, now));
    case 'stopped':
      return joined(pin, stepText(run), lossText(run), ageText(run, now));
    case 'completed':
    case 'early_stopped':
      return joined(pin, bestText(run) ?? lossText(run), ageText(run, now));
  }
}

function bestText(run: ReadableRun): string | undefined {
  const best = run.tail?.finished?.best?.best_value;
  return best === undefined ? undefined : vscode.l10n.t('best evaluation loss {0}', best.toPrecision(4));
}

/** Everything of a run, for a hover. Texts from files are appended as text: they are never read as Markdown. */
export function runTooltip(run: RunRecord, now: number): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const line = (label: string, value: string | undefined): void => {
    if (value === undefined || value === '') return;
    text.appendText(`${label}: ${value}`).appendMarkdown('\n\n');
  };
  text.appendText(runTitle(run)).appendMarkdown('\n\n');
  if (run.kind === 'broken') {
    line(vscode.l10n.t('Problem'), run.problem.message);
    line(vscode.l10n.t('Folder'), run.folder);
    return text;
  }
  const { manifest, tail } = run;
  line(vscode.l10n.t('State'), joined(statusWord(run.status), stepText(run), leftText(run), ageText(run, now)));
  line(vscode.l10n.t('Cause'), tail?.failed?.cause.message);
  line(vscode.l10n.t('Loss'), tail?.step && String(tail.step.loss));
  line(vscode.l10n.t('Note'), run.label.note);
  const model = manifest.prepared?.config['model'];
  line(vscode.l10n.t('Model'), typeof model === 'string' ? model : undefined);
  line(vscode.l10n.t('Config'), manifest.config_file);
  line(vscode.l10n.t('Device'), manifest.prepared?.device);
  line(vscode.l10n.t('Started'), new Date(manifest.created).toLocaleString(vscode.env.language));
  line(vscode.l10n.t('Folder'), run.folder);
  return text;
}

function statusIcon(status: ReadableRun['status'] | 'broken'): vscode.ThemeIcon {
  switch (status) {
    case 'starting':
    case 'preparing':
    case 'running':
      return new ThemeIcon('sync~spin', new ThemeColor('charts.blue'));
    case 'paused':
      return new ThemeIcon('debug-pause', new ThemeColor('charts.yellow'));
    case 'completed':
    case 'early_stopped':
      return new ThemeIcon('pass', new ThemeColor('charts.green'));
    // charts.orange would be nearly invisible: in the editor's own themes it is see-through.
    case 'stopped':
      return new ThemeIcon('debug-stop', new ThemeColor('list.warningForeground'));
    case 'failed':
      return new ThemeIcon('error', new ThemeColor('charts.red'));
    case 'interrupted':
      return new ThemeIcon('debug-disconnect', new ThemeColor('list.warningForeground'));
    case 'broken':
      return new ThemeIcon('warning', new ThemeColor('charts.red'));
  }
}

export function queueNodeItem(node: QueueNode): vscode.TreeItem {
  const item = new TreeItem(node.item.name, Collapse.None);
  item.id = node.key;
  item.iconPath = new ThemeIcon(node.held ? 'debug-pause' : 'clock');
  item.description = joined(vscode.l10n.t('number {0}', node.place), path.basename(node.item.config_file));
  item.contextValue = 'queued';
  item.tooltip = new vscode.MarkdownString().appendText([node.item.config_file, ...node.item.overrides].join('\n'));
  return item;
}

export function partItem(node: PartNode): vscode.TreeItem {
  const { label, icon } = partLooks(node.part);
  const item = new TreeItem(label, node.part === 'checkpoints' ? Collapse.Collapsed : Collapse.None);
  item.id = node.key;
  item.iconPath = new ThemeIcon(icon);
  item.contextValue = `part:${node.part}`;
  if (node.part !== 'checkpoints') item.command = openItem();
  return item;
}

function partLooks(part: PartName): { label: string; icon: string } {
  switch (part) {
    case 'checkpoints':
      return { label: vscode.l10n.t('Checkpoints'), icon: 'save-all' };
    case 'samples':
      return { label: vscode.l10n.t('Samples'), icon: 'comment-discussion' };
    case 'config':
      return { label: vscode.l10n.t('Config'), icon: 'settings-gear' };
    case 'log':
      return { label: vscode.l10n.t('Log'), icon: 'output' };
  }
}

/** A complete run has nothing left to do after its last step. */
function canGoOnFrom(run: ReadableRun, step: number): boolean {
  const isComplete = run.status === 'completed' || run.status === 'early_stopped';
  return !isLive(run) && !(isComplete && step >= (run.manifest.prepared?.total_steps ?? 0));
}

/** `run`: whose checkpoint it is. What can be done with it is in the context. */
export function checkpointItem(node: CheckpointNode, run: RunRecord | undefined): vscode.TreeItem {
  const item = new TreeItem(vscode.l10n.t('step {0}', node.step), Collapse.None);
  item.id = node.key;
  item.iconPath = node.best ? new ThemeIcon('star-full', new ThemeColor('charts.yellow')) : new ThemeIcon('save');
  const size = node.bytes === undefined ? undefined : formatBytes(node.bytes);
  item.description = joined(node.best ? vscode.l10n.t('best') : undefined, size);
  const fork = run?.kind === 'run' && canBeForked(run) ? ':adapter' : '';
  const resume = run?.kind === 'run' && canGoOnFrom(run, node.step) ? ':resumable' : '';
  item.contextValue = `checkpoint${fork}${resume}`;
  item.tooltip = path.join(runPaths(node.folder).folder, ...node.path.split('/'));
  return item;
}
