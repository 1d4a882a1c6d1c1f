// Writes a checkpoint under a temporary name and renames it when every byte is on the disk: it is there whole or not at all.

import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeSafetensors } from '../../models/safetensors.ts';
import type { NamedTensor } from '../../models/types.ts';
import { isErrno, renameStubbornly, syncFolder, writeFileAtomic } from '../../runs/atomicFile.ts';
import { describeFiles, manifestName } from './manifest.ts';

export interface CheckpointContent {
  readonly step: number;
  readonly tensorFiles: Readonly<Record<string, AsyncIterable<NamedTensor>>>;
  readonly textFiles: Readonly<Record<string, string>>;
}

const temporaryPrefix = '.unfinished-';
const replacedPrefix = '.replaced-';
const removedPrefix = '.removed-';

/** `step-12` */
export function checkpointName(step: number): string {
  return `step-${step}`;
}

/** True for what a crash may have left behind in checkpoints/. */
export function isLeftover(name: string): boolean {
  return [temporaryPrefix, replacedPrefix, removedPrefix].some((prefix) => name.startsWith(prefix));
}

/** Writes `<checkpoints>/step-N`, in place of an older one of that step. Returns its size in bytes. */
export async function writeCheckpoint(checkpoints: string, content: CheckpointContent): Promise<number> {
  const mark = randomBytes(4).toString('hex');
  const name = checkpointName(content.step);
  const temporary = path.join(checkpoints, `${temporaryPrefix}${name}-${mark}`);
  const target = path.join(checkpoints, name);
  await mkdir(temporary, { recursive: true });
  try {
    for (const [file, tensors] of Object.entries(content.tensorFiles)) {
      await writeSafetensors(path.join(temporary, file), tensors, { metadata: { format: 'pt' } });
    }
    for (const [file, text] of Object.entries(content.textFiles)) {
      await writeFileAtomic(path.join(temporary, file), text);
    }
    const names = [...Object.keys(content.tensorFiles), ...Object.keys(content.textFiles)];
    const manifest = await describeFiles(temporary, content.step, names);
    await writeFileAtomic(path.join(temporary, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    await putInPlace(temporary, target, path.join(checkpoints, `${replacedPrefix}${name}-${mark}`));
    await syncFolder(checkpoints);
    const { size } = await stat(path.join(target, manifestName));
    return Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, size);
  } catch (error) {
    // A full disk must get its room back, so that the failure itself can be recorded.
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Removes `<checkpoints>/step-N`. It loses its name first: a kill in between must not leave half of it under that name. */
export async function removeCheckpoint(checkpoints: string, step: number): Promise<void> {
  const name = checkpointName(step);
  const aside = path.join(checkpoints, `${removedPrefix}${name}-${randomBytes(4).toString('hex')}`);
  await renameStubbornly(path.join(checkpoints, name), aside);
  await rm(aside, { recursive: true, force: true });
}

/** A folder cannot be renamed over another that has files: the old one steps aside first. */
async function putInPlace(temporary: string, target: string, aside: string): Promise<void> {
  try {
    await rename(target, aside);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  await renameStubbornly(temporary, target);
  await rm(aside, { recursive: true, force: true });
}
