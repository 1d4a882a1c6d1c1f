// Rows of tokens one behind the other, made by any thread, to be appended to a cache entry as a whole.
import { encodeRowRecord, rowRecordBytes, type RowRecord } from './layout.ts';

/** A row to be stored; its places in the files follow from the rows before it. */
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

/** What the files of an entry say of some rows, as bytes; the offsets in `records` count from the block's own start. */
export interface RowBlock {
  readonly rows: number;
  readonly tokens: Uint8Array<ArrayBuffer>;
  readonly mask: Uint8Array<ArrayBuffer>;
  readonly fields: Uint8Array<ArrayBuffer>;
  readonly records: Uint8Array<ArrayBuffer>;
}

/** Collects rows; the memory is used again for the next block. */
export class RowBlockWriter {
  private readonly tokens = new Bytes();
  private readonly mask = new Bytes();
  private readonly fields = new Bytes();
  private readonly records = new Bytes();

  append(row: StoredRow): void {
    const { tokens, mask, fields } = row;
    const places = { tokenOffset: this.mask.length, fieldsOffset: this.fields.length, fieldsLength: fields.length };
    this.records.add(encodeRowRecord({ ...row, ...places, length: tokens.length, trainedTokens: countTrained(mask) }));
    this.tokens.add(new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength));
    this.mask.add(mask);
    this.fields.add(fields);
  }

  /** Bytes collected so far. */
  get byteLength(): number {
    return this.tokens.length + this.mask.length + this.fields.length + this.records.length;
  }

  /** The rows collected since the last call. */
  take(): RowBlock {
    const rows = this.records.length / rowRecordBytes;
    const [tokens, mask, fields, records] = [this.tokens, this.mask, this.fields, this.records].map((bytes) =>
      bytes.take(),
    ) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
    return { rows, tokens, mask, fields, records };
  }
}

/** Trained tokens of a row: the first one has nothing before it to be predicted from. */
export function countTrained(mask: Uint8Array): number {
  let count = 0;
  for (let t = 1; t < mask.length; t += 1) count += mask[t]!;
  return count;
}

/** Bytes that grow. */
class Bytes {
  length = 0;
  private memory = new Uint8Array(1 << 12);

  add(bytes: Uint8Array): void {
    const end = this.length + bytes.length;
    if (end > this.memory.length) {
      const grown = new Uint8Array(2 * end);
      grown.set(this.memory.subarray(0, this.length));
      this.memory = grown;
    }
    this.memory.set(bytes, this.length);
    this.length = end;
  }

  take(): Uint8Array<ArrayBuffer> {
    const taken = this.memory.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}
