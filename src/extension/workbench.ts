// What every window shows of its runs: explorer and status bar over the library. All else that the extension does is loaded
// right behind it (features.ts).

import * as vscode from 'vscode';
import { showStatusBar } from './around/statusBar.ts';
import type { Disposables } from './disposables.ts';
import { createExplorer, type RunExplorer } from './explorer/explorer.ts';
import { tellFailure } from './failures.ts';
import type { CommandId } from './ids.ts';
import { noLongerThan } from '../platform/noLongerThan.ts';
import { openLibrary, type RunLibrary } from './library.ts';
import { keepQueues, type QueueKeeper } from './start/queueKeeper.ts';

/** The features wait until the explorer has its first lines, or so many milliseconds: nobody may look at it. */
const untilFeatures = 150;

/** The parts of the workbench, as features use them. */
export interface WorkbenchParts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly library: RunLibrary;
  readonly queue: QueueKeeper;
  readonly explorer: RunExplorer;
}

export interface Workbench {
  readonly explorer: RunExplorer;
  /** Does what a command is for; what fails is told to the person. */
  call(id: CommandId, args: readonly unknown[]): Promise<void>;
}

/** Shows the runs, and loads the features; both end with `parts`. */
export function openWorkbench(context: vscode.ExtensionContext, parts: Disposables): Workbench {
  const log = parts.add(vscode.window.createOutputChannel('Fine-Tune', { log: true }));
  const library = parts.add(openLibrary(log));
  const startQueued = async (...queued: Parameters<Parameters<typeof keepQueues>[1]>): Promise<string> =>
    (await import('./onDemand.ts')).startQueued(...queued);
  const queue = parts.add(keepQueues(library, startQueued, log));
  const explorer = parts.add(createExplorer(library, queue, context.workspaceState));
  parts.add(showStatusBar(library));

  let asked = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const loadFeatures = async () => {
    await noLongerThan(untilFeatures, Promise.race([explorer.begun, isAsked]));
    const { provideFeatures } = await import('./features.ts');
    return provideFeatures({ context, log, library, queue, explorer }, parts);
  };
  const features = loadFeatures();
  features.catch((error: unknown) => tellFailure(error, log));

  return {
    explorer,
    async call(id, args) {
      asked();
      try {
        await (await features).handlers[id](...args);
      } catch (error) {
        tellFailure(error, log);
      }
    },
  };
}
