// Free space on the disk that a path is, or will be, on.
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Bytes that this user may still write there; undefined where the file system does not tell. */
export async function freeDiskBytes(path: string): Promise<number | undefined> {
  const absolute = resolve(path);
  try {
    const stats = await statfs(absolute);
    return stats.bavail * stats.bsize;
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? undefined : freeDiskBytes(parent); // a folder that does not exist yet
  }
}
