// An allocation of SLURM for the ranks of a run: a batch job that only holds it, and ranks that srun starts in it.

import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { askTool } from '../../platform/tool.ts';
import { problem, type ProblemError } from '../../protocol/problem.ts';
import { quoted } from './remote.ts';
import { workerVariables, type WorkerOptions } from './workerProcess.ts';

export interface SlurmJob {
  readonly nodes: number;
  /** Further options of sbatch, such as `--partition=gpu`. */
  readonly options: readonly string[];
}

export interface SlurmRequest extends SlurmJob {
  /** Folder of the run, on a disk that all nodes see: the script lies there, and what it prints. */
  readonly folder: string;
  /** A file that the trainer writes every second. When it no longer does, the job ends by itself. */
  readonly heartbeat: string;
  readonly processes: number;
  /** Hears what the job waits for. */
  readonly onWait: (what: string) => void;
  readonly signal: AbortSignal;
}

export interface Allocation {
  readonly hosts: readonly string[];
  /** What starts a rank on one of the hosts. */
  readonly command: (host: string, options: Pick<WorkerOptions, 'python' | 'program'>, name: string) => string[];
  /** Cancels the job; does not wait for it. */
  readonly release: () => void;
}

/** Time between two questions to squeue, in milliseconds. */
const askEvery = 2000;
const patience = 60_000;

/** Submits the job and waits until it runs. Throws a ProblemError when it cannot, and an AbortError when told to stop. */
export async function allocate(request: SlurmRequest): Promise<Allocation> {
  const script = path.join(request.folder, 'slurm.sh');
  await writeFile(script, slurmScript(request), { mode: 0o700 });
  const submitted = await askTool('sbatch', ['--parsable', script], { timeout: patience });
  if (!submitted.ok) {
    const isMissing = /is not installed$/.test(submitted.reason);
    const what = isMissing
      ? 'Runs with `distributed.slurm` begin on a machine of the cluster'
      : 'SLURM did not take the job';
    throw refused(what, [submitted.reason, submitted.stderr.trim()]);
  }
  const job = /^\d+/.exec(submitted.stdout)?.[0];
  if (job === undefined) throw refused('sbatch named no job', [submitted.stdout.trim()]);
  const release = (): void => {
    const cancelling = spawn('scancel', [job], { detached: true, stdio: 'ignore' });
    cancelling.on('error', () => undefined);
    cancelling.unref();
  };
  try {
    return { hosts: await hostsOf(job, request), command: stepCommand(job), release };
  } catch (error) {
    release();
    throw error;
  }
}

/** It holds the nodes as long as the trainer lives; ranks are steps of this job. */
export function slurmScript({
  folder,
  heartbeat,
  processes,
  nodes,
  options,
}: Omit<SlurmRequest, 'signal' | 'onWait'>): string {
  const settings = [
    '--job-name=finetune',
    `--nodes=${nodes}`,
    `--ntasks-per-node=${processes / nodes}`,
    `--output="${path.join(folder, 'slurm.log')}"`,
    ...options,
  ];
  const lives = `[ -n "$(find ${quoted(heartbeat)} -mmin -5 2>/dev/null)" ]`;
  return [
    '#!/bin/sh',
    ...settings.map((setting) => `#SBATCH ${setting}`),
    `while ${lives}; do sleep 20; done`,
    '',
  ].join('\n');
}

/** Waits for the job to run; the names of its nodes. */
async function hostsOf(job: string, { folder, onWait, signal }: SlurmRequest): Promise<string[]> {
  let told = '';
  for (;;) {
    const answer = await askTool('squeue', ['--noheader', `--jobs=${job}`, '--format=%T|%R|%N'], { timeout: patience });
    const [state = '', reason = '', nodes = ''] = answer.stdout.trim().split('|');
    if (state === 'RUNNING') {
      const names = await askTool('scontrol', ['show', 'hostnames', nodes], { timeout: patience });
      if (!names.ok) throw refused('The nodes of the job are not known', [names.reason]);
      return names.stdout.trim().split(/\s+/);
    }
    if (!answer.ok || (state !== 'PENDING' && state !== 'CONFIGURING')) {
      const printed = await readFile(path.join(folder, 'slurm.log'), 'utf8').catch(() => '');
      const said = printed.trim().split('\n').slice(-6);
      throw refused(`The job ${job} of SLURM ended before it ran`, [state, answer.stderr.trim(), ...said]);
    }
    const what = `Waiting for job ${job} of SLURM: ${state} ${reason}`.trim();
    if (what !== told) onWait(what);
    told = what;
    await wait(askEvery, undefined, { signal });
  }
}

/** Every rank is a step of its own, and sees all GPUs of its node, of which it takes the one of its number. */
function stepCommand(job: string): Allocation['command'] {
  const variables = Object.entries(workerVariables).map(([key, value]) => `${key}=${value}`);
  return (host, { python, program }, name) => [
    ...['srun', `--jobid=${job}`, '--overlap', '--nodes=1', '--ntasks=1', `--nodelist=${host}`, '--unbuffered'],
    ...[`--export=${['ALL', ...variables].join(',')}`, python, '-s', program, name],
  ];
}

function refused(what: string, details: readonly string[]): ProblemError {
  const said = details.filter((line) => line !== '');
  return problem('torch/slurm', `${what}.`, undefined, said);
}
