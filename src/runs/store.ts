// The runs of a workspace: listed, found by the start of an id, opened. The folders are the truth; nothing is cached.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { problem, ProblemError, type Problem } from '../protocol/problem.ts';
import { createJsonLineDecoder } from '../protocol/jsonLines.ts';
import type { TrainerEvent } from '../protocol/events.ts';
import type { RunPhase, RunState } from '../protocol/runState.ts';
import { isErrno } from './atomicFile.ts';
import { eventOfLine, readEvents } from './eventLog.ts';
import { runPaths } from './layout.ts';
import { readManifest, type RunManifest } from './manifest.ts';
import { lifeOf } from './processLife.ts';
import { readPart } from './regularFile.ts';

/** What a run is doing. `interrupted`: its process is gone and it had not ended. */
export type RunStatus = RunPhase | 'interrupted';

export interface RunSummary {
  readonly folder: string;
  readonly manifest: RunManifest;
  readonly status: RunStatus;
  /** From the end of the event log; absent before the first step. */
  readonly lastStep?: { readonly step: number; readonly loss: number };
}

export interface OpenedRun {
  readonly folder: string;
  readonly manifest: RunManifest;
  readonly status: RunStatus;
  readonly state: RunState;
  /** Lines of the event log that could not be understood. */
  readonly problems: readonly string[];
}

/** A process has this long from its start to writing its own mark, in milliseconds. */
export const startingGrace = 8_000;

const endedPhases: ReadonlySet<RunPhase> = new Set(['completed', 'early_stopped', 'stopped', 'failed']);

/** True while a trainer works on the run, or is about to. */
export function isLiveStatus(status: RunStatus): boolean {
  return status === 'starting' || status === 'preparing' || status === 'running' || status === 'paused';
}

/** All runs, newest first, and what is wrong with folders that cannot be read. A missing folder holds no runs. */
export async function listRuns(runsFolder: string): Promise<{ runs: RunSummary[]; problems: Problem[] }> {
  const problems: Problem[] = [];
  const summaries = (await runFolders(runsFolder)).map(async (folder) => {
    try {
      return await summarise(folder);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  });
  const runs = (await Promise.all(summaries)).filter((run) => run !== undefined);
  return { runs: runs.toSorted((a, b) => b.manifest.created.localeCompare(a.manifest.created)), problems };
}

/** Folders that may be runs; none where there is no such folder. */
export async function runFolders(runsFolder: string): Promise<string[]> {
  const entries = await readdir(runsFolder, { withFileTypes: true }).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(runsFolder, name));
}

/**
 * The folder of a run. `wanted` is a path to a run folder, an id or the start of one, or `latest` (also when absent).
 * Throws `runs/no-such-run` and `runs/ambiguous-id`, naming what there is.
 */
export async function findRun(runsFolder: string, wanted = 'latest'): Promise<string> {
  const direct = await readManifest(wanted).then(
    () => path.resolve(wanted),
    () => undefined,
  );
  if (direct !== undefined) return direct;
  const { runs } = await listRuns(runsFolder);
  const [newest] = runs;
  if (!newest) throw problem('runs/no-such-run', 'There are no runs here yet.', { file: runsFolder });
  if (wanted === 'latest') return newest.folder;
  const exact = runs.filter((run) => run.manifest.id === wanted);
  const matching = exact.length > 0 ? exact : runs.filter((run) => run.manifest.id.startsWith(wanted));
  const names = (list: readonly RunSummary[]): string[] => list.slice(0, 10).map((run) => run.manifest.id);
  if (matching.length === 0) {
    throw problem(
      'runs/no-such-run',
      `No run has an id that starts with '${wanted}'.`,
      { file: runsFolder },
      names(runs),
    );
  }
  if (matching.length > 1) {
    const message = `${matching.length} runs have an id that starts with '${wanted}'. Write more of it.`;
    throw problem('runs/ambiguous-id', message, { file: runsFolder }, names(matching));
  }
  return matching[0]!.folder;
}

/** A run with the whole of its event log. */
export async function openRun(folder: string): Promise<OpenedRun> {
  const manifest = await readManifest(folder);
  const { state, problems } = await readEvents(runPaths(folder).events);
  return { folder: path.resolve(folder), manifest, status: await statusOf(manifest), state, problems };
}

/** The manifest's state, or `interrupted` when the process that should be working on the run is gone. */
export async function statusOf(manifest: RunManifest, now: Date = new Date()): Promise<RunStatus> {
  if (endedPhases.has(manifest.state)) return manifest.state;
  if (!manifest.process) {
    const age = now.getTime() - Date.parse(manifest.launched);
    return age < startingGrace ? manifest.state : 'interrupted';
  }
  return (await lifeOf(manifest.process)) === 'dead' ? 'interrupted' : manifest.state;
}

async function summarise(folder: string): Promise<RunSummary> {
  const manifest = await readManifest(folder);
  const lastStep = await readLastStep(runPaths(folder).events);
  return { folder, manifest, status: await statusOf(manifest), ...(lastStep ? { lastStep } : {}) };
}

/** Reads only the end of the log: a list of runs must not read gigabytes. */
async function readLastStep(file: string): Promise<{ step: number; loss: number } | undefined> {
  const end = await readPart(file, 64 * 1024, 'end');
  if (!end) return undefined;
  // Its first line may be the end of one: that fails to parse and is passed over.
  const events = createJsonLineDecoder()
    .push(end.bytes)
    .map((line) => eventOfLine(line, () => {}));
  const last = events.findLast((event): event is Extract<TrainerEvent, { type: 'step' }> => event?.type === 'step');
  return last && { step: last.step, loss: last.loss };
}
