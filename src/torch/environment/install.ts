// Makes the private Python environment of the torch engine, and removes it: with uv where it is, else venv and pip.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { freeDiskBytes } from '../../platform/diskSpace.ts';
import { packageFile } from '../../platform/packageFile.ts';
import { askTool } from '../../platform/tool.ts';
import { problem } from '../../protocol/problem.ts';
import { examineTorch, isOlder, oldestVersions, type TorchReport } from './examine.ts';
import { forgetTorch, writeTorchRecord, type TorchPlaces } from './record.ts';

const lockFile = 'src/torch/locks/requirements.txt';

export interface InstallPlan {
  readonly environment: string;
  readonly tool: 'uv' | 'pip';
  /** One makes the folder, the other fills it: a program and its arguments each. */
  readonly commands: readonly [readonly string[], readonly string[]];
  readonly downloadBytes: number;
  readonly diskBytes: number;
  readonly freeBytes: number | undefined;
}

/** Measured (docs/torch.md): on Linux the index's wheels bring CUDA's libraries, elsewhere they are for CPU or Metal. */
const sizes = {
  linux: { downloadBytes: 3.0e9, diskBytes: 6.0e9 },
  other: { downloadBytes: 0.3e9, diskBytes: 1.4e9 },
};

/** Looks what there is to install with. Throws `torch/no-python` where there is neither uv nor a Python with venv. */
export async function planInstall(places: TorchPlaces): Promise<InstallPlan> {
  const { environment } = places;
  const lock = packageFile(lockFile);
  const size = process.platform === 'linux' ? sizes.linux : sizes.other;
  const facts = { environment, ...size, freeBytes: await freeDiskBytes(environment) };
  const python = environmentPython(environment);
  if ((await askTool('uv', ['--version'], { timeout: 20_000 })).ok) {
    const install = ['uv', 'pip', 'install', '--python', python, '--require-hashes', '--compile-bytecode', '-r', lock];
    const venv = ['uv', 'venv', '--allow-existing', '--no-project', '--python', '>=3.11,<3.15', environment];
    return { ...facts, tool: 'uv', commands: [venv, install] };
  }
  const base = await findPython();
  return {
    ...facts,
    tool: 'pip',
    commands: [
      [base, '-m', 'venv', environment],
      [python, '-m', 'pip', 'install', '--require-hashes', '-r', lock],
    ],
  };
}

/**
 * Installs, checks what was installed, and writes it down. What a broken-off try has brought is used again. `show`
 * tells of each command before it runs; its own progress goes to this process's stderr. Throws `torch/install-failed`.
 */
export async function install(
  plan: InstallPlan,
  places: TorchPlaces,
  signal: AbortSignal,
  show: (text: string) => void,
): Promise<TorchReport> {
  await forgetTorch(places);
  await mkdir(path.dirname(plan.environment), { recursive: true });
  const follow = async (commands: InstallPlan['commands']): Promise<TorchReport> => {
    for (const command of commands) {
      show(command.join(' '));
      await run(command, signal);
    }
    show('Loading the libraries once');
    return examineTorch(environmentPython(plan.environment));
  };
  let report = await follow(plan.commands);
  if (report.problems.length > 0) {
    // Both installers take a package for whole whose files are gone or cut short.
    show(`${report.problems.join(' ')} All packages are laid there anew.`);
    report = await follow([plan.commands[0], [...plan.commands[1], reinstall[plan.tool]]]);
  }
  return record(environmentPython(plan.environment), report, places, await lockHash());
}

/** Lays packages anew that seem to be there, from the installer's cache where it has them. */
const reinstall = { uv: '--reinstall', pip: '--force-reinstall' } as const;

/** Which lock file this version of the program installs from. */
export async function lockHash(): Promise<string> {
  return createHash('sha256')
    .update(await readFile(packageFile(lockFile)))
    .digest('hex');
}

/**
 * Checks an interpreter and makes it the torch engine's; `lock` for one that was installed from it. Throws
 * `torch/not-usable` with every reason.
 */
export async function adopt(python: string, places: TorchPlaces, lock?: string): Promise<TorchReport> {
  return record(python, await examineTorch(python), places, lock);
}

async function record(
  python: string,
  report: TorchReport,
  places: TorchPlaces,
  lock: string | undefined,
): Promise<TorchReport> {
  if (report.problems.length > 0) {
    const message = 'This Python cannot be used for the torch engine.';
    throw problem('torch/not-usable', message, { file: python }, report.problems);
  }
  const managed = lock === undefined ? { managed: false } : { managed: true, lock };
  await writeTorchRecord(places, { version: 1, python, ...managed, versions: report.versions });
  return report;
}

/** Removes the private environment and forgets a chosen one, which itself is not touched. */
export async function removeTorch(places: TorchPlaces): Promise<void> {
  await forgetTorch(places);
  await rm(places.environment, { recursive: true, force: true });
}

function environmentPython(environment: string): string {
  return process.platform === 'win32'
    ? path.join(environment, 'Scripts', 'python.exe')
    : path.join(environment, 'bin', 'python');
}

async function findPython(): Promise<string> {
  const program = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
  const tried: string[] = [];
  for (const name of ['python3', 'python', 'python3.13', 'python3.12', 'python3.11']) {
    const answer = await askTool(name, ['-c', program], { timeout: 20_000 });
    const version = answer.stdout.trim();
    if (answer.ok && !isOlder(version, oldestVersions['python'] ?? '')) return name;
    if (answer.ok) tried.push(`${name} is Python ${version}, and at least ${oldestVersions['python']} is needed.`);
    else if (/ensurepip|venv/.test(answer.stderr)) tried.push(`${name} lacks venv (Debian: apt install python3-venv).`);
  }
  const message =
    'There is no Python to make an environment with. Install uv, or Python 3.11 or newer with venv, and try again.';
  throw problem('torch/no-python', message, undefined, tried);
}

async function run([program = '', ...args]: readonly string[], signal: AbortSignal): Promise<void> {
  // Its own variables decide which index is asked and where packages are kept; a person's active environment is no part of it.
  const { VIRTUAL_ENV: _active, PYTHONPATH: _path, PYTHONHOME: _home, ...env } = process.env;
  const child = spawn(program, args, { stdio: ['ignore', 2, 2], env, signal, windowsHide: true });
  const outcome = await new Promise<number | Error | null>((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
  signal.throwIfAborted();
  if (outcome === 0) return;
  const how = outcome instanceof Error ? outcome.message : `it ended with exit code ${String(outcome)}`;
  throw problem(
    'torch/install-failed',
    `${path.basename(program)} could not install the environment: ${how}. What it said stands above; \`finetune setup torch\` goes on from here.`,
  );
}

/** Whether there is something to remove. */
export async function isInstalled(places: TorchPlaces): Promise<boolean> {
  return access(places.environment).then(
    () => true,
    () => false,
  );
}
