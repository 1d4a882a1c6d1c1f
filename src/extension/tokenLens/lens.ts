// The token lens of datasets: asks the server about the lines in view, draws its answer, and says which config it is.

import * as vscode from 'vscode';
import { lensRequest, type LensAnswer } from '../../protocol/lensRequests.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import type { CommandHandler } from '../commands/runCommands.ts';
import { isReadable, targetRun } from '../commands/target.ts';
import { commandIds, settingIds, type CommandId } from '../ids.ts';
import type { Language } from '../language/language.ts';
import { isServed } from '../language/served.ts';
import type { RunLibrary } from '../library.ts';
import { runTitle, type ReadableRun } from '../../runs/runRecord.ts';
import { settings } from '../settings.ts';
import { configGlob, isConfigUri } from '../start/configs.ts';
import { lossesSentence, lossesWithProgress } from './losses.ts';
import { createTints } from './tints.ts';

export interface TokenLens extends Disposable {
  toggle(): Promise<void>;
  chooseConfig(): Promise<void>;
  /** The losses of the lines in view under a run, in place of those that are shown; without a run none are shown. */
  showLosses(run: ReadableRun | undefined): Promise<void>;
}

/** Milliseconds without scrolling or typing before the server is asked, and without edits of a config. */
const pause = { view: 40, config: 200 };
/** Lines around those in view are drawn too, so that slow scrolling shows no bare ones. */
const margin = 5;
const mostLines = 200;
const choicesKey = 'finetune.lens.configs';

export function provideLens(language: Language, memory: vscode.Memento, tell: (error: unknown) => void): TokenLens {
  const parts = new Disposables();
  const tints = parts.add(createTints());
  const item = parts.add(vscode.window.createStatusBarItem('finetune.lens', vscode.StatusBarAlignment.Right, 100));
  item.name = vscode.l10n.t('Fine-Tune Token Lens');
  item.command = commandIds.chooseDatasetConfig;
  const pending = new Map<vscode.TextEditor, { timer?: NodeJS.Timeout; asked?: vscode.CancellationTokenSource }>();
  const answers = new Map<string, LensAnswer>();

  const choices = (): Record<string, unknown> => memory.get<Record<string, unknown>>(choicesKey) ?? {};
  const choiceOf = (uri: string): string | null => {
    const chosen = choices()[uri];
    return typeof chosen === 'string' ? chosen : null;
  };

  const showStatus = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    const answer = document && isDataset(document) ? answers.get(document.uri.toString()) : undefined;
    if (!answer) {
      item.hide();
      return;
    }
    const isOn = settings.lensEnabled();
    const name = answer.used?.name.split('/').at(-1);
    const icon = answer.problem === undefined ? (isOn ? '$(eye)' : '$(eye-closed)') : '$(warning)';
    item.text = `${icon} ${name ?? vscode.l10n.t('No config')}`;
    item.tooltip = [
      name === undefined
        ? vscode.l10n.t('No config of this workspace names this file. Click to write one.')
        : vscode.l10n.t(
            'Token lens: how this file is trained under {0}. Click to choose another config.',
            answer.used?.name ?? name,
          ),
      answer.problem ?? answer.summary,
    ].join('\n');
    item.accessibilityInformation = { label: `${item.name}: ${name ?? vscode.l10n.t('No config')}` };
    item.show();
  };

  const ask = async (editor: vscode.TextEditor): Promise<void> => {
    const { document } = editor;
    const [first, last] = linesOf(editor);
    const asked = new vscode.CancellationTokenSource();
    pending.get(editor)?.asked?.cancel();
    pending.set(editor, { asked });
    const uri = document.uri.toString();
    const { version } = document;
    try {
      const answer = await language.ask(lensRequest, { uri, first, last, config: choiceOf(uri) }, asked.token);
      if (asked.token.isCancellationRequested || document.isClosed || document.version !== version) return;
      answers.set(uri, answer);
      if (settings.lensEnabled()) tints.show(editor, answer.rows);
      else tints.clear(editor);
      showStatus();
    } catch (error) {
      // A newer question follows one that was cancelled, and one about an older text.
      if (!asked.token.isCancellationRequested && document.version === version) tell(error);
    } finally {
      asked.dispose();
    }
  };
  const soon = (editor: vscode.TextEditor, delay: number): void => {
    if (!isDataset(editor.document)) return;
    const waiting = pending.get(editor) ?? {};
    clearTimeout(waiting.timer);
    pending.set(editor, { ...waiting, timer: setTimeout(() => void ask(editor), delay) });
  };
  const all = (delay: number): void => {
    for (const editor of vscode.window.visibleTextEditors) soon(editor, delay);
  };

  const watcher = parts.add(vscode.workspace.createFileSystemWatcher(configGlob));
  for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
    parts.add(event(() => all(pause.config)));
  parts.add(vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => soon(textEditor, pause.view)));
  parts.add(
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (settings.lensLines() === 'cursor') soon(textEditor, pause.view);
    }),
  );
  parts.add(vscode.window.onDidChangeActiveTextEditor(showStatus));
  parts.add(
    vscode.window.onDidChangeVisibleTextEditors((editors) => {
      for (const editor of pending.keys()) if (!editors.includes(editor)) pending.delete(editor);
      all(0);
    }),
  );
  parts.add(
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (isConfigUri(document.uri)) all(pause.config);
      for (const editor of vscode.window.visibleTextEditors) if (editor.document === document) soon(editor, pause.view);
    }),
  );
  parts.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => void answers.delete(uri.toString())));
  parts.add(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('finetune')) all(0);
    }),
  );
  all(0);

  return {
    async toggle() {
      const target = vscode.workspace.getConfiguration('finetune');
      await target.update(settingIds.lensEnabled, !settings.lensEnabled(), vscode.ConfigurationTarget.Global);
    },
    async chooseConfig() {
      const editor = datasetEditor();
      if (!editor) return;
      const uri = editor.document.uri.toString();
      const chosen = await pickConfig(answers.get(uri));
      if (chosen === 'new') await vscode.commands.executeCommand(commandIds.newConfig);
      else if (chosen !== undefined) {
        await memory.update(choicesKey, { ...choices(), [uri]: chosen });
        soon(editor, 0);
      }
    },
    async showLosses(run) {
      const editor = datasetEditor();
      if (!editor) return;
      const [first, last] = linesOf(editor);
      const uri = editor.document.uri.toString();
      const params = { uri, first, last, run: run?.folder ?? null };
      const answer = await lossesWithProgress(language, params, run && runTitle(run));
      if (!answer) return;
      soon(editor, 0);
      const sentence = lossesSentence(answer);
      if (sentence !== undefined) void vscode.window.showWarningMessage(sentence);
    },
    dispose() {
      for (const { timer, asked } of pending.values()) {
        clearTimeout(timer);
        asked?.cancel();
      }
      parts.dispose();
    },
  };
}

export function lensCommands(lens: TokenLens, library: RunLibrary) {
  return {
    [commandIds.toggleLens]: async () => lens.toggle(),
    [commandIds.chooseDatasetConfig]: async () => lens.chooseConfig(),
    [commandIds.showTokenLosses]: async (...args) => {
      const run = datasetEditor() && (await targetRun(library, args, isReadable));
      if (run && isReadable(run)) await lens.showLosses(run);
    },
    [commandIds.hideTokenLosses]: async () => lens.showLosses(undefined),
  } satisfies Partial<Record<CommandId, CommandHandler>>;
}

/** The address of a config, or `new` for one that is yet to be written. */
async function pickConfig(answer: LensAnswer | undefined): Promise<string | undefined> {
  const items = (answer?.configs ?? []).map(({ uri, name }) => ({
    label: name,
    description: uri === answer?.used?.uri ? vscode.l10n.t('in use') : '',
    value: uri,
  }));
  const write = { label: `$(new-file) ${vscode.l10n.t('Write a new config…')}`, description: '', value: 'new' };
  const placeHolder =
    items.length === 0
      ? vscode.l10n.t('No config of this workspace names this file in data.train or data.validation')
      : vscode.l10n.t('Config whose tokens and mask the lens shows');
  return (await vscode.window.showQuickPick([...items, write], { placeHolder }))?.value;
}

/** The active editor; undefined, which is told, when it holds no dataset. */
function datasetEditor(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor && isDataset(editor.document)) return editor;
  void vscode.window.showInformationMessage(vscode.l10n.t('Open a dataset first: a .jsonl file.'));
  return undefined;
}

function isDataset(document: vscode.TextDocument): boolean {
  return document.languageId === 'jsonl' && isServed(document);
}

/** The lines in view with a margin, or the cursor's. */
function linesOf(editor: vscode.TextEditor): [number, number] {
  if (settings.lensLines() === 'cursor') return [editor.selection.active.line, editor.selection.active.line];
  const [range] = editor.visibleRanges;
  const first = Math.max(0, (range?.start.line ?? 0) - margin);
  return [first, Math.min((range?.end.line ?? 0) + margin, first + mostLines)];
}
