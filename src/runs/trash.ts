// Runs that a person threw away: moved aside within the workspace, so that it can be undone on every system.

import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { problem } from '../protocol/problem.ts';
import { isErrno } from './atomicFile.ts';
import { readManifest } from './manifest.ts';
import { statusOf } from './store.ts';

/** `<workspace>/.finetune/trash`, beside the runs. */
export function trashOf(runsFolder: string): string {
  return path.join(path.dirname(runsFolder), 'trash');
}

/** Moves a run that no process works on into the trash; returns its place there. Throws `runs/busy` for a live run. */
export async function moveToTrash(folder: string): Promise<string> {
  const manifest = await readManifest(folder).catch(() => undefined);
  const status = manifest && (await statusOf(manifest));
  if (status === 'starting' || status === 'preparing' || status === 'running' || status === 'paused') {
    throw problem('runs/busy', 'This run is still going. Stop it first.', { file: folder });
  }
  const trash = trashOf(path.dirname(folder));
  await mkdir(trash, { recursive: true });
  const place = path.join(trash, path.basename(folder));
  await rename(folder, place);
  return place;
}

/** Moves a run back to where `moveToTrash` took it from. */
export async function restoreFromTrash(place: string, runsFolder: string): Promise<string> {
  const folder = path.join(runsFolder, path.basename(place));
  await mkdir(runsFolder, { recursive: true });
  await rename(place, folder);
  return folder;
}

/** Names of the runs in the trash. */
export async function listTrash(runsFolder: string): Promise<string[]> {
  return readdir(trashOf(runsFolder)).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  });
}

/** Deletes what is in the trash for good. */
export async function emptyTrash(runsFolder: string): Promise<void> {
  await rm(trashOf(runsFolder), { recursive: true, force: true });
}
