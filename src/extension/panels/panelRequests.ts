// What the host does when a panel asks. The run is the panel's own, or one that the panel shows; never a path.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { problem } from '../../protocol/problem.ts';
import type { CommandReply, LogTail, PanelRequestMessage } from '../../protocol/webviewMessages.ts';
import { configCopy, runPaths } from '../../runs/layout.ts';
import { readPart } from '../../runs/regularFile.ts';
import { runTitle, type ReadableRun } from '../../runs/runRecord.ts';
import * as actions from '../runActions.ts';
import type { Services } from '../services.ts';
import { isPng, writeCsv } from './exports.ts';
import { mayOpen, parseRowId } from './datasetRow.ts';
import type { RunFeed } from './runFeed.ts';

export interface RequestContext {
  readonly services: Services;
  readonly run: ReadableRun;
  readonly feed: RunFeed;
  /** Ids of rows that this panel has been given. */
  readonly knownRows: Set<string>;
}

const done: CommandReply = { done: true };

/** How long the status bar says what was done, in milliseconds. */
const shortly = 4000;

/** Answers a request about one run; rejects with a ProblemError that the panel shows as a sentence. */
export async function answerRunRequest(message: PanelRequestMessage, context: RequestContext): Promise<unknown> {
  const { run, feed, services, knownRows } = context;
  const { folder } = run;
  switch (message.method) {
    case 'pause':
      await actions.pauseRun(folder);
      return done;
    case 'resume':
    case 'resumeRun':
      await actions.goOn(folder);
      return done;
    case 'checkpointNow':
      await actions.checkpointNow(folder);
      return done;
    case 'stopAndSave':
      await actions.stopAndSave(folder);
      return done;
    case 'stopNow':
      return { done: await actions.stopNow(folder, runTitle(run)) };
    case 'setLearningRate':
      await actions.setLearningRate(folder, message.params.value);
      return done;
    case 'applyRemedyAndResume':
      return applyRemedy(context, message.params.index);
    case 'openRow':
      await openRow(message.params.id, context);
      return done;
    case 'openConfig':
      await openConfig(run);
      return done;
    case 'openLog':
      await vscode.window.showTextDocument(vscode.Uri.file(runPaths(folder).log));
      return done;
    case 'revealFolder':
      await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(folder));
      return done;
    case 'openRun':
      await services.openDashboard(folder);
      return done;
    case 'rowsOfStep': {
      const answer = await feed.rowsOfStep(message.params.step);
      for (const { id } of answer.rows) knownRows.add(id);
      return answer;
    }
    case 'series': {
      const { from, to, buckets, smoothing } = message.params;
      return feed.page({ from, to, buckets: Math.round(buckets), smoothing });
    }
    case 'readLog':
      return logTail(runPaths(folder).log);
    case 'saveCsv':
      return saveCsv(run);
    case 'savePng':
      return savePng(run, message.params.png);
    case 'copyText':
      await vscode.env.clipboard.writeText(message.params.text);
      vscode.window.setStatusBarMessage(vscode.l10n.t('Copied.'), shortly);
      return done;
    case 'removeRun':
      throw problem('editor/not-here', 'Only the compare panel can take a run out.');
  }
}

async function applyRemedy({ run, feed, services }: RequestContext, index: number): Promise<CommandReply> {
  const remedy = feed.state().failed?.remedies[index];
  if (!remedy?.set) throw problem('editor/no-remedy', vscode.l10n.t('This remedy has nothing that could be applied.'));
  const folder = await actions.startChanged(run.folder, remedy.set);
  if (folder !== run.folder) {
    await services.library.refresh(folder);
    await services.openDashboard(folder);
  }
  return done;
}

async function openRow(id: string, { run, knownRows }: RequestContext): Promise<void> {
  const place = knownRows.has(id) ? parseRowId(id, run.manifest.base_directory) : undefined;
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  if (!place || !(await mayOpen(place.file, folders, run.manifest))) {
    throw problem('editor/no-such-row', vscode.l10n.t('The row {0} cannot be opened: its file is not here.', id));
  }
  const position = new vscode.Position((place.line ?? 1) - 1, (place.column ?? 1) - 1);
  const uri = vscode.Uri.file(place.file);
  if (place.line === undefined) {
    await vscode.commands.executeCommand('vscode.open', uri);
    return;
  }
  const viewColumn = vscode.ViewColumn.Beside;
  await vscode.window.showTextDocument(uri, { viewColumn, selection: new vscode.Range(position, position) });
}

/** The config as it was when the run was started. */
export async function openConfig(run: ReadableRun): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(configCopy(run.folder, run.manifest.config_file)));
}

/** How much of the log a panel gets, in bytes. */
const tailLength = 256 * 1024;

async function logTail(file: string): Promise<LogTail> {
  const end = await readPart(file, tailLength, 'end');
  if (!end) return { text: '', truncated: false };
  return { text: end.bytes.toString('utf8'), truncated: end.size > tailLength };
}

async function saveCsv(run: ReadableRun): Promise<CommandReply> {
  const target = await askWhere(run, 'csv', 'CSV');
  if (!target) return { done: false };
  const steps = await writeCsv(run.folder, target.fsPath);
  void vscode.window.showInformationMessage(vscode.l10n.t('{0} steps were written to {1}.', steps, target.fsPath));
  return done;
}

async function savePng(run: ReadableRun, png: Uint8Array): Promise<CommandReply> {
  if (!isPng(png)) throw problem('editor/not-a-picture', vscode.l10n.t('The picture is not a PNG file.'));
  const target = await askWhere(run, 'png', 'PNG');
  if (!target) return { done: false };
  await writeFile(target.fsPath, png);
  void vscode.window.showInformationMessage(vscode.l10n.t('The charts were written to {0}.', target.fsPath));
  return done;
}

async function askWhere(run: ReadableRun, ending: string, kind: string): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? run.manifest.base_directory;
  return vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(path.join(folder, `${run.id}.${ending}`)),
    filters: { [kind]: [ending] },
  });
}
