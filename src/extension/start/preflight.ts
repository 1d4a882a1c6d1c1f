// Looks at a run before it starts: config, model, data, and whether it fits into the memory that is free.

import path from 'node:path';
import * as vscode from 'vscode';
import { formatBytes } from '../../metrics/numberText.ts';
import { problem, type Problem } from '../../protocol/problem.ts';
import { childEnvironment, runCli, type CliAnswer } from '../programs.ts';
import { settings } from '../settings.ts';
import { readProblems } from './checkReport.ts';
import { readConfig } from './configs.ts';
import type { ConfigDiagnostics } from './diagnostics.ts';
import { fits, memoryChanges, readEstimate, type Estimate, type MemoryChange } from './memoryAdvice.ts';

export interface Preflight {
  readonly diagnostics: ConfigDiagnostics;
  readonly log: vscode.LogOutputChannel;
}

/** True when the run may start. What is in the way has been told, with what to do about it. */
export async function passesPreflight(config: vscode.Uri, tools: Preflight): Promise<boolean> {
  for (;;) {
    const { problems } = await readConfig(config);
    if (!acceptable(config, problems, tools)) return false;
    if (settings.preflight() !== 'estimate') return true;
    const estimate = await estimateRun(config, tools);
    if (estimate === 'refused') return false;
    if (!estimate || fits(estimate)) return true;
    const answer = await askAboutMemory(config, estimate);
    if (answer !== 'changed') return answer === 'start';
  }
}

/** Shows the problems; false when there is an error among them. */
export function acceptable(config: vscode.Uri, problems: readonly Problem[], tools: Preflight): boolean {
  tools.diagnostics.show(config, problems);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (!first) return true;
  const name = path.basename(config.fsPath);
  const message =
    errors.length === 1
      ? vscode.l10n.t('{0} cannot be started: {1}', name, first.message)
      : vscode.l10n.t('{0} cannot be started: it has {1} problems. The first: {2}', name, errors.length, first.message);
  const show = vscode.l10n.t('Show Problems');
  void vscode.window
    .showErrorMessage(message, show)
    .then((answer) => (answer === show ? reveal(config, first) : undefined));
  return false;
}

async function reveal(config: vscode.Uri, { place }: Problem): Promise<void> {
  const file = vscode.Uri.file(path.resolve(path.dirname(config.fsPath), place?.file ?? config.fsPath));
  const position = new vscode.Position(Math.max(0, (place?.line ?? 1) - 1), Math.max(0, (place?.column ?? 1) - 1));
  await vscode.window.showTextDocument(file, { selection: new vscode.Range(position, position) }).then(
    () => undefined,
    () => undefined,
  );
  await vscode.commands.executeCommand('workbench.actions.view.problems');
}

/** What the run will cost; undefined when that cannot be told, `refused` when it cannot run or the person cancelled. */
export async function estimateRun(config: vscode.Uri, tools: Preflight): Promise<Estimate | 'refused' | undefined> {
  const answer = await withProgress(vscode.l10n.t('Checking {0}', path.basename(config.fsPath)), (signal, report) =>
    cli(['estimate', config.fsPath, '--json'], config, signal, report),
  );
  if (!answer) return 'refused';
  const estimate = answer.code === 0 ? readEstimate(answer.stdout) : undefined;
  if (estimate) return estimate;
  tools.log.warn(`finetune estimate ended with ${answer.code}: ${answer.stderr.trim()}`);
  const problems = await checkInDepth(config);
  if (!problems || !acceptable(config, problems, tools)) return 'refused';
  return undefined;
}

/** Problems of config, model and data; undefined when the person cancelled. Throws when the check came to no end. */
export async function checkInDepth(config: vscode.Uri): Promise<Problem[] | undefined> {
  const answer = await withProgress(
    vscode.l10n.t('Looking at model and data of {0}', path.basename(config.fsPath)),
    (signal, report) => cli(['check', config.fsPath, '--json'], config, signal, report),
  );
  if (!answer) return undefined;
  const problems = readProblems(answer.stdout);
  if (problems) return problems;
  const sentence = vscode.l10n.t(
    'The check of {0} came to no end: {1}',
    path.basename(config.fsPath),
    lastLine(answer.stderr) ?? vscode.l10n.t('it said nothing'),
  );
  throw problem('editor/check-failed', sentence);
}

async function askAboutMemory(config: vscode.Uri, estimate: Estimate): Promise<'start' | 'changed' | 'cancel'> {
  const needed = formatBytes(estimate.memoryBytes ?? 0);
  const free = formatBytes(estimate.availableBytes ?? 0);
  const changes = memoryChanges(estimate).map((change) => ({ change, label: changeLabel(change) }));
  const anyway = vscode.l10n.t('Start anyway');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('This run needs about {0} of memory, and {1} are free.', needed, free),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Each change below is written into {0}, and the run is looked at again.',
        path.basename(config.fsPath),
      ),
    },
    ...changes.map(({ label }) => label),
    anyway,
  );
  if (answer === anyway) return 'start';
  const chosen = changes.find(({ label }) => label === answer);
  if (!chosen) return 'cancel';
  await applyToConfig(config, chosen.change.set);
  return 'changed';
}

function changeLabel({ kind, set }: MemoryChange): string {
  const value = String(Object.values(set)[0]);
  switch (kind) {
    case 'checkpointing':
      return vscode.l10n.t('Keep fewer activations (slower, same numbers)');
    case 'batch':
      return vscode.l10n.t('Smaller batches of {0} (same steps)', value);
    case 'length':
      return vscode.l10n.t('Cut rows at {0} tokens', value);
    case 'rank':
      return vscode.l10n.t('Adapters of rank {0}', value);
  }
}

/** Writes fields into a config and saves it; can be undone in its editor. */
export async function applyToConfig(
  config: vscode.Uri,
  set: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  const { setFields } = await import('../configTools.ts');
  const document = await vscode.workspace.openTextDocument(config);
  const text = document.getText();
  const edit = new vscode.WorkspaceEdit();
  edit.replace(
    config,
    new vscode.Range(document.positionAt(0), document.positionAt(text.length)),
    setFields(text, set),
  );
  await vscode.workspace.applyEdit(edit);
  await document.save();
}

/** What the command line answers; undefined when the person cancelled. Throws when the system ended it. */
async function cli(
  args: readonly string[],
  config: vscode.Uri,
  signal: AbortSignal,
  report: (line: string) => void,
): Promise<CliAnswer | undefined> {
  const answer = await runCli(args, {
    cwd: path.dirname(config.fsPath),
    env: childEnvironment(process.env, settings.environment()),
    signal,
    onStderr: (text) => {
      const line = lastLine(text);
      if (line !== undefined) report(line);
    },
  });
  if (signal.aborted) return undefined;
  if (answer.code !== null) return answer;
  throw problem(
    'editor/check-ended',
    vscode.l10n.t(
      'The look at {0} was ended by the system, most likely because memory ran out. Close other programs, then try again.',
      path.basename(config.fsPath),
    ),
  );
}

function lastLine(text: string): string | undefined {
  return text
    .split(/[\r\n]/)
    .findLast((piece) => piece.trim() !== '')
    ?.trim();
}

async function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, report: (line: string) => void) => Promise<T>,
): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    const listener = token.onCancellationRequested(() => stop.abort());
    try {
      return await work(stop.signal, (message) => progress.report({ message }));
    } finally {
      listener.dispose();
    }
  });
}
