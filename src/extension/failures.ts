// Errors as a person meets them: a notification with the sentence, and everything in the log.

import * as vscode from 'vscode';
import { ProblemError } from '../protocol/problem.ts';

export function sentenceOf(error: unknown): string {
  if (error instanceof ProblemError) return error.problems.map(({ message }) => message).join(' ');
  return error instanceof Error ? error.message : String(error);
}

/** Tells of an error; never throws. */
export function tellFailure(error: unknown, log: vscode.LogOutputChannel): void {
  log.error(error instanceof Error ? error : String(error));
  const show = vscode.l10n.t('Show Log');
  void vscode.window.showErrorMessage(sentenceOf(error), show).then((answer) => {
    if (answer === show) log.show();
  });
}
