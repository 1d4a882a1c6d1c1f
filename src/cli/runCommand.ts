// What `start` and `resume` share: follow a trainer that this process has launched, with Ctrl+C as stop.
import { countMemoryKills } from '../platform/memoryKills.ts';
import type { RunState } from '../protocol/runState.ts';
import { readManifest, type RunManifest } from '../runs/manifest.ts';
import type { RunHandle } from '../runs/startRun.ts';
import { exitCodes } from './exitCodes.ts';
import { followEvents, type FollowSettings } from './follow.ts';
import { onInterrupt } from './interrupt.ts';
import type { Terminal } from './terminal.ts';

export interface RunCommandOptions {
  readonly json: boolean;
  readonly detach: boolean;
}

/** Shows the run to its end and returns the exit code; with `detach` it only says where the run is. */
export async function attachToTrainer(run: RunHandle, options: RunCommandOptions, terminal: Terminal): Promise<number> {
  if (options.detach) {
    if (options.json) terminal.write(`${JSON.stringify({ id: run.id, folder: run.folder, pid: run.pid })}\n`);
    else
      terminal.write(
        `Run ${run.id} is on its way.\nfinetune watch ${run.id}   shows it\nfinetune stop ${run.id}    stops and saves it\n`,
      );
    return exitCodes.done;
  }
  if (!options.json) terminal.write(`${terminal.style.bold(`Run ${run.id}`)}\n`);
  const killsBefore = countMemoryKills() ?? Infinity;
  const stops: Promise<void>[] = [];
  // The trainer is not to keep its parent; waiting for its exit code has to be done by a timer.
  const awake = setInterval(() => undefined, 60_000);
  const release = onInterrupt((count) => {
    if (count > 2) return;
    const again = count === 1 ? 'stopping and saving; Ctrl+C again stops at once' : 'stopping now';
    terminal.writeError(`\n${again}\n`);
    stops.push(
      run.stop(count === 1 ? 'save' : 'now').catch((error: unknown) => terminal.writeError(`${String(error)}\n`)),
    );
  });
  try {
    const manifest = await readManifest(run.folder);
    const settings = { json: options.json, runFolder: run.folder, ...followedBy(manifest) };
    const state = await followEvents(run.events(), terminal, settings);
    const exitCode = await run.exited;
    await Promise.all(stops);
    const isTold = state.finished !== undefined || state.failed !== undefined;
    if (!isTold) {
      const ranOut = (countMemoryKills() ?? 0) > killsBefore;
      const why = ranOut ? ': the system has ended processes since then, because memory ran out' : '';
      const how = exitCode === null ? 'was killed' : `ended with exit code ${exitCode}`;
      tellVanished(run, terminal, `${how} before it could say why${why}`);
    }
    // A trainer that is stopped in the middle of a computation ends by a signal, after its last words.
    return exitCode ?? exitCodeOfState(state);
  } finally {
    clearInterval(awake);
    release();
  }
}

/** What its manifest tells whoever shows a run. */
export function followedBy(
  manifest: RunManifest,
): Required<Pick<FollowSettings, 'baseDirectory' | 'start' | 'isBegun'>> {
  const { base_directory: baseDirectory, config_file: configFile, overrides, prepared } = manifest;
  return { baseDirectory, start: { configFile, overrides }, isBegun: prepared !== undefined };
}

/** The exit code that a run's state stands for, when its process was not ours; one that ended without a word has failed. */
export function exitCodeOfState(state: RunState): number {
  if (!state.finished) return exitCodes.failed;
  return state.finished.outcome === 'stopped' ? exitCodes.stopped : exitCodes.done;
}

/** `what`: how the trainer of a run ended that told neither a result nor a failure. */
export function tellVanished({ id, folder }: Pick<RunHandle, 'id' | 'folder'>, terminal: Terminal, what: string): void {
  terminal.writeError(
    `${terminal.style.red('error')}: the trainer ${what}.\nIts own words are in trainer.log of ${folder}\nfinetune resume ${id} goes on from the last checkpoint, or begins anew where there is none.\n`,
  );
}
