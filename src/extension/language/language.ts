// The language server as the rest of the extension sees it: started by the first document that it can serve.

import * as vscode from 'vscode';
import { runEndedRequest, type LanguageRequest } from '../../protocol/languageRequests.ts';
import type { Disposable } from '../disposables.ts';
import type { LanguageSession } from './languageClient.ts';
import { isServed } from './served.ts';

export interface Language extends Disposable {
  /** Asks the server, which is started if need be. */
  ask<Params, Result>(
    request: LanguageRequest<Params, Result>,
    params: Params,
    token?: vscode.CancellationToken,
  ): Promise<Result>;
  restart(): Promise<void>;
  /** Tells the server, where it runs, that a run has ended. */
  runEnded(): void;
}

/** Costs nothing until a config or a dataset is opened. */
export function provideLanguage(tell: (error: unknown) => void): Language {
  let session: Promise<LanguageSession> | undefined;
  let log: vscode.LogOutputChannel | undefined;
  let ended = false;

  const start = (): Promise<LanguageSession> => {
    session ??= (async () => {
      const { startLanguageClient } = await import('./languageClient.ts');
      log ??= vscode.window.createOutputChannel(vscode.l10n.t('Fine-Tune Language Server'), { log: true });
      const started = await startLanguageClient(log);
      if (ended) started.dispose();
      return started;
    })();
    return session;
  };
  const startFor = (document: vscode.TextDocument): void => {
    if (session || !isServed(document)) return;
    start().catch((error: unknown) => {
      session = undefined;
      listener.dispose(); // the command starts it again; every further document would fail in the same way
      tell(error);
    });
  };
  const listener = vscode.workspace.onDidOpenTextDocument(startFor);
  for (const document of vscode.workspace.textDocuments) startFor(document);

  return {
    async ask(request, params, token) {
      return (await start()).ask(request, params, token);
    },
    async restart() {
      if (session) await (await session).restart();
      else await start();
    },
    runEnded() {
      session?.then((running) => running.ask(runEndedRequest, {})).catch((error: unknown) => log?.error(String(error)));
    },
    dispose() {
      ended = true;
      listener.dispose();
      void session?.then(
        (running) => running.dispose(),
        () => undefined,
      );
      log?.dispose();
    },
  };
}
