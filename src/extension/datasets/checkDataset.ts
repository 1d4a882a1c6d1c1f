// Lints a data file of any size in a process of its own, with progress that can be cancelled; what is found are problems.

import path from 'node:path';
import * as vscode from 'vscode';
import type { Problem } from '../../protocol/problem.ts';
import { childEnvironment, runCli } from '../programs.ts';
import { settings } from '../settings.ts';
import type { ConfigDiagnostics } from '../start/diagnostics.ts';
import { readDataFindings } from './dataFindings.ts';

/** Findings of a code that become problems of their own: the editor's list slows down beyond a few thousand. */
const places = 200;

/** Shows what is found in the Problems view until the file changes. */
export async function checkDataset(file: vscode.Uri, diagnostics: ConfigDiagnostics): Promise<void> {
  const name = path.basename(file.fsPath);
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('Checking {0}', name),
    cancellable: true,
  };
  const answer = await vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    const listener = token.onCancellationRequested(() => stop.abort());
    let shown = 0;
    try {
      return await runCli(
        ['check', file.fsPath, '--json', '--progress', '--places', String(places), ...severities(file)],
        {
          cwd: vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath ?? path.dirname(file.fsPath),
          env: childEnvironment(process.env, settings.environment()),
          signal: stop.signal,
          onStderr(text) {
            const percent = /(\d+) % of .*$/m.exec(text);
            if (!percent) return;
            const done = Number(percent[1]);
            progress.report({ message: percent[0], increment: Math.max(0, done - shown) });
            shown = done;
          },
        },
      );
    } finally {
      listener.dispose();
    }
  });
  if (answer.code === null) return; // cancelled
  const found = readDataFindings(answer.stdout);
  if (found === undefined) {
    const reason = answer.stderr.trim().split('\n').at(-1) ?? '';
    throw new Error(vscode.l10n.t('{0} cannot be checked: {1}', name, reason));
  }
  diagnostics.show(file, found.flatMap(withRest));
  if (found.length > 0) await vscode.commands.executeCommand('workbench.actions.view.problems');
  else void vscode.window.showInformationMessage(vscode.l10n.t('Nothing was found in {0}.', name));
}

/** The listed findings of a code, and one that says how many are not. */
function withRest({ problems, count }: { problems: readonly Problem[]; count: number }): Problem[] {
  const [first] = problems;
  const hidden = count - problems.length;
  if (!first || hidden <= 0) return [...problems];
  const message = vscode.l10n.t(
    '{0} more rows have {1}; the first {2} are listed.',
    hidden,
    first.code,
    problems.length,
  );
  const file = first.place?.file;
  return [
    ...problems,
    { code: first.code, severity: first.severity, message, ...(file ? { place: { file, line: 1 } } : {}) },
  ];
}

/** The editor's own severities of rules for rows, as options. */
function severities(file: vscode.Uri): string[] {
  return Object.entries(settings.severities(file)).flatMap(([code, level]) =>
    /^(?:data|form|chat|training|preference|quality|safety)\//.test(code) ? ['--severity', `${code}=${level}`] : [],
  );
}
