// sha256 of the data files as they are stored: part of the cache's key and of what run.json records.
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { readExclusions } from '../exclusions.ts';
import { rawBytes, readHead, type ByteStreamOptions } from '../read/fileBytes.ts';
import type { SourceFile } from '../sources.ts';

export interface HashedSource extends SourceFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** Rows that the file's sidecar leaves out. */
  readonly excluded: ReadonlySet<string>;
}

/** Reads all files once; `onBytes` counts over all of them. */
export async function hashSources(sources: readonly SourceFile[], options: ByteStreamOptions): Promise<HashedSource[]> {
  const hashed: HashedSource[] = [];
  let before = 0;
  for (const source of sources) {
    await readHead(source.file, source.shownAs, 1); // tells a missing file or a folder in words
    const { size, mtimeMs } = await stat(source.file);
    const hash = createHash('sha256');
    const onBytes = (read: number) => options.onBytes?.(before + read);
    for await (const chunk of rawBytes(source.file, source.shownAs, { signal: options.signal, onBytes }))
      hash.update(chunk);
    const excluded = await readExclusions(source.file);
    hashed.push({ ...source, sha256: hash.digest('hex'), bytes: size, modifiedMs: mtimeMs, excluded });
    before += size;
  }
  return hashed;
}

/** False when a file is no longer the one that was hashed. */
export async function isUnchanged(source: HashedSource): Promise<boolean> {
  const { size, mtimeMs } = await stat(source.file);
  return size === source.bytes && mtimeMs === source.modifiedMs;
}
