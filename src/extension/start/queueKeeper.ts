// Lets queued configs start one after another, whichever window is open; the queue itself is a file in each workspace.

import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Disposable } from '../disposables.ts';
import {
  changeQueue,
  nextOf,
  previousEnd,
  queueFile,
  readQueue,
  removeItem,
  type QueueItem,
  type RunQueue,
} from '../../runs/queue.ts';
import { contextKeys } from '../ids.ts';
import type { RunLibrary } from '../library.ts';

export interface WorkspaceQueue {
  readonly runsFolder: string;
  readonly items: readonly QueueItem[];
  readonly continueOnError: boolean;
  /** True when the run before ended badly and a person has to say whether to go on. */
  readonly held: boolean;
}

export interface QueueKeeper extends Disposable {
  readonly onDidChange: vscode.Event<undefined>;
  queues(): readonly WorkspaceQueue[];
  change(runsFolder: string, change: (queue: RunQueue) => RunQueue): Promise<void>;
}

/** Time between two looks at the queue files, in milliseconds: another window may have changed them. */
const interval = 1000;

/** `start` starts a queued config and returns the run's folder; what it throws is told, and the item is gone. */
export function keepQueues(
  library: RunLibrary,
  start: (item: QueueItem, runsFolder: string) => Promise<string>,
  log: vscode.LogOutputChannel,
): QueueKeeper {
  const known = new Map<string, { changed: number; queue: RunQueue; held: boolean }>();
  const changes = new vscode.EventEmitter<undefined>();
  let looking = false;
  let complained = '';

  const tell = (): void => {
    const all = [...known.values()];
    const set = (key: string, value: boolean): void => void vscode.commands.executeCommand('setContext', key, value);
    set(
      contextKeys.queueHeld,
      all.some(({ held }) => held),
    );
    set(
      contextKeys.queueContinuesOnError,
      all.some(({ queue }) => queue.continue_on_error),
    );
    changes.fire(undefined);
  };

  const remember = (runsFolder: string, queue: RunQueue, changed: number, held: boolean): void => {
    const before = known.get(runsFolder);
    known.set(runsFolder, { changed, queue, held });
    const empty = !before && queue.items.length === 0;
    if (!empty && (JSON.stringify(before?.queue) !== JSON.stringify(queue) || before?.held !== held)) tell();
  };

  const look = async (runsFolder: string): Promise<void> => {
    const changed = await modified(queueFile(runsFolder));
    const before = known.get(runsFolder);
    const queue = before?.changed === changed ? before.queue : await readQueue(runsFolder);
    if (queue.items.length === 0) {
      remember(runsFolder, queue, changed, false);
      return;
    }
    const busy = library.active().some((run) => path.dirname(run.folder) === runsFolder);
    const next = busy ? 'wait' : nextOf(queue, await previousEnd(queue));
    remember(runsFolder, queue, changed, next === 'held');
    if (typeof next === 'object' && vscode.workspace.isTrusted) await startNext(runsFolder);
  };

  /** All under the lock of the file, so that two windows never start the same one, or two at once. */
  const startNext = async (runsFolder: string): Promise<void> => {
    await changeQueue(runsFolder, async (queue) => {
      const next = nextOf(queue, await previousEnd(queue));
      if (typeof next !== 'object') return queue;
      const rest = removeItem(queue, next.id);
      try {
        return { ...rest, after: await start(next, runsFolder) };
      } catch (error) {
        log.error(`The queued run ${next.name} did not start: ${String(error)}`);
        void vscode.window.showErrorMessage(
          vscode.l10n.t(
            'The queued run {0} did not start: {1}',
            next.name,
            error instanceof Error ? error.message : String(error),
          ),
        );
        return rest;
      }
    });
  };

  const lookAtAll = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      for (const runsFolder of library.folders()) await look(runsFolder);
      complained = '';
    } catch (error) {
      // A broken file is told once, not every second.
      if (complained !== String(error)) log.warn(String(error));
      complained = String(error);
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void lookAtAll(), interval);
  void lookAtAll();

  return {
    onDidChange: changes.event,
    queues: () =>
      [...known]
        .filter(([runsFolder]) => library.folders().includes(runsFolder))
        .map(([runsFolder, { queue, held }]) => ({
          runsFolder,
          items: queue.items,
          continueOnError: queue.continue_on_error,
          held,
        })),
    async change(runsFolder, change) {
      const queue = await changeQueue(runsFolder, change);
      remember(runsFolder, queue, await modified(queueFile(runsFolder)), known.get(runsFolder)?.held ?? false);
      void lookAtAll();
    },
    dispose() {
      clearInterval(timer);
      changes.dispose();
    },
  };
}

async function modified(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
