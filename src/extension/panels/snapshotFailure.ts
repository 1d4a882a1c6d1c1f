// What a panel is told when its snapshot could not be made.

import * as vscode from 'vscode';
import type { SnapshotFailure } from '../../protocol/webviewMessages.ts';
import { sentenceOf } from '../failures.ts';

export function snapshotFailure(error: unknown): SnapshotFailure {
  const strings = vscode.l10n.bundle ?? {};
  return { type: 'failure', strings, locale: vscode.env.language, problem: sentenceOf(error) };
}
