// Finds a cache entry by its key or makes it: written beside its place and renamed, so that no half entry is ever seen.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { problem } from '../../protocol/problem.ts';
import { errorCode } from '../read/fileBytes.ts';
import { openCacheEntry, type CachedRows } from './cacheReader.ts';
import { CacheWriter } from './cacheWriter.ts';
import type { CacheSource } from './layout.ts';

const dayMs = 24 * 3600 * 1000;
/** Entries that no run has opened for so long are removed when a new one is made. */
const keepUnusedMs = 30 * dayMs;
/** Unfinished entries of processes that died are removed after this. */
const keepUnfinishedMs = dayMs;

/** Fills an entry and says what belongs into its meta.json. */
export type BuildEntry = (writer: CacheWriter) => Promise<{ sources: readonly CacheSource[]; extra: unknown }>;

/** An entry that is there and intact; undefined otherwise. Opening marks it as used. */
export async function findCached(cacheDirectory: string, key: string): Promise<CachedRows | undefined> {
  const folder = path.join(cacheDirectory, key);
  const rows = await openCacheEntry(folder, key);
  if (rows !== undefined) {
    const now = new Date();
    await utimes(folder, now, now).catch(() => undefined); // a read-only cache is fine
  }
  return rows;
}

/**
 * Makes the entry of `key`. Several processes may do so at once: the first to finish wins and the others use its
 * entry, which is equal. Throws `data/cache-unwritable` when the folder cannot be written.
 */
export async function buildCached(cacheDirectory: string, key: string, build: BuildEntry): Promise<CachedRows> {
  const folder = path.join(cacheDirectory, key);
  const unfinished = `${folder}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(unfinished, { recursive: true });
    await removeStale(cacheDirectory, Date.now());
    await fill(unfinished, key, build);
    await moveIntoPlace(unfinished, folder, key);
    const rows = await openCacheEntry(folder, key);
    if (rows === undefined)
      throw problem(
        'data/cache-unwritable',
        `The token cache entry ${folder} is damaged right after it was written. Check the disk.`,
      );
    return rows;
  } catch (error) {
    throw cacheProblem(error, cacheDirectory);
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined); // what stays is removed as stale
  }
}

async function fill(folder: string, key: string, build: BuildEntry): Promise<void> {
  const writer = new CacheWriter(folder);
  try {
    const { sources, extra } = await build(writer);
    writer.finish(key, sources, extra);
  } finally {
    writer.abandon();
  }
}

/** Renames the finished entry; an intact one of another process stays, a damaged one is replaced. */
async function moveIntoPlace(unfinished: string, folder: string, key: string): Promise<void> {
  try {
    await rename(unfinished, folder);
    return;
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM' && code !== 'EACCES') throw error;
  }
  const other = await openCacheEntry(folder, key);
  if (other !== undefined) {
    other.close();
    return;
  }
  const damaged = `${folder}.tmp-damaged-${randomBytes(4).toString('hex')}`;
  await rename(folder, damaged);
  await rename(unfinished, folder);
  await rm(damaged, { recursive: true, force: true });
}

async function removeStale(cacheDirectory: string, now: number): Promise<void> {
  for (const name of await readdir(cacheDirectory)) {
    const isEntry = /^[\da-f]{64}$/.test(name);
    if (!isEntry && !/^[\da-f]{64}\.tmp-/.test(name)) continue;
    const folder = path.join(cacheDirectory, name);
    const info = await stat(folder).catch(() => undefined);
    if (info === undefined || now - info.mtimeMs < (isEntry ? keepUnusedMs : keepUnfinishedMs)) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

function cacheProblem(error: unknown, folder: string): unknown {
  const code = errorCode(error);
  const hint = 'Set FINETUNE_CACHE to a folder with room.';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return problem(
      'data/cache-unwritable',
      `The disk is full: the token cache in ${folder} could not be written. Free some space, or: ${hint}`,
    );
  if (code !== undefined && ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'].includes(code))
    return problem('data/cache-unwritable', `The token cache in ${folder} cannot be written (${code}). ${hint}`);
  return error;
}
