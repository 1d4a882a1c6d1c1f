// The bytes of a data file as a stream of chunks: unpacked when gzipped, stopped by a signal, with errors for people.
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { problem, ProblemError } from '../../protocol/problem.ts';

const chunkBytes = 1 << 20;

export interface ByteStreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the count of bytes of the stored (still packed) file read so far. */
  readonly onBytes?: ((bytesRead: number) => void) | undefined;
}

/** The first bytes of a file; throws `data/missing-file` or `data/unreadable-file`. */
export async function readHead(file: string, shownAs: string, length: number): Promise<Buffer> {
  try {
    const info = await stat(file);
    if (info.isDirectory()) {
      throw problem(
        'data/unreadable-file',
        `${shownAs} is a folder; name a file in it, or a glob such as ${shownAs}/*.jsonl.`,
      );
    }
    const handle = await open(file, 'r');
    try {
      const head = Buffer.alloc(Math.min(length, info.size));
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      return head.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileProblem(error, shownAs);
  }
}

/** Chunks of the stored file as it is. */
export async function* rawBytes(file: string, shownAs: string, options: ByteStreamOptions): AsyncGenerator<Buffer> {
  const stream = createReadStream(file, { highWaterMark: chunkBytes });
  let read = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read += chunk.length;
      options.onBytes?.(read);
      options.signal?.throwIfAborted();
      yield chunk;
    }
  } catch (error) {
    throw fileProblem(error, shownAs);
  } finally {
    stream.destroy();
  }
}

/** Chunks of a gzipped file, unpacked (all members of it); throws `data/broken-gzip` when it is cut off or damaged. */
export async function* gunzippedBytes(
  file: string,
  shownAs: string,
  options: ByteStreamOptions,
): AsyncGenerator<Buffer> {
  const source = createReadStream(file, { highWaterMark: chunkBytes });
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  let read = 0;
  let unpacked = 0;
  source.on('data', (chunk) => {
    read += chunk.length;
    options.onBytes?.(read);
  });
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      options.signal?.throwIfAborted();
      unpacked += chunk.length;
      yield chunk;
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === 'Z_BUF_ERROR')
      throw problem(
        'data/broken-gzip',
        `${shownAs} is cut off: the gzip data ends after ${unpacked} unpacked bytes. Copy or download it again.`,
        { file: shownAs },
      );
    if (code?.startsWith('Z_') === true)
      throw problem(
        'data/broken-gzip',
        `${shownAs} is damaged: its gzip data cannot be read after ${unpacked} unpacked bytes. Copy or download it again.`,
        { file: shownAs },
      );
    throw fileProblem(error, shownAs);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** A file-system error as a problem; anything else is passed on. */
export function fileProblem(error: unknown, shownAs: string): unknown {
  if (error instanceof ProblemError) return error;
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return problem('data/missing-file', `There is no file ${shownAs}.`, { file: shownAs });
  if (code === 'EACCES' || code === 'EPERM')
    return problem('data/unreadable-file', `${shownAs} may not be read: permission denied.`, { file: shownAs });
  if (code !== undefined && /^E[A-Z]+$/.test(code))
    return problem('data/unreadable-file', `${shownAs} cannot be read (${code}).`, { file: shownAs });
  return error;
}

/** The `code` of a Node error, such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
