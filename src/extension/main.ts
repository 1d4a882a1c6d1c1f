// The extension's entry, and all that a window waits for: commands are registered, and what answers them is loaded as soon as
// the editor has been told that the extension is there. What it imports by name is read at that moment, so it is little.

import * as vscode from 'vscode';
import { Disposables } from './disposables.ts';
import { commandIds } from './ids.ts';
import type { RunExplorer } from './explorer/explorer.ts';
import type { Workbench } from './workbench.ts';

/** What tests in the extension host may look at; nobody else gets it. */
export interface Tested {
  readonly explorer: Promise<RunExplorer['provider']>;
}

export function activate(context: vscode.ExtensionContext): Tested | undefined {
  const parts = new Disposables();
  context.subscriptions.push(parts);
  let workbench: Promise<Workbench> | undefined;
  const opened = (): Promise<Workbench> => {
    workbench ??= import('./workbench.ts').then(({ openWorkbench }) => openWorkbench(context, parts));
    return workbench;
  };
  for (const id of Object.values(commandIds)) {
    const call = async (...args: unknown[]): Promise<void> => (await opened()).call(id, args);
    parts.add(vscode.commands.registerCommand(id, call));
  }
  // Not earlier: the editor sends its own messages by timers.
  setTimeout(() => void opened(), 0);
  if (context.extensionMode !== vscode.ExtensionMode.Test) return undefined;
  return { explorer: opened().then(({ explorer }) => explorer.provider) };
}
