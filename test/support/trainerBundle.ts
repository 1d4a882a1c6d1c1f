// Makes the trainer around the arithmetic session for tests that need a real process, and starts runs with it.

import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { createRun, resumeRun, startRun, type RunHandle } from '../../src/runs/startRun.ts';
import type { ArithmeticConfig } from './arithmeticTrainer.ts';

/** A fresh folder for one test file. */
export function scratchFolder(): Promise<string> {
  return mkdtemp(path.join(os.tmpdir(), 'finetune-process-'));
}

/** Bundles the trainer into the folder; returns the path of the program. */
export async function bundleTrainer(folder: string): Promise<string> {
  const outfile = path.join(folder, 'trainer.mjs');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'arithmeticTrainer.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'error',
    external: ['onnxruntime-node'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  return outfile;
}

export interface Workspace {
  readonly folder: string;
  readonly trainer: string;
}

let counter = 0;

async function requestFor(workspace: Workspace, config: ArithmeticConfig) {
  const configFile = path.join(workspace.folder, `config-${counter++}.json`);
  await writeFile(configFile, JSON.stringify(config));
  return {
    configFile,
    name: 'arithmetic',
    overrides: [],
    runsFolder: path.join(workspace.folder, '.finetune', 'runs'),
  };
}

/** A run folder with no trainer yet, for tests that start the process themselves. */
export async function makeRun(workspace: Workspace, config: ArithmeticConfig): Promise<string> {
  return createRun(await requestFor(workspace, config));
}

export async function start(workspace: Workspace, config: ArithmeticConfig): Promise<RunHandle> {
  return startRun({ ...(await requestFor(workspace, config)), trainer: workspace.trainer });
}

export function resume(workspace: Workspace, folder: string): Promise<RunHandle> {
  return resumeRun(folder, { trainer: workspace.trainer });
}

/** The bytes of the trained weights that a finished run left. */
export function resultOf(folder: string): Promise<Buffer> {
  return readFile(path.join(folder, 'adapter', 'adapter_model.safetensors'));
}
