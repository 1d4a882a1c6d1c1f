// Files of run folders that may have been put there by anybody: only ordinary ones are read, small ones up to a limit. A
// pipe of the same name would otherwise be waited for without end.

import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { formatBytes } from '../metrics/numberText.ts';

/** Opening a pipe waits for its writer, unless it is told not to; Windows has no such flag and no such pipes. */
const reading = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);

/**
 * Opens an ordinary file for reading. Rejects with the system's error when that is impossible, and with a sentence when
 * something else than a file has that name.
 */
export async function openRegular(file: string): Promise<FileHandle> {
  const handle = await open(file, reading);
  try {
    requireFile(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function requireFile(found: Stats): void {
  if (found.isFile()) return;
  throw new Error(found.isDirectory() ? 'it is a folder, not a file' : 'it is not an ordinary file');
}

/** As `openRegular`; undefined for whatever cannot be read. */
export async function openIfReadable(file: string): Promise<FileHandle | undefined> {
  return openRegular(file).catch(() => undefined);
}

/** The text of an ordinary file of at most `limit` bytes; rejects as `openRegular`, and for a larger one. */
export async function readSmallFile(file: string, limit: number): Promise<string> {
  const handle = await open(file, reading);
  try {
    const found = await handle.stat();
    const { size } = found;
    requireFile(found);
    if (size > limit)
      throw new Error(`it has ${formatBytes(size)}, and more than ${formatBytes(limit)} cannot be right`);
    // One look at its size and one read: a list of a thousand runs reads two thousand of these.
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size), 0, size, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/**
 * At most `length` bytes from the beginning or the end of an ordinary file of any size, and that size; undefined for
 * whatever cannot be read.
 */
export async function readPart(
  file: string,
  length: number,
  from: 'start' | 'end',
): Promise<{ readonly bytes: Buffer; readonly size: number } | undefined> {
  const handle = await openIfReadable(file);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    const wanted = Math.min(length, size);
    const { buffer, bytesRead } = await handle.read(
      Buffer.allocUnsafe(wanted),
      0,
      wanted,
      from === 'start' ? 0 : size - wanted,
    );
    return { bytes: buffer.subarray(0, bytesRead), size };
  } finally {
    await handle.close();
  }
}
