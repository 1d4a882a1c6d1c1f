// Some rows of a text file as they lie there, in one piece of memory that can be given to another thread.
import type { RowPiece } from '../read/readRows.ts';

/** The place of a row; its bytes follow those of the row before it. */
export interface BatchedRow extends Omit<RowPiece, 'bytes'> {
  /** The row is too long to be read, and has no bytes here. */
  readonly isTooLong: boolean;
}

export interface RowBatch {
  readonly rows: readonly BatchedRow[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Bytes of rows at which a batch is full: a tenth of a second of work, and little beside the rest of the memory. */
const fullBytes = 256 * 1024;
const mostRows = 2000;

export class RowBatchWriter {
  private rows: BatchedRow[] = [];
  private parts: Buffer[] = [];
  private byteLength = 0;

  add({ bytes, byteLength, byteOffset, line, column, idColumn, last }: RowPiece): void {
    this.rows.push({ byteLength, byteOffset, line, column, idColumn, last, isTooLong: bytes === undefined });
    if (bytes === undefined) return;
    this.parts.push(bytes);
    this.byteLength += bytes.length;
  }

  get isEmpty(): boolean {
    return this.rows.length === 0;
  }

  get isFull(): boolean {
    return this.byteLength >= fullBytes || this.rows.length >= mostRows;
  }

  take(): RowBatch {
    const bytes = new Uint8Array(this.byteLength);
    let at = 0;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const batch = { rows: this.rows, bytes };
    [this.rows, this.parts, this.byteLength] = [[], [], 0];
    return batch;
  }
}

/** The rows of a batch one after the other. */
export function* piecesOf({ rows, bytes }: RowBatch): Generator<RowPiece, void> {
  const memory = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (const { isTooLong, ...place } of rows) {
    const end = isTooLong ? at : at + place.byteLength;
    yield { ...place, bytes: isTooLong ? undefined : memory.subarray(at, end) };
    at = end;
  }
}
