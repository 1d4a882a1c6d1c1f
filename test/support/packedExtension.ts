// Packs the VSIX of this checkout once for all end-to-end tests; they get its path by vitest's `inject`.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { requirement } from './requirements.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The packed extension; empty where its tests are skipped. */
    readonly vsix: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'finetune-vsix-'));
  const vsix = join(folder, 'extension.vsix');
  const canRun = requirement('chromium').path !== undefined && requirement('editor').path !== undefined;
  if (canRun) await promisify(execFile)(process.execPath, ['scripts/package-vsix.mjs', '--out', vsix]);
  project.provide('vsix', canRun ? vsix : '');
  return () => rm(folder, { recursive: true, force: true });
}
