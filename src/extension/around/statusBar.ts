// The run that goes on, in the status bar: step, loss, time left. A click opens its dashboard.

import * as vscode from 'vscode';
import { runTitle, type ReadableRun } from '../../runs/runRecord.ts';
import { commandIds } from '../ids.ts';
import type { RunLibrary } from '../library.ts';
import { joined, leftText, lossText, statusWord, stepText } from '../words.ts';

/** Shown only while a run goes on. */
export function showStatusBar(library: RunLibrary): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('finetune.run', vscode.StatusBarAlignment.Left, 10);
  item.name = vscode.l10n.t('Fine-Tune Run');
  const update = (): void => {
    const active = library.active();
    const [run] = active;
    if (!run) {
      item.hide();
      return;
    }
    const more = active.length > 1 ? vscode.l10n.t('+{0} more', active.length - 1) : undefined;
    item.text = `${icon(run)} ${joined(escapeIcons(runTitle(run)), stateText(run), lossText(run), leftText(run), more)}`;
    item.tooltip = new vscode.MarkdownString().appendText(
      active.map((each) => joined(runTitle(each), stateText(each))).join('\n'),
    );
    item.accessibilityInformation = {
      label: joined(vscode.l10n.t('Fine-Tune Run'), runTitle(run), stateText(run), lossText(run)),
    };
    // Arguments would be forgotten with each new text, under the hand that clicks.
    item.command = commandIds.openActiveRun;
    item.show();
  };
  update();
  const listener = library.onDidChange(update);
  return vscode.Disposable.from(item, listener);
}

function stateText(run: ReadableRun): string {
  return run.status === 'running' ? (stepText(run) ?? statusWord(run.status)) : statusWord(run.status);
}

function icon(run: ReadableRun): string {
  return run.status === 'paused' ? '$(debug-pause)' : '$(sync~spin)';
}

/** `$(name)` in a run's name would be drawn as an icon. */
function escapeIcons(text: string): string {
  return text.replaceAll('$(', '$ (');
}
