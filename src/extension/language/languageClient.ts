// The editor's side of the language server, loaded when the first config or dataset is opened. Starts the server on the editor's own Node, and starts it again when it crashes, but not forever.

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  TransportKind,
  type ErrorHandler,
  type LanguageClientOptions,
} from 'vscode-languageclient/node';
import { packageFile } from '../../platform/packageFile.ts';
import { checked, trustRequest, type LanguageRequest, type ServerOptions } from '../../protocol/languageRequests.ts';
import { commandIds } from '../ids.ts';
import { localPhrases } from './phrases.ts';
import { alsoServed, servedDocuments } from './served.ts';

export interface LanguageSession {
  /** Asks the server; rejects when it is not there, when it refuses, or when `token` is cancelled. */
  ask<Params, Result>(
    request: LanguageRequest<Params, Result>,
    params: Params,
    token?: vscode.CancellationToken,
  ): Promise<Result>;
  restart(): Promise<void>;
  dispose(): void;
}

/** More crashes than this within `crashWindow` (milliseconds) are no accident. */
const crashLimit = 3;
const crashWindow = 180_000;

/** Starts the server; rejects when it does not come up. */
export async function startLanguageClient(log: vscode.LogOutputChannel): Promise<LanguageSession> {
  const run = { module: packageFile('dist/server.js'), transport: TransportKind.ipc, options: { execArgv: [] } };
  let crashes: number[] = [];
  const errorHandler: ErrorHandler = {
    error: () => ({ action: ErrorAction.Continue, handled: true }),
    closed() {
      const now = Date.now();
      crashes = [...crashes.filter((time) => now - time < crashWindow), now];
      const message = `The language server ended (${crashes.length} times within ${crashWindow / 60_000} minutes).`;
      if (crashes.length <= crashLimit) return { action: CloseAction.Restart, message, handled: true };
      offerRestart();
      return { action: CloseAction.DoNotRestart, message, handled: true };
    },
  };
  const options: LanguageClientOptions = {
    documentSelector: [...servedDocuments, ...alsoServed].map((filter) => ({ ...filter })),
    outputChannel: log,
    errorHandler,
    // Asked for at every start: meanwhile the workspace may have come to be trusted.
    initializationOptions: (): ServerOptions => ({
      docsLink: docsLink(),
      suggestCommand: 'editor.action.triggerSuggest',
      commands: {
        start: commandIds.start,
        dryRun: commandIds.dryRun,
        estimate: commandIds.estimate,
        check: commandIds.checkConfig,
        problems: 'workbench.actions.view.problems',
      },
      trusted: vscode.workspace.isTrusted,
      phrases: localPhrases(),
    }),
    markdown: { isTrusted: { enabledCommands: [commandIds.openDocs] } },
    diagnosticCollectionName: 'finetune',
  };
  const client = new LanguageClient('finetune', 'Fine-Tune', { run, debug: run }, options);

  const offerRestart = (): void => {
    const restart = vscode.l10n.t('Restart');
    const showLog = vscode.l10n.t('Show Log');
    const message = vscode.l10n.t(
      'The language server of Fine-Tune keeps ending. Configs and datasets are no longer checked while you type.',
    );
    void vscode.window.showErrorMessage(message, restart, showLog).then(async (answer) => {
      if (answer === showLog) log.show();
      if (answer === restart) await begin();
    });
  };
  const begin = async (): Promise<void> => {
    crashes = [];
    if (client.isRunning()) await client.restart();
    else await client.start();
  };
  await client.start();
  const trust = vscode.workspace.onDidGrantWorkspaceTrust(() => {
    if (client.isRunning())
      void client.sendRequest(trustRequest.method, {}).catch((error: unknown) => log.error(String(error)));
  });

  return {
    async ask(request, params, token) {
      const answer: unknown = await client.sendRequest(request.method, params, token);
      return checked(request.result, answer, `The answer to ${request.method}`);
    },
    restart: begin,
    dispose() {
      trust.dispose();
      void client.dispose().catch((error: unknown) => log.error(String(error)));
    },
  };
}

/** Pages of the documentation open in the editor's own preview. */
function docsLink(): string {
  return `command:${commandIds.openDocs}?${encodeURIComponent('["')}{page}${encodeURIComponent('","')}{anchor}${encodeURIComponent('"]')}`;
}
