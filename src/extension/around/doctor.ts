// Doctor: what this machine can train on, as the command line tells it, in an editor.

import os from 'node:os';
import * as vscode from 'vscode';
import { childEnvironment, runCli } from '../programs.ts';
import { requireTrust } from '../runActions.ts';
import type { Services } from '../services.ts';
import { settings } from '../settings.ts';

export async function showDoctor({ texts }: Services): Promise<void> {
  requireTrust();
  const title = vscode.l10n.t('Looking at this machine');
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  const text = await vscode.window.withProgress(options, async (_progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    return doctorText(stop.signal);
  });
  if (text === undefined) return;
  await texts.show(`${vscode.l10n.t('Doctor')}.txt`, text);
}

/** The report of `finetune doctor`; undefined when it was stopped. */
export async function doctorText(signal?: AbortSignal): Promise<string | undefined> {
  const answer = await runCli(['doctor'], {
    cwd: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? os.homedir(),
    env: childEnvironment(process.env, settings.environment()),
    ...(signal ? { signal } : {}),
  });
  if (answer.code === null) return undefined;
  return answer.stdout === '' ? answer.stderr : answer.stdout;
}
