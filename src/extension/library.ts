// All runs of all workspace folders, kept true; what views and commands ask.

import path from 'node:path';
import * as vscode from 'vscode';
import type { Disposable } from './disposables.ts';
import { runsFolderOf } from '../runs/layout.ts';
import { isLive, type ReadableRun, type RunRecord } from '../runs/runRecord.ts';
import { noLongerThan } from '../platform/noLongerThan.ts';
import { watchRuns, type RunsChange, type RunsWatch } from '../runs/watchRuns.ts';
import { settingIds } from './ids.ts';
import { settings } from './settings.ts';

export interface RunLibrary extends Disposable {
  readonly onDidChange: vscode.Event<RunsChange>;
  /** Resolves when the newest runs of every runs folder have been read: more than a screen holds, or all. */
  newest(): Promise<void>;
  /** Resolves when every runs folder has been listed. */
  listed(): Promise<void>;
  /** Tells that the runs have been shown: what takes longer may begin. */
  shown(): void;
  runs(): readonly RunRecord[];
  active(): readonly ReadableRun[];
  get(folder: string): RunRecord | undefined;
  loadTails(folders: readonly string[]): Promise<void>;
  refresh(folder: string): Promise<void>;
  /** The runs folders that are watched. */
  folders(): readonly string[];
}

/** Nobody may look at the runs: then their folders are watched after so many milliseconds. */
const unseen = 1000;

/** Watches the runs folder of each workspace folder, and those that a setting names. */
export function openLibrary(log: vscode.LogOutputChannel): RunLibrary {
  const changes = new vscode.EventEmitter<RunsChange>();
  const watches = new Map<string, RunsWatch>();
  let shown = (): void => undefined;
  const settled = noLongerThan(unseen, new Promise<void>((resolve) => (shown = resolve)));
  const all = (): RunRecord[] => [...watches.values()].flatMap((watch) => watch.runs());
  const watchOf = (folder: string): RunsWatch | undefined => watches.get(path.dirname(folder));

  const sync = (): void => {
    const wanted = new Set(runsFolders());
    let structure = false;
    for (const [folder, watch] of watches) {
      if (wanted.has(folder)) continue;
      watches.delete(folder);
      structure = true;
      void watch.close();
    }
    for (const folder of wanted) {
      if (watches.has(folder)) continue;
      const watch = watchRuns(
        folder,
        (change) => changes.fire(change),
        (sentence) => log.warn(sentence),
        settled,
      );
      watches.set(folder, watch);
      void watch.listed.then(() => changes.fire({ changed: [], structure: true }));
    }
    if (structure) changes.fire({ changed: [], structure: true });
  };
  sync();
  const folderListener = vscode.workspace.onDidChangeWorkspaceFolders(sync);
  const settingListener = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`finetune.${settingIds.additionalFolders}`)) sync();
  });

  return {
    onDidChange: changes.event,
    async newest() {
      await Promise.all([...watches.values()].map((watch) => watch.newest));
    },
    async listed() {
      await Promise.all([...watches.values()].map((watch) => watch.listed));
    },
    shown: () => shown(),
    runs: all,
    active: () => all().filter((run): run is ReadableRun => isLive(run)),
    get: (folder) => watchOf(folder)?.get(folder),
    async loadTails(folders) {
      for (const watch of watches.values()) {
        await watch.loadTails(folders.filter((folder) => path.dirname(folder) === watch.runsFolder));
      }
    },
    refresh: async (folder) => watchOf(folder)?.refresh(folder),
    folders: () => [...watches.keys()],
    dispose() {
      folderListener.dispose();
      settingListener.dispose();
      changes.dispose();
      for (const watch of watches.values()) void watch.close();
      watches.clear();
    },
  };
}

function runsFolders(): string[] {
  const workspace = (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ uri }) => uri.fsPath);
  const first = workspace[0];
  const further = settings
    .additionalFolders()
    .filter((folder) => path.isAbsolute(folder) || first !== undefined)
    .map((folder) => path.resolve(first ?? '', folder));
  return [...new Set([...workspace, ...further].map(runsFolderOf))];
}

/** The runs folder that a config's runs go to: of the workspace folder it lies in, or else of its own folder. */
export function runsFolderFor(configFile: string): string {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(configFile));
  return runsFolderOf(folder?.uri.fsPath ?? path.dirname(configFile));
}
