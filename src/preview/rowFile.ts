// A data file of any size as rows by number: indexed in the background, read a few rows at a time, followed as it grows.
import { mkdtemp, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ArraySplitter } from '../data/read/arraySplitter.ts';
import { fileProblem, rawBytes } from '../data/read/fileBytes.ts';
import { sniffFile } from '../data/read/fileKind.ts';
import { ArrayIndex } from './arrayIndex.ts';
import { hasText, LineIndex } from './lineIndex.ts';

/** `csv` and `parquet` are read into a temporary JSON Lines file, and so is what is gzipped. */
export type RowFileKind = 'lines' | 'array' | 'csv' | 'parquet';

/** The bytes of a row; of one longer than `largestRow` only the beginning. */
export interface RowBytes {
  /** From 0. */
  readonly row: number;
  readonly bytes: Buffer;
  readonly byteLength: number;
  /** Line, or row number in Parquet, from 1. */
  readonly line: number;
  /** UTF-16 column at which the row starts, from 1. */
  readonly column: number;
}

/** Longer rows are told, not read. */
export const largestRow = 64 * 2 ** 20;

const chunkBytes = 4 * 2 ** 20;
/** The first look reads little, so that the first rows are there at once. */
const firstChunkBytes = 256 * 1024;

export class RowFile {
  readonly file: string;
  readonly shownAs: string;
  readonly kind: RowFileKind;
  readonly isGzip: boolean;
  /** Bytes of the stored file. */
  size: number;
  /** Bytes of the stored file that the index has got to. */
  indexedBytes = 0;
  isIndexed = false;
  private readonly textStart: number;
  private readonly lineIndex: LineIndex;
  private readonly arrayIndex = new ArrayIndex();
  /** Lines of the original of rows that lie in a temporary file. */
  private readonly originalLines: number[] = [];
  private handle: FileHandle | undefined;
  private scratch: string | undefined;
  private modified = 0;
  /** The last bytes that are known, by which an addition is told from another content. */
  private tail: Buffer | undefined;

  private constructor(file: string, shownAs: string, kind: RowFileKind, isGzip: boolean, textStart: number) {
    this.file = file;
    this.shownAs = shownAs;
    this.kind = kind;
    this.isGzip = isGzip;
    this.textStart = textStart;
    this.lineIndex = new LineIndex(this.isCopied ? 0 : textStart);
    this.size = 0;
  }

  /** Looks at the first bytes only. Throws a ProblemError for what is no dataset. */
  static async open(file: string, shownAs: string): Promise<RowFile> {
    const made = await this.sniffed(file, shownAs);
    const { size, mtimeMs } = await stat(file);
    made.size = size;
    made.modified = mtimeMs;
    if (!made.isCopied) made.handle = await open(file, 'r');
    return made;
  }

  private static async sniffed(file: string, shownAs: string): Promise<RowFile> {
    if (/\.(?:csv|tsv)$/i.test(file)) return new RowFile(file, shownAs, 'csv', false, 0);
    const { kind, gzip, textStart } = await sniffFile(file, shownAs);
    return new RowFile(file, shownAs, kind, gzip, textStart);
  }

  get rowCount(): number {
    return this.isArray ? this.arrayIndex.rowCount : this.lineIndex.rowCount;
  }

  /** Each row's place is known: rows of a plain JSON array. */
  private get isArray(): boolean {
    return this.kind === 'array' && !this.isGzip;
  }

  /** Rows are read from a temporary copy. */
  private get isCopied(): boolean {
    return this.isGzip || this.kind === 'csv' || this.kind === 'parquet';
  }

  /** Builds the index; `onProgress` is called after each piece. Throws the signal's reason, or what is wrong with the file. */
  async index(onProgress: () => void, signal: AbortSignal): Promise<void> {
    try {
      if (this.isCopied) await this.copyAndIndex(onProgress, signal);
      else if (this.kind === 'array') await this.indexArray(onProgress, signal);
      else await this.indexLines(onProgress, signal);
    } catch (error) {
      throw fileProblem(error, this.shownAs);
    }
    await this.remember();
    this.isIndexed = true;
    onProgress();
  }

  /**
   * Looks whether the file has changed: `grown` when bytes were added behind what was known (those are indexed),
   * `other` when it has to be opened anew.
   */
  async follow(signal: AbortSignal): Promise<'same' | 'grown' | 'other'> {
    const found = await stat(this.file).catch(() => undefined);
    if (found === undefined) return 'other';
    if (found.size === this.size && found.mtimeMs === this.modified) return 'same';
    const before = this.size;
    this.modified = found.mtimeMs;
    if (this.kind !== 'lines' || this.isGzip || found.size <= before || !this.isIndexed) return 'other';
    if (!(await this.isKeptBefore(before))) return 'other';
    this.size = found.size;
    await this.indexLines(() => undefined, signal);
    await this.remember();
    return 'grown';
  }

  /** Rows [from, from + count) that are known so far. */
  async read(from: number, count: number): Promise<RowBytes[]> {
    const until = Math.min(this.rowCount, from + count);
    if (from >= until || this.handle === undefined) return [];
    if (this.isArray) return this.readElements(from, until);
    const { row, offset, line } = this.lineIndex.markBefore(from);
    const found: RowBytes[] = [];
    for await (const each of linesFrom(this.handle, offset, this.lineIndex.end, { row, line })) {
      if (each.row >= until) break;
      if (each.row >= from) found.push(this.lineOf(each));
      if (each.row === until - 1) break;
    }
    return found;
  }

  /** Every row in order, as far as it is indexed when it is asked for. */
  async *rows(signal: AbortSignal): AsyncGenerator<RowBytes> {
    if (this.handle === undefined) return;
    const count = this.rowCount;
    if (this.isArray) {
      for (let from = 0; from < count; from += 64) {
        signal.throwIfAborted();
        for (const row of await this.readElements(from, Math.min(count, from + 64))) yield row;
      }
      return;
    }
    const start = this.lineIndex.markBefore(0);
    for await (const row of linesFrom(this.handle, start.offset, this.lineIndex.end, start)) {
      signal.throwIfAborted();
      if (row.row >= count) return;
      yield this.lineOf(row);
    }
  }

  /** The row on a line, or the last one before it. */
  async rowOfLine(line: number): Promise<number> {
    if (this.isArray) return this.arrayIndex.rowOfLine(line);
    if (this.originalLines.length > 0) {
      const next = this.originalLines.findIndex((each) => each > line);
      return Math.max(0, (next === -1 ? this.originalLines.length : next) - 1);
    }
    const mark = this.lineIndex.markBeforeLine(line);
    let found = mark.row;
    if (this.handle)
      for await (const row of linesFrom(this.handle, mark.offset, this.lineIndex.end, mark)) {
        if (row.line > line) break;
        found = row.row;
      }
    return found;
  }

  async close(): Promise<void> {
    await this.handle?.close().catch(() => undefined);
    this.handle = undefined;
    if (this.scratch !== undefined) await rm(this.scratch, { recursive: true, force: true });
  }

  private async remember(): Promise<void> {
    if (this.handle && !this.isCopied) this.tail = await tailOf(this.handle, this.size);
  }

  /** Follows appended bytes too: begins where the index has ended. */
  private async indexLines(onProgress: () => void, signal: AbortSignal): Promise<void> {
    // One buffer is filled while the other is looked at.
    const buffers = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)] as const;
    const handle = this.handle!;
    const readInto = (buffer: Buffer, length: number, at: number) => handle.read(buffer, 0, length, at);
    const length = this.lineIndex.rowCount === 0 ? firstChunkBytes : chunkBytes;
    let next = readInto(buffers[0], length, this.lineIndex.end);
    for (let turn = 0; this.lineIndex.end < this.size; turn += 1) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) break;
      const end = this.lineIndex.end + bytesRead;
      if (end < this.size) next = readInto(buffers[(turn + 1) % 2]!, chunkBytes, end);
      // Whoever gives up here must not leave a failed reading behind that nobody waits for.
      next.catch(() => undefined);
      signal.throwIfAborted();
      this.lineIndex.add(buffer.subarray(0, bytesRead));
      this.indexedBytes = this.lineIndex.end;
      onProgress();
      await setImmediate(); // a question for rows may stand in line
    }
  }

  private async indexArray(onProgress: () => void, signal: AbortSignal): Promise<void> {
    const splitter = new ArraySplitter(this.shownAs, largestRow, this.textStart);
    let toSkip = this.textStart;
    const add = (pieces: ReturnType<ArraySplitter['push']>): void => {
      for (const { byteOffset, byteLength, line, column } of pieces)
        this.arrayIndex.add({ offset: byteOffset, length: byteLength, line, column });
    };
    const progress = { signal, onBytes: (read: number) => (this.indexedBytes = read) };
    for await (const chunk of rawBytes(this.file, this.shownAs, progress)) {
      const text = chunk.subarray(toSkip);
      toSkip -= chunk.length - text.length;
      add(splitter.push(text));
      onProgress();
      await setImmediate();
    }
    add(splitter.end());
  }

  /** Reads into a temporary JSON Lines file, indexed as it is written. */
  private async copyAndIndex(onProgress: () => void, signal: AbortSignal): Promise<void> {
    // Readers of packed and of Parquet files are large: only who needs them loads them.
    const { copiedRows } = await import('./copiedRows.ts');
    this.scratch = await mkdtemp(path.join(tmpdir(), 'finetune-preview-'));
    this.handle = await open(path.join(this.scratch, 'rows.jsonl'), 'w+');
    const { file, shownAs, kind, isGzip, textStart } = this;
    const options = { signal, onBytes: (read: number) => (this.indexedBytes = read) };
    const source = { file, shownAs, kind, isGzip, textStart, largestRow };
    for await (const { bytes, lines } of copiedRows(source, options)) {
      await this.handle.write(bytes, 0, bytes.length, this.lineIndex.end);
      for (const line of lines) this.originalLines.push(line);
      this.lineIndex.add(bytes);
      onProgress();
    }
  }

  private async readElements(from: number, until: number): Promise<RowBytes[]> {
    const found: RowBytes[] = [];
    for (let row = from; row < until; row += 1) {
      const place = this.arrayIndex.place(row);
      if (!place || !this.handle) break;
      const bytes = Buffer.allocUnsafe(Math.min(place.length, largestRow));
      const { bytesRead } = await this.handle.read(bytes, 0, bytes.length, place.offset);
      const { length, line, column } = place;
      found.push({ row, bytes: bytes.subarray(0, bytesRead), byteLength: length, line, column });
    }
    return found;
  }

  /** Whether the file is still the one that is open, and the bytes before `end` are those that were there. */
  private async isKeptBefore(end: number): Promise<boolean> {
    if (!this.handle || !this.tail) return false;
    const [now, opened] = await Promise.all([stat(this.file), this.handle.stat()]);
    return now.ino === opened.ino && this.tail.equals(await tailOf(this.handle, end));
  }

  private lineOf(row: RowBytes): RowBytes {
    return this.originalLines.length === 0 ? row : { ...row, line: this.originalLines[row.row] ?? row.line };
  }
}

async function tailOf(handle: FileHandle, end: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min(end, 4096));
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, end - bytes.length);
  return bytes.subarray(0, bytesRead);
}

/** Rows of JSON Lines from a mark on, in reads of growing size. */
async function* linesFrom(
  handle: FileHandle,
  offset: number,
  end: number,
  first: { readonly row: number; readonly line: number },
): AsyncGenerator<RowBytes> {
  let { row, line } = first;
  let at = offset;
  let size = 64 * 1024;
  let rest: Buffer[] = [];
  let restLength = 0;
  const rowOf = (): RowBytes => {
    const bytes = rest.length === 1 ? rest[0]! : Buffer.concat(rest);
    const found = { row, bytes: trimmed(bytes), byteLength: restLength, line, column: 1 };
    return found;
  };
  const keep = (part: Buffer): void => {
    if (restLength <= largestRow) rest.push(part);
    restLength += part.length;
  };
  while (at < end) {
    const chunk = Buffer.allocUnsafe(Math.min(size, end - at));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    size = Math.min(chunkBytes, size * 2);
    const text = chunk.subarray(0, bytesRead);
    let from = 0;
    for (let to = text.indexOf(0x0a); to !== -1; to = text.indexOf(0x0a, from)) {
      keep(text.subarray(from, to));
      if (rest.some((part) => hasText(part, 0, part.length))) {
        yield rowOf();
        row += 1;
      }
      rest = [];
      restLength = 0;
      line += 1;
      from = to + 1;
    }
    if (from < text.length) keep(text.subarray(from));
  }
  if (rest.some((part) => hasText(part, 0, part.length))) yield rowOf();
}

/** Without a carriage return at its end. */
function trimmed(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
}
