// Where the rows of JSON Lines lie: every few rows a mark, so that a gigabyte of rows costs kilobytes of memory.

/** The start of a row. */
export interface RowMark {
  /** From 0. */
  readonly row: number;
  /** Byte offset in the text. */
  readonly offset: number;
  /** Line of the file, from 1: blank lines are no rows. */
  readonly line: number;
}

/** A mark at least every so many rows, and every so many bytes: what has to be read to find any one row. */
const rowsBetween = 64;
const bytesBetween = 128 * 1024;

const newline = 0x0a;

/** Built from chunks in order; asked for marks at any time. Lines of spaces, tabs and `\r` are counted, but are no rows. */
export class LineIndex {
  private readonly rows: number[] = [];
  private readonly offsets: number[] = [];
  private readonly lines: number[] = [];
  private scanned: number;
  private line = 1;
  private count = 0;
  /** Offset of the line that the last chunk ended in, and whether something stands on it already. */
  private lineStart: number;
  private isOpen = false;

  /** `origin`: offset of the first byte, 3 after a byte order mark. */
  constructor(origin: number) {
    this.scanned = origin;
    this.lineStart = origin;
  }

  /** Rows that are known, the unfinished last one included. */
  get rowCount(): number {
    return this.count + (this.isOpen ? 1 : 0);
  }

  /** Bytes that have been looked at: the end of the text when all of it has been added. */
  get end(): number {
    return this.scanned;
  }

  /** Where the last line starts that is not ended by a line break. */
  get openLine(): number {
    return this.lineStart;
  }

  add(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      if (this.isOpen || hasText(chunk, from, at)) this.closeRow();
      from = at + 1;
      this.line += 1;
      this.lineStart = this.scanned + from;
      this.isOpen = false;
    }
    if (!this.isOpen && hasText(chunk, from, chunk.length)) this.isOpen = true;
    this.scanned += chunk.length;
  }

  /** The last mark at or before a row. */
  markBefore(row: number): RowMark {
    return this.markAt(lastAtMost(this.rows, row));
  }

  /** The last mark at or before a line. */
  markBeforeLine(line: number): RowMark {
    return this.markAt(lastAtMost(this.lines, line));
  }

  private markAt(index: number): RowMark {
    if (index < 0) return { row: 0, offset: this.offsets[0] ?? this.lineStart, line: this.lines[0] ?? this.line };
    return { row: this.rows[index]!, offset: this.offsets[index]!, line: this.lines[index]! };
  }

  private closeRow(): void {
    const last = this.rows.length - 1;
    const isFar =
      last < 0 || this.count - this.rows[last]! >= rowsBetween || this.lineStart - this.offsets[last]! >= bytesBetween;
    if (isFar) {
      this.rows.push(this.count);
      this.offsets.push(this.lineStart);
      this.lines.push(this.line);
    }
    this.count += 1;
  }
}

/** Whether anything but white space stands in bytes [from, to). Nearly always told by the first byte. */
export function hasText(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) {
    const byte = bytes[i]!;
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return true;
  }
  return false;
}

/** Index of the last number that is at most `value` in an ascending list; -1 when there is none. */
function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
