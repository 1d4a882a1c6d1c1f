// The extension's entry: makes its parts in order and hands each what it needs. Anything heavy is loaded when it is used.

import * as vscode from 'vscode';
import { showStatusBar } from './around/statusBar.ts';
import { tellEndings } from './around/endings.ts';
import { generalCommands } from './commands/generalCommands.ts';
import { runCommands } from './commands/runCommands.ts';
import { viewCommands } from './commands/viewCommands.ts';
import { Disposables } from './disposables.ts';
import { createExplorer, type RunExplorer } from './explorer/explorer.ts';
import { tellFailure } from './failures.ts';
import { provideLanguage } from './language/language.ts';
import { languageCommands } from './language/languageCommands.ts';
import { lensCommands, provideLens } from './tokenLens/lens.ts';
import { openLibrary } from './library.ts';
import { createComparisons } from './panels/compare.ts';
import { createDashboards } from './panels/dashboard.ts';
import { createPreviews } from './datasets/datasetPreview.ts';
import { datasetCommands } from './datasets/datasetCommands.ts';
import type { Services } from './services.ts';
import { provideDiagnostics } from './start/diagnostics.ts';
import { keepQueues } from './start/queueKeeper.ts';

/** What tests in the extension host may look at; nobody else gets it. */
export interface Tested {
  readonly explorer: RunExplorer['provider'];
}

export function activate(context: vscode.ExtensionContext): Tested | undefined {
  const began = performance.now();
  const parts = new Disposables();
  context.subscriptions.push(parts);
  const log = parts.add(vscode.window.createOutputChannel('Fine-Tune', { log: true }));
  const library = parts.add(openLibrary(log));
  const queue = parts.add(
    keepQueues(
      library,
      async (item, runsFolder) => (await import('./start/start.ts')).startQueued(item, runsFolder),
      log,
    ),
  );
  const diagnostics = parts.add(provideDiagnostics());
  const language = parts.add(provideLanguage((error) => tellFailure(error, log)));
  const lens = parts.add(provideLens(language, context.workspaceState, (error) => log.error(String(error))));
  const base = { context, log, library };
  const dashboards = parts.add(createDashboards(base, () => services));
  const comparisons = parts.add(createComparisons(base, () => services));
  const previews = parts.add(createPreviews(base));
  const services: Services = {
    ...base,
    queue,
    diagnostics,
    language,
    openDashboard: (folder) => dashboards.open(folder),
    openCompare: (folders) => comparisons.open(folders),
  };
  const explorer = parts.add(createExplorer(library, queue, context.workspaceState));
  parts.add(showStatusBar(library));
  parts.add(tellEndings(services));

  const handlers = {
    ...generalCommands(services),
    ...runCommands(services),
    ...viewCommands(services, explorer),
    ...languageCommands(services),
    ...datasetCommands(previews, services),
    ...lensCommands(lens, library),
  };
  for (const [id, handler] of Object.entries(handlers)) {
    const guarded = async (...args: unknown[]): Promise<void> => {
      try {
        await handler(...args);
      } catch (error) {
        tellFailure(error, log);
      }
    };
    parts.add(vscode.commands.registerCommand(id, guarded));
  }
  log.info(`Fine-Tune is ready after ${(performance.now() - began).toFixed(1)} ms.`);
  return context.extensionMode === vscode.ExtensionMode.Test ? { explorer: explorer.provider } : undefined;
}
