// What the host does when a preview asks: most is the reading process's to answer; lines, dialogs and edits are the editor's.

import * as vscode from 'vscode';
import { isObject } from '../../protocol/guards.ts';
import type { PreviewRequestMessage } from '../../protocol/previewMessages.ts';
import type { PreviewState } from '../../protocol/previewViews.ts';
import { convertDataset } from './convertDataset.ts';

export interface PreviewContext {
  /** Absolute path of the dataset. */
  readonly file: string;
  readonly ask: (method: string, params: object) => Promise<unknown>;
  readonly state: () => PreviewState | undefined;
  readonly configFile: () => string | undefined;
  /** A line, from 0, in which the cursor is put: it is not a person's choice. */
  readonly onOpenedLine: (line: number) => void;
}

const done = { done: true };
const notDone = { done: false };

/** Rejects with a sentence that the panel shows. */
export async function answerPreviewRequest(message: PreviewRequestMessage, context: PreviewContext): Promise<unknown> {
  const { ask, file } = context;
  switch (message.method) {
    case 'openRow':
      return openRow(message.params.row, context);
    case 'copyRow': {
      const text = await ask('text', message.params);
      await vscode.env.clipboard.writeText(String(text));
      return done;
    }
    case 'excludeView':
      return excludeView(message.params.excluded, context);
    case 'exportView': {
      const target = await vscode.window.showSaveDialog({
        defaultUri: vscode.Uri.file(file.replace(/(?:\.jsonl?|\.ndjson|\.csv|\.tsv|\.parquet|\.gz)+$/i, '.part.jsonl')),
        filters: { 'JSON Lines': ['jsonl'] },
      });
      if (!target) return notDone;
      const rows = Number(await ask('export', { out: target.fsPath }));
      void vscode.window.showInformationMessage(vscode.l10n.t('{0} rows were written.', rows));
      return done;
    }
    case 'convert':
      return { done: await convertDataset(file, ask) };
    case 'openConfig': {
      const config = context.configFile();
      if (config === undefined) throw new Error(vscode.l10n.t('No config governs this file.'));
      await vscode.window.showTextDocument(vscode.Uri.file(config));
      return done;
    }
    default:
      return ask(message.method, message.params);
  }
}

/** Opens the line of a row in the text, beside the preview. */
async function openRow(row: number, { ask, file, onOpenedLine }: PreviewContext): Promise<unknown> {
  const place = await ask('place', { row });
  const line = isObject(place) && typeof place['line'] === 'number' ? place['line'] - 1 : undefined;
  if (line === undefined) throw new Error(vscode.l10n.t('This file has no lines to open: its rows are packed.'));
  const column = isObject(place) && typeof place['column'] === 'number' ? place['column'] - 1 : 0;
  onOpenedLine(line);
  const uri = vscode.Uri.file(file);
  const shown = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.fsPath === file);
  const editor = await vscode.window.showTextDocument(uri, {
    viewColumn: shown?.viewColumn ?? vscode.ViewColumn.One,
    preview: false,
  });
  const at = new vscode.Position(line, column);
  editor.selection = new vscode.Selection(at, at);
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenter);
  return done;
}

async function excludeView(excluded: boolean, { ask, state }: PreviewContext): Promise<unknown> {
  const rows = state()?.view.rows ?? 0;
  const go = excluded ? vscode.l10n.t('Exclude') : vscode.l10n.t('Include');
  const question = excluded
    ? vscode.l10n.t('Leave {0} rows out of training?', rows)
    : vscode.l10n.t('Let {0} rows be trained again?', rows);
  const answer = await vscode.window.showWarningMessage(question, { modal: true }, go);
  if (answer !== go) return notDone;
  return ask('excludeView', { excluded });
}
