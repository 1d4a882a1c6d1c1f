// What a finished run leaves: the adapter or model folder, whole or not at all, and the copy that the config asked for.

import { cp, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { problem } from '../protocol/problem.ts';
import { isErrno, renameStubbornly, syncFolder } from '../runs/atomicFile.ts';
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
  const replaced = path.join(paths.folder, `.replaced-${kind}`);
  for (const leftover of [unfinished, replaced]) await rm(leftover, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    await prepared.result.write(unfinished);
    // An earlier result steps aside before it is removed: half of it must never lie under the name of a result.
    if (await isThere(target)) await renameStubbornly(target, replaced);
    await renameStubbornly(unfinished, target);
    await syncFolder(paths.folder);
    await rm(replaced, { recursive: true, force: true });
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  const exported = { kind, path: relativeName(paths.folder, target) };
  if (prepared.output === undefined) return exported;
  try {
    await copyResult(target, prepared.output, path.basename(runFolder));
  } catch (error) {
    if (isErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The ${kind} lies whole in ${target}, but it could not be copied to \`output\`.`;
    throw problem('trainer/output-not-written', message, { file: prepared.output }, [reason]);
  }
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

/**
 * A folder that was not there appears whole; into one that was, each file is renamed when all of them are copied.
 * The temporary folder is named after the run, so that a run that was killed here clears it away when it goes on.
 */
async function copyResult(from: string, to: string, run: string): Promise<void> {
  const exists = await isThere(to);
  const unfinished = path.join(exists ? to : path.dirname(to), `.unfinished-${path.basename(to)}-${run}`);
  await mkdir(path.dirname(to), { recursive: true });
  await rm(unfinished, { recursive: true, force: true });
  try {
    await cp(from, unfinished, { recursive: true });
    if (exists) {
      for (const name of await readdir(unfinished)) {
        await renameStubbornly(path.join(unfinished, name), path.join(to, name));
      }
      await rm(unfinished, { recursive: true, force: true });
    } else await renameStubbornly(unfinished, to);
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
