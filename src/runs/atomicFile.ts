// Files that are there whole or not at all: temporary name, fsync, rename, fsync of the folder.

import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Writes a file so that a reader, also after a crash, sees the old content or the new, never a part. */
export async function writeFileAtomic(file: string, content: string | Uint8Array, options: { durable?: boolean } = {}) {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  const durable = options.durable ?? true;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      if (durable) await handle.sync();
    } finally {
      await handle.close();
    }
    await renameStubbornly(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (durable) await syncFolder(path.dirname(file));
}

/** Renames over what is there. Windows refuses while another process reads the target: tried again for a second. */
export async function renameStubbornly(from: string, to: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (attempt >= 20 || process.platform !== 'win32' || !isErrno(error, 'EPERM', 'EACCES', 'EBUSY')) throw error;
      await delay(50);
    }
  }
}

/** Makes a rename inside the folder survive a power cut. Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems refuse to sync a folder; the rename itself has happened.
    if (!isErrno(error, 'EINVAL', 'ENOTSUP', 'EBADF')) throw error;
  } finally {
    await handle.close();
  }
}

/** True for a system error with one of the codes. */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
