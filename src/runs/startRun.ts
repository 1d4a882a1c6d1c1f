// Starts a trainer as a process of its own, which lives on when this one ends, and resumes runs that ended early.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stepsIn } from './checkpointSteps.ts';
import type { CommandDraft } from '../protocol/commands.ts';
import type { TrainerEvent } from '../protocol/events.ts';
import { problem } from '../protocol/problem.ts';
import { isErrno } from './atomicFile.ts';
import { clearCommands, sendCommand } from './control.ts';
import { gitState, machine, versions } from './facts.ts';
import { followRun } from './followRun.ts';
import { configCopy, runPaths } from './layout.ts';
import { readManifest, writeManifest, type RunManifest } from './manifest.ts';
import { newRunId } from './runId.ts';
import { statusOf } from './store.ts';
import { stopRun, type StopMode } from './stopRun.ts';

export interface StartRequest {
  /** Path of the config; a copy of it goes into the run folder, so that later edits do not touch the run. */
  readonly configFile: string;
  /** The config, where it is not what the file holds. */
  readonly configText?: string | undefined;
  /** Part of the run id: the config's `name`, or the name of its file. */
  readonly name: string;
  /** `--set` arguments, such as `training.learning_rate=1e-4`. */
  readonly overrides: readonly string[];
  /** Where runs lie, see `runsFolderOf`. */
  readonly runsFolder: string;
  /** Path of dist/trainer.js. */
  readonly trainer: string;
  /** Environment of the trainer; this process's own when absent. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface RunHandle {
  readonly id: string;
  readonly folder: string;
  readonly pid: number;
  /**
   * The exit code, once the trainer has ended: 0 done, 1 failed, 2 bad config, 130 stopped; null after a signal, which
   * is also how a trainer ends that was stopped in the middle of a computation.
   */
  readonly exited: Promise<number | null>;
  /** Events from this start on; the trainer does not care whether anyone listens. */
  events(signal?: AbortSignal): AsyncGenerator<TrainerEvent>;
  send(command: CommandDraft): Promise<string>;
  stop(mode: StopMode): Promise<void>;
}

/** Makes the folder of a new run and starts its trainer. Throws ProblemError when the folder cannot be made. */
export async function startRun(request: StartRequest): Promise<RunHandle> {
  const folder = await createRun(request);
  return launch(folder, request.trainer, request.env ?? process.env, 0);
}

/**
 * Lets a run that was stopped, failed or interrupted go on from its last good checkpoint. Throws `runs/busy` when it
 * is still going, `runs/completed` when there is nothing left to do. `overrides`: settings that hold from here on; throws
 * `runs/other-steps` for those that would make other steps of a run that has begun.
 * `from`: the step whose checkpoint it goes on from instead, which a complete run may as well: the steps after it are
 * taken again, and later checkpoints are removed. Throws `runs/no-checkpoint` without that checkpoint.
 */
export async function resumeRun(
  folder: string,
  options: { trainer: string; env?: NodeJS.ProcessEnv; fromSeq?: number; overrides?: readonly string[]; from?: number },
): Promise<RunHandle> {
  const manifest = await readManifest(folder);
  const status = await statusOf(manifest);
  const { from } = options;
  const isComplete = status === 'completed' || status === 'early_stopped';
  if (isComplete && (from === undefined || from >= (manifest.prepared?.total_steps ?? 0))) {
    throw problem('runs/completed', 'This run is complete; there is nothing left to resume.', { file: folder });
  }
  if (!isComplete && status !== 'stopped' && status !== 'failed' && status !== 'interrupted') {
    throw problem('runs/busy', 'This run is still going. Attach to it with `finetune watch`.', { file: folder });
  }
  if (from !== undefined) await refuseMissing(folder, from);
  // Loaded when it is asked for, so that the editor need not read it before it shows the first run.
  if (options.overrides) (await import('./otherSteps.ts')).refuseOtherSteps(manifest, options.overrides);
  const fresh = {
    state: 'starting',
    launched: new Date().toISOString(),
    process: undefined,
    ended: undefined,
  } as const;
  const overrides = [...manifest.overrides, ...(options.overrides ?? [])];
  await writeManifest(folder, { ...manifest, ...fresh, overrides });
  const last = from === undefined ? [] : ['--from', String(from)];
  return launch(path.resolve(folder), options.trainer, options.env ?? process.env, options.fromSeq ?? 0, last);
}

/** Throws `runs/no-checkpoint`, naming the checkpoints that are there. */
async function refuseMissing(folder: string, step: number): Promise<void> {
  const steps = await checkpointSteps(folder);
  if (steps.includes(step)) return;
  const known = steps.length === 0 ? 'This run has none.' : `There are those of step ${steps.join(', ')}.`;
  throw problem('runs/no-checkpoint', `There is no checkpoint of step ${step}. ${known}`, { file: folder });
}

/** Steps of the checkpoints that lie in a run folder, first to last. */
export async function checkpointSteps(folder: string): Promise<number[]> {
  return stepsIn(runPaths(folder).checkpoints);
}

/** Makes the run folder with its manifest and the copy of the config, and starts nothing. Returns its path. */
export async function createRun(request: Omit<StartRequest, 'trainer' | 'env'>): Promise<string> {
  const now = new Date();
  const configFile = path.resolve(request.configFile);
  const id = newRunId(request.name, now);
  const folder = path.join(path.resolve(request.runsFolder), id);
  const manifest: RunManifest = {
    version: 1,
    id,
    name: request.name,
    created: now.toISOString(),
    launched: now.toISOString(),
    state: 'starting',
    config_file: configFile,
    base_directory: path.dirname(configFile),
    overrides: request.overrides,
    versions: versions(),
    machine: machine(),
  };
  try {
    await mkdir(folder, { recursive: true });
    if (request.configText === undefined) await copyFile(configFile, configCopy(folder, configFile));
    else await writeFile(configCopy(folder, configFile), request.configText);
    const git = await gitState(manifest.base_directory);
    await writeManifest(folder, { ...manifest, ...(git ? { git } : {}) });
  } catch (error) {
    throw problem('runs/cannot-create', `The run folder cannot be made: ${reasonOf(error)}.`, { file: folder });
  }
  return folder;
}

function reasonOf(error: unknown): string {
  if (isErrno(error, 'ENOTDIR', 'EEXIST')) return 'a part of this path is a file, not a folder';
  if (isErrno(error, 'EACCES', 'EPERM', 'EROFS')) return 'this user may not write there';
  if (isErrno(error, 'ENOSPC', 'EDQUOT')) return 'the disk is full';
  return error instanceof Error ? error.message : String(error);
}

/**
 * Node's own, for a process that stays beside those that compute: its youngest objects get 2 MB, twice, instead of 16 (rows are
 * read as fast), and it may say when preparing is over and memory can be given back.
 */
const nodeOptions = ['--max-semi-space-size=2', '--expose-gc'];

async function launch(
  folder: string,
  trainer: string,
  env: NodeJS.ProcessEnv,
  fromSeq: number,
  further: readonly string[] = [],
): Promise<RunHandle> {
  await clearCommands(folder);
  // Only its own log is open to the trainer: no pipe to this process can break or fill up.
  const log = await open(runPaths(folder).log, 'a');
  const child = spawn(process.execPath, [...nodeOptions, path.resolve(trainer), '--run', folder, ...further], {
    detached: true,
    env,
    stdio: ['ignore', 'ignore', log.fd],
    windowsHide: true,
  });
  const exited = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  // A failure to start is an error of `once(child, 'spawn')` below, not an unhandled one.
  exited.catch(() => undefined);
  try {
    await once(child, 'spawn');
  } finally {
    await log.close();
  }
  child.unref();
  return {
    id: path.basename(folder),
    folder,
    pid: child.pid ?? 0,
    exited,
    events: (signal) => followRun(folder, { fromSeq, ...(signal ? { signal } : {}) }),
    send: (command) => sendCommand(folder, command),
    stop: (mode) => stopRun(folder, mode),
  };
}
