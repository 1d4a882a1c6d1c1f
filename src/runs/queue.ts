// The queue of a workspace, as a file beside its runs folder, so that it survives the window and is shared by windows.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import queueSchema from '../../schemas/run-queue.schema.json' with { type: 'json' };
import { problem } from '../protocol/problem.ts';
import { describeSchemaError, lazyValidator } from '../protocol/validate.ts';
import { isErrno, writeFileAtomic } from './atomicFile.ts';
import { readManifest } from './manifest.ts';
import { statusOf } from './store.ts';

export interface QueueItem {
  readonly id: string;
  readonly config_file: string;
  readonly name: string;
  readonly overrides: readonly string[];
  /** ISO 8601, UTC. */
  readonly added: string;
}

export interface RunQueue {
  readonly version: 1;
  /** Whether the next one starts after a run that failed. */
  readonly continue_on_error: boolean;
  /** Folder of the run whose end lets the next one start. */
  readonly after?: string;
  readonly items: readonly QueueItem[];
}

export const emptyQueue: RunQueue = { version: 1, continue_on_error: false, items: [] };

/** A lock older than this was left by a program that died, in milliseconds. */
const staleLock = 10_000;

const validator = lazyValidator<RunQueue>(queueSchema);

/** `<workspace>/.finetune/queue.json`. */
export function queueFile(runsFolder: string): string {
  return path.join(path.dirname(runsFolder), 'queue.json');
}

/** The queue; an absent file is an empty one. Throws `runs/broken-queue` when the file cannot be understood. */
export async function readQueue(runsFolder: string): Promise<RunQueue> {
  const file = queueFile(runsFolder);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });
  if (text === undefined) return emptyQueue;
  const broken = (reason: string) =>
    problem('runs/broken-queue', `The queue cannot be used: ${reason}. Correct or delete the file.`, { file });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(error instanceof Error ? error.message : String(error));
  }
  const validate = validator();
  if (validate(value)) return value;
  throw broken(describeSchemaError(validate.errors));
}

/** Changes the queue while no other window does; returns what was written. */
export async function changeQueue(
  runsFolder: string,
  change: (queue: RunQueue) => RunQueue | Promise<RunQueue>,
): Promise<RunQueue> {
  const lock = `${queueFile(runsFolder)}.lock`;
  await mkdir(path.dirname(lock), { recursive: true });
  await takeLock(lock);
  try {
    const before = await readQueue(runsFolder);
    const queue = await change(before);
    if (queue !== before) await writeFileAtomic(queueFile(runsFolder), `${JSON.stringify(queue, null, 2)}\n`);
    return queue;
  } finally {
    await rmdir(lock).catch(() => undefined);
  }
}

/** The item to be put at the end of a queue. */
export function queueItem(configFile: string, name: string, overrides: readonly string[], now: Date): QueueItem {
  return {
    id: randomBytes(6).toString('hex'),
    config_file: configFile,
    name,
    overrides,
    added: now.toISOString(),
  };
}

/** The queue with one item moved by `by` places (−1 is sooner); at an end it stays. */
export function moveItem(queue: RunQueue, id: string, by: number): RunQueue {
  const from = queue.items.findIndex((item) => item.id === id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= queue.items.length) return queue;
  const items = [...queue.items];
  items.splice(to, 0, ...items.splice(from, 1));
  return { ...queue, items };
}

export function removeItem(queue: RunQueue, id: string): RunQueue {
  return { ...queue, items: queue.items.filter((item) => item.id !== id) };
}

/** How the run before ended, for `nextOf`. */
export type PreviousEnd = 'going' | 'well' | 'badly';

/** How the run ended that the queue waits for. One that is gone, or that a person stopped, is no reason to wait. */
export async function previousEnd(queue: RunQueue): Promise<PreviousEnd> {
  if (queue.after === undefined) return 'well';
  const manifest = await readManifest(queue.after).catch(() => undefined);
  const status = manifest && (await statusOf(manifest));
  if (status === undefined || status === 'completed' || status === 'early_stopped' || status === 'stopped')
    return 'well';
  return status === 'failed' || status === 'interrupted' ? 'badly' : 'going';
}

/**
 * What the queue does now. `held`: the run before ended badly, and a person has to say whether to go on.
 */
export function nextOf(queue: RunQueue, previous: PreviousEnd): 'wait' | 'held' | QueueItem {
  const [first] = queue.items;
  if (!first || previous === 'going') return 'wait';
  return previous === 'badly' && !queue.continue_on_error ? 'held' : first;
}

/** A folder is made by one program only, on every file system; one left behind is taken away after a while. */
async function takeLock(lock: string): Promise<void> {
  for (;;) {
    try {
      await mkdir(lock);
      return;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > staleLock) await rmdir(lock).catch(() => undefined);
    else await delay(20);
  }
}
