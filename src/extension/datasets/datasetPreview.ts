// Dataset previews: beside the text by a command, or as the file's editor; each fed by a process of its own.

import { watch } from 'chokidar';
import path from 'node:path';
import * as vscode from 'vscode';
import { isObject } from '../../protocol/guards.ts';
import { readPreviewMessage, type PreviewHostMessage } from '../../protocol/previewMessages.ts';
import type { PreviewState } from '../../protocol/previewViews.ts';
import { packNumbers, unpackNumbers } from '../../protocol/wireNumbers.ts';
import { sentenceOf } from '../failures.ts';
import { panelIds, previewEditorId } from '../ids.ts';
import { panelHtml, webviewFolder } from '../panels/html.ts';
import { snapshotFailure } from '../panels/snapshotFailure.ts';
import type { Services } from '../services.ts';
import { findConfigs } from '../start/configs.ts';
import { answerPreviewRequest } from './previewRequests.ts';
import { startPreviewProcess } from './previewProcess.ts';
import { createPreviewReader } from './previewReader.ts';

/** Malformed messages that are told in the log, for each panel. */
const toldTroubles = 20;
/** A file that is being written is looked at when it has been quiet for so many milliseconds. */
const quiet = 150;

export interface DatasetPreviews {
  open(uri: vscode.Uri): Promise<void>;
  dispose(): void;
}

export function createPreviews({ context, log }: Pick<Services, 'context' | 'log'>): DatasetPreviews {
  const beside = new Map<string, vscode.WebviewPanel>();
  const options = { enableScripts: true, localResourceRoots: [webviewFolder(context.extensionUri)] };
  const show = (panel: vscode.WebviewPanel, uri: vscode.Uri): Promise<void> =>
    feedPreview(panel, uri, { context, log });
  const editor = vscode.window.registerCustomEditorProvider(
    previewEditorId,
    {
      openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
      resolveCustomEditor: (document, panel) => show(panel, document.uri),
    },
    { webviewOptions: { retainContextWhenHidden: true }, supportsMultipleEditorsPerDocument: false },
  );
  const serializer = vscode.window.registerWebviewPanelSerializer(panelIds.preview, {
    async deserializeWebviewPanel(panel, state: unknown) {
      const file = isObject(state) && typeof state['file'] === 'string' ? state['file'] : undefined;
      if (file === undefined) panel.dispose();
      else await show(panel, vscode.Uri.file(file));
    },
  });
  return {
    async open(uri) {
      const known = beside.get(uri.fsPath);
      if (known) {
        known.reveal();
        return;
      }
      const title = vscode.l10n.t('Preview {0}', path.basename(uri.fsPath));
      const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: false };
      const panel = vscode.window.createWebviewPanel(panelIds.preview, title, column, {
        ...options,
        retainContextWhenHidden: true,
      });
      beside.set(uri.fsPath, panel);
      panel.onDidDispose(() => beside.delete(uri.fsPath));
      await show(panel, uri);
    },
    dispose() {
      editor.dispose();
      serializer.dispose();
    },
  };
}

async function feedPreview(
  panel: vscode.WebviewPanel,
  uri: vscode.Uri,
  { context, log }: Pick<Services, 'context' | 'log'>,
): Promise<void> {
  const file = uri.fsPath;
  let isReady = false;
  let closed = false;
  let troubles = 0;
  const post = (message: PreviewHostMessage): void => {
    if (!closed) void panel.webview.postMessage(packNumbers(message));
  };
  const snapshot = (state: PreviewState): void => {
    const strings = vscode.l10n.bundle ?? {};
    post({ type: 'snapshot', panel: 'preview', strings, locale: vscode.env.language, state });
  };
  const trouble = (sentence: string): void => {
    if (++troubles <= toldTroubles) log.warn(`preview: ${sentence}`);
  };
  let configs: readonly { readonly file: string; readonly name: string }[] = [];
  const source = async (): Promise<object> => {
    configs = (await findConfigs()).map(({ fsPath }) => ({
      file: fsPath,
      name: vscode.workspace.asRelativePath(fsPath),
    }));
    return { file, name: path.basename(file), configs };
  };
  const reader = createPreviewReader(source, startPreviewProcess, sentenceOf, {
    onState(state, isFirst) {
      if (!isReady) return;
      if (isFirst) snapshot(state);
      else post({ type: 'state', state });
    },
    onFailure(sentence) {
      trouble(sentence);
      if (isReady) post(snapshotFailure(sentence));
    },
  });
  // Its process starts while the panel does.
  const opening = reader.open();

  const watcher = watch([file, `${file}.lint.yaml`], { ignoreInitial: true, awaitWriteFinish: false });
  let timer: NodeJS.Timeout | undefined;
  watcher.on('all', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      reader.ask('refresh', {}).catch((error: unknown) => trouble(sentenceOf(error)));
    }, quiet);
  });

  // The row that the cursor stands in is the one that is shown, unless the panel itself has put it there.
  let shownLine = -1;
  const cursor = vscode.window.onDidChangeTextEditorSelection(({ textEditor, selections }) => {
    const line = selections[0]?.active.line;
    if (textEditor.document.uri.fsPath !== file || line === undefined || line === shownLine || !panel.visible) return;
    shownLine = line;
    reader
      .ask('rowOfLine', { line: line + 1 })
      .then((row) => {
        if (typeof row === 'number') post({ type: 'select', row });
      })
      .catch((error: unknown) => trouble(sentenceOf(error)));
  });

  panel.iconPath = vscode.Uri.joinPath(context.extensionUri, 'resources', 'panel.svg');
  panel.webview.options = { enableScripts: true, localResourceRoots: [webviewFolder(context.extensionUri)] };
  panel.onDidDispose(() => {
    closed = true;
    clearTimeout(timer);
    cursor.dispose();
    reader.dispose();
    void watcher.close();
  });
  panel.webview.onDidReceiveMessage((value: unknown) => {
    const message = readPreviewMessage(unpackNumbers(value));
    if (message.type === 'ready') {
      isReady = true;
      const state = reader.state();
      if (state) snapshot(state);
      else if (reader.failure() !== undefined) void reader.open();
    } else if (message.type === 'request') {
      const answering = answerPreviewRequest(message, {
        file,
        ask: (method, params) => reader.ask(method, params),
        state: () => reader.state(),
        configFile: () => configs.find(({ name }) => name === reader.state()?.config?.name)?.file,
        onOpenedLine: (line) => (shownLine = line),
      });
      answering.then(
        (result) => post({ type: 'reply', id: message.id, ok: true, result }),
        (error: unknown) => post({ type: 'reply', id: message.id, ok: false, problem: sentenceOf(error) }),
      );
    } else trouble(message.type === 'trouble' ? message.text : message.problem);
  });
  panel.webview.html = panelHtml(panel.webview, context.extensionUri, 'preview', panel.title, { file });
  await opening;
}
