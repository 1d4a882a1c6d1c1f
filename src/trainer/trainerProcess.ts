// The trainer as a process: protocol on stdout, words on stderr, signals, and an exit code that means something.

import { stat } from 'node:fs/promises';
import { isComputing } from '../engine/workerSession.ts';
import { ProblemError } from '../protocol/problem.ts';
import { listenTo, obeySignals } from './commandSources.ts';
import type { Control } from './control.ts';
import type { PrepareRun } from './preparedRun.ts';
import { exitCodes, runTrainer } from './runTrainer.ts';

const usage = 'Usage: node trainer.js --run <run folder> [--from <step>]';

/** Runs the trainer that the arguments name and ends the process. */
export async function trainerProcess(args: readonly string[], prepare: PrepareRun): Promise<void> {
  const { folder, from } = readArguments(args);
  let connected: Control | undefined;
  // Whoever started the trainer may be gone: nobody has to read what it says.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const tell = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const crash = (error: unknown): void => {
    const cause = error instanceof Error ? error : new Error(String(error));
    if (connected) connected.crash(cause);
    else fail(cause);
  };
  const fail = (cause: Error): void => {
    tell(cause.message);
    process.exit(exitCodes.failed);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  if (folder === undefined || !(await isFolder(folder))) {
    tell(folder === undefined ? usage : `There is no run folder ${folder}.\n${usage}`);
    process.exit(exitCodes.badConfig);
  }
  try {
    const code = await runTrainer(folder, {
      prepare,
      from,
      tell,
      send: (line) => void process.stdout.write(line),
      connect(control, onProblem) {
        connected = control;
        obeySignals(control);
        listenTo(process.stdin, { control, onProblem });
      },
    });
    await flushed();
    endProcess(code);
  } catch (error) {
    tell(error instanceof ProblemError || error instanceof Error ? error.message : String(error));
    endProcess(error instanceof ProblemError ? exitCodes.badConfig : exitCodes.failed);
  }
}

/** A computation in another thread must not keep the process, and would abort it with words of its own at an exit. */
function endProcess(code: number): void {
  if (isComputing()) process.kill(process.pid, 'SIGKILL');
  else process.exit(code);
}

/** Waits until stdout has taken everything, but not long: its reader may be gone. */
function flushed(): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(resolve, 1000);
    process.stdout.write('', () => {
      clearTimeout(patience);
      resolve();
    });
  });
}

/** `folder` is undefined for anything but the usage above. `from`: the step whose checkpoint the run goes on from. */
function readArguments([first, folder, second, step, ...rest]: readonly string[]): { folder?: string; from?: number } {
  if (first !== '--run' || folder === undefined || rest.length > 0) return {};
  if (second === undefined) return { folder };
  return second === '--from' && step !== undefined && /^\d{1,15}$/.test(step) ? { folder, from: Number(step) } : {};
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
