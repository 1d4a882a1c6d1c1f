// Writes a cache entry block by block into a folder; memory holds one buffer a file, however long the data is.
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import {
  binaryFiles,
  layoutVersion,
  placeRecords,
  type BinaryFile,
  type CacheMeta,
  type CacheSource,
} from './layout.ts';
import type { RowBlock } from './rowBlock.ts';

const bufferBytes = 1 << 20;

export class CacheWriter {
  private readonly folder: string;
  private readonly files: Readonly<Record<BinaryFile, HashedFile>>;
  private rows = 0;
  private tokens = 0;
  private fieldBytes = 0;

  constructor(folder: string) {
    this.folder = folder;
    const file = (name: BinaryFile) => new HashedFile(path.join(folder, name));
    this.files = {
      'tokens.bin': file('tokens.bin'),
      'mask.bin': file('mask.bin'),
      'fields.bin': file('fields.bin'),
      'rows.bin': file('rows.bin'),
    };
  }

  append({ rows, tokens, mask, fields, records }: RowBlock): void {
    placeRecords(records, this.tokens, this.fieldBytes);
    this.files['tokens.bin'].write(tokens);
    this.files['mask.bin'].write(mask);
    this.files['fields.bin'].write(fields);
    this.files['rows.bin'].write(records);
    this.rows += rows;
    this.tokens += mask.length;
    this.fieldBytes += fields.length;
  }

  /** Completes the entry: checksums and, last of all, meta.json. */
  finish(key: string, sources: readonly CacheSource[], extra: unknown): void {
    const sums = binaryFiles.map((name) => [name, this.files[name].finish()] as const);
    const files = Object.fromEntries(sums) as CacheMeta['files'];
    const meta: CacheMeta = { layout: layoutVersion, key, rows: this.rows, tokens: this.tokens, sources, files, extra };
    const text = JSON.stringify(meta);
    // The checksum of meta.json itself stands on a second line, so that a reader can verify before it parses.
    writeFileSync(path.join(this.folder, 'meta.json'), `${text}\n${sha256(text)}\n`);
  }

  /** Closes the files of an entry that will not be completed. */
  abandon(): void {
    for (const name of binaryFiles) this.files[name].close();
  }
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A file written through a buffer, with its checksum kept along the way. */
class HashedFile {
  private readonly hash = createHash('sha256');
  private descriptor: number | undefined;
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;
  private bytes = 0;

  constructor(file: string) {
    this.descriptor = openSync(file, 'wx');
  }

  /** The data is kept until it is written: nobody may change it. */
  write(data: Uint8Array): void {
    this.pending.push(data);
    this.pendingBytes += data.length;
    if (this.pendingBytes >= bufferBytes) this.flush();
  }

  finish(): { bytes: number; sha256: string } {
    this.flush();
    this.close();
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private flush(): void {
    const data = Buffer.concat(this.pending, this.pendingBytes);
    this.pending = [];
    this.pendingBytes = 0;
    this.hash.update(data);
    this.bytes += data.length;
    for (let at = 0; at < data.length && this.descriptor !== undefined;) at += writeSync(this.descriptor, data, at);
  }
}
