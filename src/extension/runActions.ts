// What can be done with a run: told to its trainer, or started again. Commands and panels both come here.

import path from 'node:path';
import * as vscode from 'vscode';
import { mayChange } from '../config/changeable.ts';
import { problem } from '../protocol/problem.ts';
import { askRun } from '../runs/askRun.ts';
import { readManifest } from '../runs/manifest.ts';
import type { RunRecord } from '../runs/runRecord.ts';
import { checkpointSteps, resumeRun, startRun } from '../runs/startRun.ts';
import { statusOf } from '../runs/store.ts';
import { stopRun } from '../runs/stopRun.ts';
import { runsFolderFor } from './library.ts';
import { childEnvironment, trainerProgram } from './programs.ts';
import { settings } from './settings.ts';

/** A trainer that does not obey within this time is ended by the system, in milliseconds. */
const stopNowDelays = { term: 800, kill: 400 };

/** Throws when the workspace is not trusted: nothing of it is run then. */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw problem('editor/untrusted', vscode.l10n.t('Runs can be started and changed only in a trusted workspace.'));
}

const environment = (): NodeJS.ProcessEnv => childEnvironment(process.env, settings.environment());

export async function pauseRun(folder: string): Promise<void> {
  requireTrust();
  await askRun(folder, { type: 'pause' });
}

export async function checkpointNow(folder: string): Promise<void> {
  requireTrust();
  await askRun(folder, { type: 'checkpoint-now' });
}

export async function setLearningRate(folder: string, value: number): Promise<void> {
  requireTrust();
  await askRun(folder, { type: 'set', learning_rate: value });
}

/** Lets a paused run go on, or an ended one from its last checkpoint. */
export async function goOn(folder: string): Promise<void> {
  requireTrust();
  const status = await statusOf(await readManifest(folder));
  if (status === 'paused') await askRun(folder, { type: 'resume' });
  else await resumeRun(folder, { trainer: trainerProgram(), env: environment() });
}

/** Lets a run that is not going on go on from one of its checkpoints. Asks first when steps after it are taken again. */
export async function goOnFrom(folder: string, title: string, step: number, lastStep: number): Promise<void> {
  requireTrust();
  const later = (await checkpointSteps(folder)).filter((at) => at > step);
  const reached = Math.max(lastStep, ...later);
  if (reached > step) {
    const resume = vscode.l10n.t('Resume');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('Resume {0} from step {1}?', title, step),
      {
        modal: true,
        detail: [
          reached === step + 1
            ? vscode.l10n.t('Step {0} is taken again.', reached)
            : vscode.l10n.t('Steps {0} to {1} are taken again.', step + 1, reached),
          later.length === 0
            ? undefined
            : vscode.l10n.t('Checkpoints that are removed: {0}.', later.map((at) => `step-${at}`).join(', ')),
        ]
          .filter((line) => line !== undefined)
          .join('\n'),
      },
      resume,
    );
    if (answer !== resume) return;
  }
  await resumeRun(folder, { trainer: trainerProgram(), env: environment(), from: step });
}

export async function stopAndSave(folder: string): Promise<void> {
  requireTrust();
  await stopRun(folder, 'save');
}

/** Asks first: what was trained since the last checkpoint is lost. False when the person said no. */
export async function stopNow(folder: string, title: string): Promise<boolean> {
  requireTrust();
  const stop = vscode.l10n.t('Stop Now');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Stop {0} now?', title),
    {
      modal: true,
      detail: vscode.l10n.t('What was trained since the last checkpoint is lost. “Stop and Save” keeps it.'),
    },
    stop,
  );
  if (answer !== stop) return false;
  await stopRun(folder, 'now', stopNowDelays);
  return true;
}

export interface StartOptions {
  readonly config: string;
  readonly name: string;
  readonly overrides: readonly string[];
  /** Where runs lie; the workspace folder's when absent. */
  readonly runsFolder?: string;
}

/** Starts a run as a process that outlives the editor; returns its folder. */
export async function launch({ config, name, overrides, runsFolder }: StartOptions): Promise<string> {
  requireTrust();
  const run = await startRun({
    configFile: config,
    name,
    overrides,
    runsFolder: runsFolder ?? runsFolderFor(config),
    trainer: trainerProgram(),
    env: environment(),
  });
  return run.folder;
}

/**
 * Starts again with changed values. A run that never got to its first step goes on in its own folder, and so does one whose
 * steps stay the same; else one that trained keeps its folder and its numbers, and a new run begins beside it. Returns the
 * folder of the run that goes on.
 */
export async function startChanged(
  folder: string,
  set: Readonly<Record<string, string | number | boolean>>,
): Promise<string> {
  requireTrust();
  const manifest = await readManifest(folder);
  const changes = Object.entries(set).map(([name, value]) => `${name}=${String(value)}`);
  if (manifest.prepared === undefined || mayChange(Object.keys(set))) {
    await resumeRun(folder, { trainer: trainerProgram(), env: environment(), overrides: changes });
    return folder;
  }
  const overrides = [...manifest.overrides, ...changes];
  return launch({ config: manifest.config_file, name: manifest.name, overrides, runsFolder: path.dirname(folder) });
}

/** A new run that begins with the weights of a checkpoint. The checkpoint has to be an adapter in PEFT layout. */
export async function forkFrom(
  run: Extract<RunRecord, { kind: 'run' }>,
  checkpoint: string,
  changes: readonly string[],
): Promise<string> {
  requireTrust();
  const weights = path.join(run.folder, ...checkpoint.split('/'));
  return launch({
    config: run.manifest.config_file,
    name: run.manifest.name,
    overrides: [...run.manifest.overrides, ...changes, `lora.init_from=${JSON.stringify(weights)}`],
    runsFolder: path.dirname(run.folder),
  });
}
