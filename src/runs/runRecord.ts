// A run as a list shows it: its manifest, whether it lives, what a person said about it, and the end of its log.

import path from 'node:path';
import { ProblemError, type Problem } from '../protocol/problem.ts';
import { readLabel, type RunLabel } from './label.ts';
import { readManifest, type RunManifest } from './manifest.ts';
import type { RunTail } from './runTail.ts';
import { isLiveStatus, statusOf, type RunStatus } from './store.ts';

interface RecordBase {
  /** Name of its folder. */
  readonly id: string;
  readonly folder: string;
  readonly label: RunLabel;
}

export interface ReadableRun extends RecordBase {
  readonly kind: 'run';
  readonly manifest: RunManifest;
  readonly status: RunStatus;
  /** Absent until it has been read. */
  readonly tail?: RunTail;
}

/** A folder among the runs that cannot be read as one. */
export interface BrokenRun extends RecordBase {
  readonly kind: 'broken';
  readonly problem: Problem;
}

export type RunRecord = ReadableRun | BrokenRun;

/** True while a process works on the run, or should in a moment. */
export function isLive(run: RunRecord): boolean {
  return run.kind === 'run' && isLiveStatus(run.status);
}

/** The run that ended last, or that was started last where none has; undefined without a readable run. */
export function lastActive(runs: readonly RunRecord[]): ReadableRun | undefined {
  const moment = ({ manifest }: ReadableRun): string => manifest.ended ?? manifest.launched;
  const readable = runs.filter((run): run is ReadableRun => run.kind === 'run');
  return readable.reduce<ReadableRun | undefined>(
    (last, run) => (last && moment(last) >= moment(run) ? last : run),
    undefined,
  );
}

/** The name that a person knows the run by. */
export function runTitle(run: RunRecord): string {
  return run.label.name ?? (run.kind === 'run' ? run.manifest.name : run.id);
}

/** Reads run.json and label.json, no events. Undefined when the folder holds no run (yet). */
export async function readRecord(folder: string, tail?: RunTail): Promise<RunRecord | undefined> {
  const base = { id: path.basename(folder), folder, label: await readLabel(folder) };
  try {
    const manifest = await readManifest(folder);
    return { ...base, kind: 'run', manifest, status: await statusOf(manifest), ...(tail ? { tail } : {}) };
  } catch (error) {
    const problem: Problem =
      error instanceof ProblemError && error.problems[0]
        ? error.problems[0]
        : { code: 'runs/unreadable', severity: 'error', message: String(error), place: { file: folder } };
    return problem.code === 'runs/not-a-run' ? undefined : { ...base, kind: 'broken', problem };
  }
}
