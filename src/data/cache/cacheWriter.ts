// Writes a cache entry row by row into a folder; memory holds one buffer a file, however long the data is.
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import {
  binaryFiles,
  encodeRowRecord,
  layoutVersion,
  type BinaryFile,
  type CacheMeta,
  type CacheSource,
  type RowRecord,
} from './layout.ts';

const bufferBytes = 1 << 20;

/** A row to be stored; the writer knows its token offset. */
export interface StoredRow extends Omit<
  RowRecord,
  'tokenOffset' | 'length' | 'trainedTokens' | 'fieldsOffset' | 'fieldsLength'
> {
  readonly tokens: Int32Array;
  /** 1 = trained; one byte a token. */
  readonly mask: Uint8Array;
  /** JSON of the row's fields in UTF-8; empty where they are not kept. */
  readonly fields: Uint8Array;
}

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

  append(row: StoredRow): void {
    const { tokens, mask, fields } = row;
    this.files['tokens.bin'].write(Buffer.from(tokens.buffer, tokens.byteOffset, tokens.byteLength));
    this.files['mask.bin'].write(mask);
    this.files['fields.bin'].write(fields);
    const places = { tokenOffset: this.tokens, fieldsOffset: this.fieldBytes, fieldsLength: fields.length };
    this.files['rows.bin'].write(
      encodeRowRecord({ ...row, ...places, length: tokens.length, trainedTokens: countTrained(mask) }),
    );
    this.fieldBytes += fields.length;
    this.rows += 1;
    this.tokens += tokens.length;
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

/** Trained tokens of a row: the first one has nothing before it to be predicted from. */
export function countTrained(mask: Uint8Array): number {
  let count = 0;
  for (let t = 1; t < mask.length; t += 1) count += mask[t]!;
  return count;
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

  /** The data is copied: a caller may use its buffer again. */
  write(data: Uint8Array): void {
    this.pending.push(Uint8Array.from(data));
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
