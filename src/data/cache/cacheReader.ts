// Opens a cache entry: verified first, then random access to its rows with only their index in memory.
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { hashFraction } from '../contentHash.ts';
import { isObject } from '../formats/fields.ts';
import { sampleIdOf } from '../read/row.ts';
import { sha256 } from './cacheWriter.ts';
import { binaryFiles, decodeRowRecord, layoutVersion, rowRecordBytes, type CacheMeta } from './layout.ts';

/** Rows of an open entry. Reading is synchronous: a row is a few kilobytes, mostly in the page cache. */
export interface CachedRows {
  readonly length: number;
  readonly extra: unknown;
  /** sha256 of all tokens and of all masks. */
  readonly hashes: { readonly tokens: string; readonly mask: string };
  tokens(row: number): Int32Array;
  mask(row: number): Uint8Array;
  tokenCount(row: number): number;
  trainedCount(row: number): number;
  /** The row's own fields, where they were kept. */
  fields(row: number): Readonly<Record<string, unknown>> | undefined;
  /** Of a pair: its token with which the rejected side begins; 0 = no pair. */
  rejectedFrom(row: number): number;
  source(row: number): number;
  sampleId(row: number): string;
  /** Fractions of the content hash for split (0) and weight (1). */
  fractions(draw: 0 | 1): Float64Array;
  close(): void;
}

/** The entry in `folder`; undefined when it is absent, incomplete, damaged or of another key. */
export async function openCacheEntry(folder: string, key: string): Promise<CachedRows | undefined> {
  const meta = await readMeta(folder);
  if (meta?.key !== key) return undefined;
  for (const name of binaryFiles) if (!(await isIntact(path.join(folder, name), meta.files[name]))) return undefined;
  if (meta.files['rows.bin'].bytes !== meta.rows * rowRecordBytes) return undefined;
  return openRows(folder, meta, await readFile(path.join(folder, 'rows.bin')));
}

function openRows(folder: string, meta: CacheMeta, index: Buffer): CachedRows {
  const tokenFile = openSync(path.join(folder, 'tokens.bin'), 'r');
  const maskFile = openSync(path.join(folder, 'mask.bin'), 'r');
  const fieldsFile = openSync(path.join(folder, 'fields.bin'), 'r');
  const record = (row: number) => {
    if (!(row >= 0 && row < meta.rows)) throw new RangeError(`row ${row} of ${meta.rows}`);
    return decodeRowRecord(index.subarray(row * rowRecordBytes, (row + 1) * rowRecordBytes));
  };
  return {
    length: meta.rows,
    extra: meta.extra,
    hashes: { tokens: meta.files['tokens.bin'].sha256, mask: meta.files['mask.bin'].sha256 },
    tokens(row) {
      const { tokenOffset, length } = record(row);
      const bytes = new Uint8Array(length * 4);
      readFully(tokenFile, bytes, tokenOffset * 4);
      return new Int32Array(bytes.buffer);
    },
    mask(row) {
      const { tokenOffset, length } = record(row);
      const bytes = new Uint8Array(length);
      readFully(maskFile, bytes, tokenOffset);
      return bytes;
    },
    fields(row) {
      const { fieldsOffset, fieldsLength } = record(row);
      if (fieldsLength === 0) return undefined;
      const bytes = new Uint8Array(fieldsLength);
      readFully(fieldsFile, bytes, fieldsOffset);
      const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
      return isObject(value) ? value : undefined;
    },
    tokenCount: (row) => index.readUInt32LE(row * rowRecordBytes + 16),
    trainedCount: (row) => index.readUInt32LE(row * rowRecordBytes + 20),
    rejectedFrom: (row) => index.readUInt32LE(row * rowRecordBytes + 36),
    source: (row) => index.readUInt32LE(row * rowRecordBytes + 24),
    sampleId(row) {
      const { source, line, idColumn } = record(row);
      const { kind, path: file } = meta.sources[source]!;
      return sampleIdOf(kind, file, line, idColumn);
    },
    fractions: (draw) => Float64Array.from({ length: meta.rows }, (_, row) => hashFraction(record(row).hash, draw)),
    close() {
      closeSync(tokenFile);
      closeSync(maskFile);
      closeSync(fieldsFile);
    },
  };
}

function readFully(descriptor: number, into: Uint8Array, position: number): void {
  let done = 0;
  while (done < into.length) {
    const read = readSync(descriptor, into, done, into.length - done, position + done);
    if (read === 0) throw new RangeError('the cache entry became shorter while it was open');
    done += read;
  }
}

async function readMeta(folder: string): Promise<CacheMeta | undefined> {
  const text = await readFile(path.join(folder, 'meta.json'), 'utf8').catch(() => undefined);
  const [json, checksum] = text?.split('\n') ?? [];
  if (json === undefined || checksum !== sha256(json)) return undefined;
  const meta: unknown = JSON.parse(json);
  return isMeta(meta) ? meta : undefined;
}

/** The checksum has shown that the text is as it was written; this shows that it was written by this layout. */
function isMeta(value: unknown): value is CacheMeta {
  if (!isObject(value) || value.layout !== layoutVersion || !isObject(value.files)) return false;
  const { files } = value;
  const hasFile = (name: string) =>
    isObject(files[name]) && typeof files[name].bytes === 'number' && typeof files[name].sha256 === 'string';
  return (
    typeof value.key === 'string' &&
    typeof value.rows === 'number' &&
    Array.isArray(value.sources) &&
    binaryFiles.every(hasFile)
  );
}

async function isIntact(file: string, expected: { bytes: number; sha256: string }): Promise<boolean> {
  const info = await stat(file).catch(() => undefined);
  if (info?.size !== expected.bytes) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
    hash.update(chunk);
  return hash.digest('hex') === expected.sha256;
}
