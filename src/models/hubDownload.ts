// Downloads one file of the hub into the cache: continues where it stopped, checks the hash, shows only whole files.
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { problem } from '../protocol/problem.ts';
import { errorCode, isProcessAlive, writeFully } from './files.ts';
import type { HubCache } from './hubCache.ts';
import { DownloadError, isNoNetwork } from './hubErrors.ts';

/** A file as the hub lists it. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** git's sha1 of the file (of its pointer when it is a large file). */
  readonly gitHash: string;
  /** Present for large files. */
  readonly sha256?: string;
}

export interface DownloadOptions {
  readonly token: string | undefined;
  readonly signal?: AbortSignal;
  /** Bytes of this file that are there. */
  readonly onBytes: (bytes: number) => void;
}

/** Waits before further tries, in milliseconds; a try that brought bytes starts the count anew. */
const waits = [500, 2000, 5000];
/** A connection that brings nothing for this long counts as broken. */
const silence = 60_000;

let serial = 0;

/** Throws `models/hub-checksum`; `DownloadError` and the errors of `fetch` and of the disk are told by the caller. */
export async function downloadFile(
  file: HubFile,
  url: string,
  commit: string,
  cache: HubCache,
  options: DownloadOptions,
): Promise<void> {
  const hash = file.sha256 ?? file.gitHash;
  if (!/^[0-9a-f]{40,64}$/.test(hash)) throw new Error(`the hub gives no valid hash for ${file.path}`);
  const blob = cache.blob(hash);
  if ((await sizeOf(blob)) !== file.size) {
    await mkdir(dirname(blob), { recursive: true });
    await downloadBlob(file, url, blob, options);
  }
  await cache.link(commit, file.path, hash);
}

async function downloadBlob(file: HubFile, url: string, blob: string, options: DownloadOptions): Promise<void> {
  const { path: incomplete, release } = await ownIncomplete(blob);
  try {
    const digest = await startDigest(file, incomplete);
    let done = (await sizeOf(incomplete)) ?? 0;
    const handle = await open(incomplete, 'a');
    try {
      for (let attempt = 0; done < file.size;) {
        const before = done;
        try {
          done = await receive(file, url, done, { handle, digest, ...options });
        } catch (error) {
          options.signal?.throwIfAborted();
          done = (await handle.stat()).size;
          if (done > before) attempt = 0;
          const wait = waits[attempt++];
          if (wait === undefined || !isInterruption(error)) throw error;
          await sleep(wait, undefined, options.signal && { signal: options.signal });
        }
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await checkDigest(file, digest.digest('hex'), incomplete);
    await rename(incomplete, blob);
  } finally {
    await release();
  }
}

interface Receiver extends DownloadOptions {
  readonly handle: FileHandle;
  readonly digest: Hash;
}

/** One request from byte `start` on; returns how many bytes the file has then. */
async function receive(file: HubFile, url: string, start: number, to: Receiver): Promise<number> {
  const stalled = new AbortController();
  const watch = setTimeout(() => stalled.abort(new DOMException('no data for a minute', 'TimeoutError')), silence);
  try {
    const response = await fetch(url, {
      headers: {
        ...(to.token === undefined ? {} : { Authorization: `Bearer ${to.token}` }),
        ...(start > 0 ? { Range: `bytes=${start}-` } : {}),
        // Compressed answers would not have the bytes that ranges and hashes count.
        'Accept-Encoding': 'identity',
      },
      signal: AbortSignal.any([stalled.signal, ...(to.signal ? [to.signal] : [])]),
    });
    const expected = start > 0 ? 206 : 200;
    if (!response.ok || response.body === null) throw new DownloadError(response.status, file.path);
    let skip = response.status === expected ? 0 : start; // a server without ranges sends all again
    let done = start;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      watch.refresh();
      const bytes = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - bytes.length;
      if (done + bytes.length > file.size) throw tooLong(file);
      await writeFully(to.handle, bytes);
      to.digest.update(bytes);
      done += bytes.length;
      to.onBytes(done);
    }
    if (done < file.size) throw new TypeError('the connection was closed early', { cause: new Error('closed') });
    return done;
  } finally {
    clearTimeout(watch);
  }
}

/** Worth another try: the connection broke, or the server is busy. */
function isInterruption(error: unknown): boolean {
  if (error instanceof DownloadError) return error.status === 429 || error.status >= 500;
  return isNoNetwork(error);
}

/** sha256 of a large file, git's object hash of a small one, fed with what is there already. */
async function startDigest(file: HubFile, incomplete: string): Promise<Hash> {
  const digest = createHash(file.sha256 === undefined ? 'sha1' : 'sha256');
  if (file.sha256 === undefined) digest.update(`blob ${file.size}\0`);
  const size = await sizeOf(incomplete);
  if (size === undefined) return digest;
  if (size > file.size) await rm(incomplete);
  else for await (const chunk of createReadStream(incomplete) as AsyncIterable<Buffer>) digest.update(chunk);
  return digest;
}

async function checkDigest(file: HubFile, found: string, incomplete: string): Promise<void> {
  const expected = file.sha256 ?? file.gitHash;
  if (found === expected) return;
  await rm(incomplete, { force: true });
  throw problem(
    'models/hub-checksum',
    `${file.path} arrived damaged: its checksum is ${found.slice(0, 12)}…, but the hub says ${expected.slice(0, 12)}…. ` +
      'It was thrown away; start again to download it anew.',
  );
}

function tooLong(file: HubFile): Error {
  return problem('models/hub-checksum', `${file.path} is longer than the ${file.size} bytes that the hub says.`);
}

/**
 * The file to collect bytes in: the one that an earlier try left, unless another process is at it (a lock file with its
 * pid says so); then a new one that nobody else uses.
 */
async function ownIncomplete(blob: string): Promise<{ path: string; release: () => Promise<void> }> {
  const lock = `${blob}.lock`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      return { path: `${blob}.incomplete`, release: () => rm(lock, { force: true }) };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
      if (owner === process.pid || isProcessAlive(owner)) break;
      await rm(lock, { force: true });
    }
  }
  const own = `${blob}.${process.pid}-${serial++}.incomplete`;
  return { path: own, release: () => rm(own, { force: true }) };
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => found.size,
    () => undefined,
  );
}
