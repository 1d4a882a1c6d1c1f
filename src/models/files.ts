// Reading and writing files of a model: system errors told in a person's words, and writing so that nobody sees half a file.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ProblemError, problem } from '../protocol/problem.ts';

/** Turns a failed write into a `ProblemError` that says what to do; other errors and problems pass through. */
export function explainWriteError(error: unknown, file: string): unknown {
  if (error instanceof ProblemError) return error;
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return problem(
        'models/disk-full',
        `There is no space left to write ${file}. Free some space or choose another disk.`,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return problem('models/cannot-write', `${file} may not be written. Check the permissions of its folder.`);
    case 'EISDIR':
    case 'ENOTDIR':
    case 'EEXIST':
      return problem('models/cannot-write', `${file} cannot be written: something else lies at that path.`);
    default:
      return error;
  }
}

/** Turns a failed read into a `ProblemError` that names the file; other errors and problems pass through. */
export function explainReadError(error: unknown, file: string): unknown {
  if (error instanceof ProblemError) return error;
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return problem('models/file-missing', 'This file does not exist.', { file });
    case 'EACCES':
    case 'EPERM':
      return problem('models/cannot-read', 'This file may not be read. Check its permissions.', { file });
    case 'EISDIR':
      return problem('models/cannot-read', 'This is a folder where a file is expected.', { file });
    case 'EIO':
      return problem('models/cannot-read', 'The disk reports an error while reading this file.', { file });
    default:
      return error;
  }
}

/** The code of a system error (`ENOENT`), if it is one. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The text of a file without a byte-order mark, or undefined where there is none. */
export async function readTextIfPresent(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw explainReadError(error, file);
  }
}

let serial = 0;

/**
 * Writes a file under a temporary name in its folder, flushes it to the disk and renames it: readers see the old file
 * or the whole new one. Makes the folder. Throws `models/disk-full`, `models/cannot-write`.
 */
export async function writeAtomically(file: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${file}.${process.pid}-${serial++}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw explainWriteError(error, file);
  }
}

/** `writeAtomically` for a text. */
export async function writeTextAtomically(file: string, text: string | Uint8Array): Promise<void> {
  await writeAtomically(file, (handle) => handle.writeFile(text));
}

/** Makes a rename last through a power cut. Windows cannot open folders and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems refuse to flush folders; the data itself has been flushed.
    if (!['EINVAL', 'ENOTSUP', 'EBADF', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** Reads exactly `bytes.length` bytes at `position`. Throws `models/truncated` when the file is shorter. */
export async function readExactly(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
  file: string,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, 1 << 30);
    const { bytesRead } = await handle.read(bytes, done, length, position + done);
    if (bytesRead === 0) {
      throw problem(
        'models/truncated',
        `The file ends ${bytes.length - done} bytes too early. It was cut off or changed: copy or download it again.`,
        { file },
      );
    }
    done += bytesRead;
  }
}

/** Writes all bytes at the handle's position. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, 1 << 30));
    done += bytesWritten;
  }
}

/** Whether a process of this machine runs; to tell leftovers from work in progress. */
export function isProcessAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
