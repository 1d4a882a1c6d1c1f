// The TensorFlow.js module that a graph is run with, found on this machine or given by the caller.

import { createRequire } from 'node:module';
import util from 'node:util';
import type * as tfjs from '@tensorflow/tfjs';
import { problem } from '../../../protocol/problem.ts';
import { restoreRemovedUtil } from '../../probes.ts';

/** What `@tensorflow/tfjs` and `@tensorflow/tfjs-node-gpu` both export. */
export type TensorFlow = typeof tfjs;

const packageName = '@tensorflow/tfjs-node-gpu';

/**
 * Loads the optional package that runs TensorFlow on a GPU. Its native library can take the process down: probe it
 * first (engine/probes.ts). Throws a ProblemError `engine/no-tensorflow` that says what to install.
 */
export async function loadTensorflow(): Promise<TensorFlow> {
  restoreRemovedUtil(util);
  const require = createRequire(import.meta.url);
  let loaded: unknown;
  try {
    // `require`, because a bundler would follow `import` and the package is not there for most people.
    loaded = require(packageName);
  } catch (error) {
    throw problem('engine/no-tensorflow', missingMessage(error));
  }
  if (!isTensorflow(loaded)) {
    throw problem('engine/no-tensorflow', `${packageName} is not TensorFlow.js: reinstall it, or use device: cpu.`);
  }
  await loaded.ready();
  return loaded;
}

function missingMessage(error: unknown): string {
  const remedy = 'or use device: cpu';
  const [text = ''] = String(error instanceof Error ? error.message : error).split('\n');
  if (text.includes(`Cannot find module '${packageName}'`)) {
    return `device: tensorflow needs TensorFlow, which is not installed: npm install ${packageName}@4.22.0 (with CUDA 11.2 and cuDNN 8.1), ${remedy}.`;
  }
  return `device: tensorflow cannot be used, since ${packageName} does not load (${text}): reinstall it, ${remedy}.`;
}

function isTensorflow(value: unknown): value is TensorFlow {
  const functions = ['ready', 'tidy', 'tensor', 'matMul', 'gatherND', 'scatterND'];
  if (typeof value !== 'object' || value === null) return false;
  return functions.every((name) => name in value && typeof value[name as keyof typeof value] === 'function');
}
