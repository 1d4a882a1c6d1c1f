// Keeps a list of the runs in a folder true while programs, windows and machines change them. Events are read only of
// runs that live, and of ended ones when someone asks, so a thousand runs cost a thousand small files.

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import { isErrno } from './atomicFile.ts';
import { labelFileName } from './label.ts';
import { needsPolling } from './pollingNeed.ts';
import { isLive, readRecord, type RunRecord } from './runRecord.ts';
import { readTail } from './runTail.ts';

export interface RunsWatch {
  readonly runsFolder: string;
  /** Resolves when the newest runs have been read: more than a screen holds, or all. */
  readonly newest: Promise<void>;
  /** Resolves when the folder has been listed once. */
  readonly listed: Promise<void>;
  /** Those that have been read so far, until then; the newest are read first. */
  runs(): readonly RunRecord[];
  get(folder: string): RunRecord | undefined;
  /** Reads the ends of the logs of ended runs, once each; changes are told as usual. */
  loadTails(folders: readonly string[]): Promise<void>;
  /** Looks at one run again at once. */
  refresh(folder: string): Promise<void>;
  close(): Promise<void>;
}

export interface RunsChange {
  /** Folders whose record differs from before. */
  readonly changed: readonly string[];
  /** True when runs came or went, or one moved to another state: a list has to be made anew. */
  readonly structure: boolean;
}

/** Time between two looks at runs that live, and at a runs folder that is not there yet, in milliseconds. */
const lookInterval = 500;

/**
 * So many looks a new folder gets that holds no run yet. The watcher lists a new folder first and watches it then: a
 * manifest that comes between the two is never told.
 */
const looksAtNew = 20;

/** Runs that are read, and shown, before all others: more than a screen holds. */
export const firstRuns = 60;

/** Small files that are read at the same time: Node has so many threads for it, and a longer queue is in others' way. */
const width = 4;

/**
 * Watches `<workspace>/.finetune/runs`, which need not exist. `onChange` is told of everything after the first
 * listing; `onProblem` gets sentences for a log. The folder is listed at once and watched after `settled`: to watch a
 * thousand runs takes a core for half a second. What changes meanwhile is told then.
 */
export function watchRuns(
  runsFolder: string,
  onChange: (change: RunsChange) => void,
  onProblem: (sentence: string) => void = () => {},
  settled: Promise<void> = Promise.resolve(),
): RunsWatch {
  const records = new Map<string, RunRecord>();
  let watcher: FSWatcher | undefined;
  /** The folder that is watched: one deleted and made anew under the same name is another. */
  let watched: string | undefined;
  const underway = new Map<string, Promise<void>>();
  /** New folders without a run, and the looks that they still get. */
  const expected = new Map<string, number>();
  let closed = false;
  let looking = false;
  /** The watcher has just begun: a run whose folder came before that and its manifest after it may have been missed. */
  let isSettling = false;
  let tellFirst = (): void => undefined;
  const first = new Promise<void>((resolve) => (tellFirst = resolve));

  const put = (folder: string, next: RunRecord | undefined): RunsChange | undefined => {
    const before = records.get(folder);
    if (next) records.set(folder, next);
    else records.delete(folder);
    if (JSON.stringify(before) === JSON.stringify(next)) return undefined;
    return { changed: [folder], structure: placeOf(before) !== placeOf(next) };
  };

  const readAgain = async (folder: string): Promise<void> => {
    const known = records.get(folder);
    const knownTail = known?.kind === 'run' ? known.tail : undefined;
    let next = await readRecord(folder, knownTail);
    if (next?.kind === 'run' && isLive(next)) next = { ...next, tail: await readTail(folder, knownTail) };
    // A run that has just ended, or that came here when it had, gets its last numbers too.
    else if (next?.kind === 'run' && (known?.kind !== 'run' || isLive(known)))
      next = { ...next, tail: await readTail(folder) };
    const change = closed ? undefined : put(folder, next);
    if (change) onChange(change);
  };

  /** One at a time for each run: what was read earlier must not be put down later. */
  const refresh = async (folder: string): Promise<void> => {
    const before = underway.get(folder);
    const now = before === undefined ? readAgain(folder) : before.then(async () => readAgain(folder));
    const settled = now.catch(() => undefined);
    underway.set(folder, settled);
    await settled;
    if (underway.get(folder) === settled) underway.delete(folder);
    await now;
  };

  const list = async (): Promise<void> => {
    const names = await readdir(runsFolder, { withFileTypes: true }).catch((error: unknown) => {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) onProblem(`${runsFolder} cannot be read: ${String(error)}`);
      return [];
    });
    const folders = newestFirst(names.filter((entry) => entry.isDirectory()).map(({ name }) => name)).map((name) =>
      path.join(runsFolder, name),
    );
    const read = async (folder: string): Promise<void> => {
      const record = await readRecord(folder);
      if (record) records.set(folder, record);
    };
    await inParallel(folders.slice(0, firstRuns), read);
    if (folders.length > firstRuns) tellFirst();
    await inParallel(folders.slice(firstRuns), read);
  };

  /** Live runs write events all the time and may die without a word. */
  const look = async (): Promise<void> => {
    if (looking || closed) return;
    looking = true;
    try {
      await listed.catch(() => undefined); // told where it is waited for
      await inParallel([...records.values()].filter(isLive), (run) => refresh(run.folder));
      await begunOnce;
      const there = await folderMark(runsFolder);
      if (watcher && there !== watched) await forget();
      if (!watcher && there !== undefined) await begin(true);
      if (isSettling) await catchUp(begun - 2000);
      isSettling = false;
      await inParallel([...expected], async ([folder, looks]) => {
        if (!records.has(folder)) await refresh(folder);
        if (records.has(folder) || looks <= 1) expected.delete(folder);
        else expected.set(folder, looks - 1);
      });
    } catch (error) {
      onProblem(String(error));
    } finally {
      looking = false;
    }
  };

  /** Reads the last numbers of those runs that have none. */
  const loadTails = async (folders: readonly string[]): Promise<void> => {
    const changed: string[] = [];
    await inParallel(folders, async (folder) => {
      const run = records.get(folder);
      if (run?.kind !== 'run' || run.tail) return;
      const tail = await readTail(folder);
      const now = records.get(folder);
      if (now?.kind === 'run' && put(folder, { ...now, tail })) changed.push(folder);
    });
    if (changed.length > 0 && !closed) onChange({ changed, structure: false });
  };

  const begin = async (listFirst: boolean): Promise<void> => {
    if (listFirst) {
      const before = records.size;
      await list();
      if (records.size > before) onChange({ changed: [], structure: true });
    }
    if (closed || watcher) return;
    watched = await folderMark(runsFolder);
    watcher = watch(runsFolder, {
      ignoreInitial: true,
      depth: 1,
      usePolling: await needsPolling(runsFolder),
      interval: 500,
      ignored: (file) => !isWatched(runsFolder, file),
    });
    const seen = (file: string): void => {
      const folder = runOf(runsFolder, file);
      if (folder !== undefined) void refresh(folder).catch((error: unknown) => onProblem(String(error)));
    };
    watcher.on('add', seen).on('change', seen).on('unlink', seen).on('unlinkDir', seen);
    watcher.on('addDir', (added) => {
      const folder = runOf(runsFolder, added);
      if (folder !== undefined && !records.has(folder)) expected.set(folder, looksAtNew);
    });
    watcher.on('ready', () => {
      isSettling = true;
      void catchUp(begun - 2000).catch((error: unknown) => onProblem(String(error)));
    });
    watcher.on('error', (error) => onProblem(`Watching ${runsFolder} failed: ${String(error)}`));
    // Nobody else asks for those that came with the folder; the watcher must not wait for it, or it misses others.
    if (listFirst) void loadTails([...records.keys()]).catch((error: unknown) => onProblem(String(error)));
  };

  /** The whole folder was deleted. */
  const forget = async (): Promise<void> => {
    await watcher?.close();
    watcher = undefined;
    records.clear();
    if (!closed) onChange({ changed: [], structure: true });
  };

  /** What changed between the listing and the moment from which the watcher sees everything. */
  const catchUp = async (since: number): Promise<void> => {
    const names = await readdir(runsFolder).catch(() => []);
    const folders = new Set([...records.keys(), ...names.map((name) => path.join(runsFolder, name))]);
    await inParallel([...folders], async (folder) => {
      const known = records.has(folder);
      const changed = await Promise.all(
        [path.join(folder, 'run.json'), path.join(folder, labelFileName)].map(modified),
      );
      if (
        known ? changed[0] === undefined || changed.some((time) => time !== undefined && time >= since) : changed[0]
      ) {
        await refresh(folder);
      }
    });
  };

  const begun = Date.now();
  const listed = list();
  // A slow first listing must not be begun again by the first look, nor the folder be watched twice.
  const begunOnce = listed
    .then(async () => {
      await settled;
      if ((await folderMark(runsFolder)) !== undefined) await begin(false);
    })
    .catch((error: unknown) => onProblem(String(error)));
  const timer = setInterval(() => void look(), lookInterval);

  return {
    runsFolder,
    newest: Promise.race([first, listed]),
    listed,
    runs: () => [...records.values()],
    get: (folder) => records.get(folder),
    refresh,
    loadTails,
    async close() {
      closed = true;
      clearInterval(timer);
      await watcher?.close();
    },
  };
}

/** By the time that the names tell (runId.ts): whoever cannot wait for all of them sees the newest. */
function newestFirst(names: readonly string[]): string[] {
  const stampOf = (name: string): string => /-(\d{8}-\d{6})-[^-]*$/.exec(name)?.[1] ?? '';
  return names
    .map((name) => ({ name, stamp: stampOf(name) }))
    .toSorted((a, b) => (a.stamp < b.stamp ? 1 : a.stamp > b.stamp ? -1 : 0))
    .map(({ name }) => name);
}

/** What decides where a run is listed. */
function placeOf(run: RunRecord | undefined): string {
  if (!run) return '';
  return `${run.kind === 'run' ? run.status : 'broken'} ${run.label.pinned ?? false} ${run.label.name ?? ''}`;
}

/** The folder itself, the run folders, and two files in each; nothing below, where checkpoints lie. */
function isWatched(runsFolder: string, file: string): boolean {
  const parts = path.relative(runsFolder, file).split(path.sep);
  if (parts.length <= 1) return true;
  return parts.length === 2 && (parts[1] === 'run.json' || parts[1] === labelFileName);
}

function runOf(runsFolder: string, file: string): string | undefined {
  const [name] = path.relative(runsFolder, file).split(path.sep);
  return name === undefined || name === '' || name === '..' ? undefined : path.join(runsFolder, name);
}

/** When a file was changed, milliseconds since 1970; undefined when it is not there. */
async function modified(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

/** Tells a folder from another one of the same name; undefined when there is none. A file system gives numbers again. */
async function folderMark(folder: string): Promise<string | undefined> {
  return stat(folder).then(
    (found) => (found.isDirectory() ? `${found.ino} ${found.birthtimeMs}` : undefined),
    () => undefined,
  );
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
