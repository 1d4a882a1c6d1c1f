// Facts recorded with a run so that it can be repeated: versions, the machine, the git commit.

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import os from 'node:os';
import { promisify } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import type { RunManifest } from './manifest.ts';

const run = promisify(execFile);

/** This package's own version. */
export const packageVersion = packageJson.version;

/** Versions of this package, of Node and of the library that computes. */
export function versions(): RunManifest['versions'] {
  const onnxruntime = installedVersion('onnxruntime-node');
  return {
    'fine-tune-workbench': packageVersion,
    node: process.version,
    ...(onnxruntime === undefined ? {} : { 'onnxruntime-node': onnxruntime }),
  };
}

export function machine(): RunManifest['machine'] {
  return {
    platform: process.platform,
    release: os.release(),
    arch: process.arch,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memory_bytes: os.totalmem(),
  };
}

/** The commit a folder is at; undefined outside git. Hooks and file monitors of the repository are not run. */
export async function gitState(folder: string): Promise<RunManifest['git']> {
  const git = async (...args: string[]): Promise<string> => {
    const safe = ['-c', 'core.fsmonitor=false', '-c', `core.hooksPath=${os.devNull}`];
    const { stdout } = await run('git', [...safe, ...args], { cwd: folder, timeout: 5000, windowsHide: true });
    return stdout.trim();
  };
  try {
    const commit = await git('rev-parse', 'HEAD');
    return { commit, dirty: (await git('status', '--porcelain', '--untracked-files=no')) !== '' };
  } catch {
    return undefined;
  }
}

function installedVersion(name: string): string | undefined {
  try {
    const manifest: unknown = createRequire(import.meta.url)(`${name}/package.json`);
    const has = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
    return has && typeof manifest.version === 'string' ? manifest.version : undefined;
  } catch {
    return undefined;
  }
}
