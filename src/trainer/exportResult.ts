// What a finished run leaves: the adapter or model folder, whole or not at all, and the copy that the config asked for.

import { cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { renameStubbornly, syncFolder } from '../runs/atomicFile.ts';
import { relativeName, runPaths } from '../runs/layout.ts';
import type { PreparedRun } from './preparedRun.ts';

export interface ExportedResult {
  readonly kind: 'adapter' | 'model';
  /** Relative to the run folder. */
  readonly path: string;
  readonly output?: string;
}

/** Writes the session's weights to `adapter/` or `model/`, in place of an earlier result, and copies them to `output`. */
export async function exportResult(runFolder: string, prepared: PreparedRun): Promise<ExportedResult> {
  const paths = runPaths(runFolder);
  const { kind } = prepared.result;
  const target = paths[kind];
  const unfinished = path.join(paths.folder, `.unfinished-${kind}`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    await prepared.result.write(unfinished);
    await rm(target, { recursive: true, force: true });
    await renameStubbornly(unfinished, target);
    await syncFolder(paths.folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  const exported = { kind, path: relativeName(paths.folder, target) };
  if (prepared.output === undefined) return exported;
  await copyResult(target, prepared.output);
  return { ...exported, output: prepared.output };
}

/** Bytes that a folder holds, for the record of what a run took. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(path.join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
}

/** A folder that was not there appears whole; into one that was, files are copied over. */
async function copyResult(from: string, to: string): Promise<void> {
  const unfinished = path.join(path.dirname(to), `.unfinished-${path.basename(to)}-${process.pid}`);
  await mkdir(path.dirname(to), { recursive: true });
  if (await isThere(to)) {
    await cp(from, to, { recursive: true });
    return;
  }
  try {
    await cp(from, unfinished, { recursive: true });
    await rename(unfinished, to);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
