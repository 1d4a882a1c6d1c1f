// The layout of a tokenised cache entry, shared with other engines: docs/data.md describes it byte by byte.
import type { FileKind } from '../read/row.ts';

/** Raised when the layout changes. Part of the key of every entry. */
export const layoutVersion = 3;

/** Files of an entry. `meta.json` is written last and holds the checksums of the others. */
export const binaryFiles = ['tokens.bin', 'mask.bin', 'fields.bin', 'rows.bin'] as const;
export type BinaryFile = (typeof binaryFiles)[number];

/** Bytes of one record of rows.bin. */
export const rowRecordBytes = 88;

/** What rows.bin keeps of a row, in the order of its fields (all little-endian). */
export interface RowRecord {
  /** First token in tokens.bin and mask.bin, in tokens. uint64 at 0. */
  readonly tokenOffset: number;
  /** Byte offset of the row in its (unpacked) file. uint64 at 8. */
  readonly byteOffset: number;
  /** Tokens. uint32 at 16. */
  readonly length: number;
  /** Trained tokens. uint32 at 20. */
  readonly trainedTokens: number;
  /** Index into `sources` of meta.json. uint32 at 24. */
  readonly source: number;
  /** Line, or row number in Parquet, from 1. uint32 at 28. */
  readonly line: number;
  /** Column that is part of the sample id; 0 = none. uint32 at 32. */
  readonly idColumn: number;
  /** Of a pair: its token with which the rejected side begins; 0 = no pair. uint32 at 36. */
  readonly rejectedFrom: number;
  /** sha256 of the canonical record. 32 bytes at 40. */
  readonly hash: Uint8Array;
  /** First byte of its fields in fields.bin. uint64 at 72. */
  readonly fieldsOffset: number;
  /** Bytes of its fields; 0 = they are not kept. uint32 at 80. Bytes 84–87 are zero. */
  readonly fieldsLength: number;
}

export interface CacheSource {
  /** Path relative to the config file, as in sample ids. */
  readonly path: string;
  readonly kind: FileKind;
}

/** meta.json. */
export interface CacheMeta {
  readonly layout: number;
  readonly key: string;
  readonly rows: number;
  readonly tokens: number;
  readonly sources: readonly CacheSource[];
  readonly files: Readonly<Record<BinaryFile, { readonly bytes: number; readonly sha256: string }>>;
  /** What the maker wants to find again: the report of the preparation. */
  readonly extra: unknown;
}

export function encodeRowRecord(row: RowRecord): Buffer {
  const bytes = Buffer.alloc(rowRecordBytes);
  bytes.writeBigUInt64LE(BigInt(row.tokenOffset), 0);
  bytes.writeBigUInt64LE(BigInt(row.byteOffset), 8);
  bytes.writeUInt32LE(row.length, 16);
  bytes.writeUInt32LE(row.trainedTokens, 20);
  bytes.writeUInt32LE(row.source, 24);
  bytes.writeUInt32LE(row.line, 28);
  bytes.writeUInt32LE(row.idColumn, 32);
  bytes.writeUInt32LE(row.rejectedFrom, 36);
  bytes.set(row.hash, 40);
  bytes.writeBigUInt64LE(BigInt(row.fieldsOffset), 72);
  bytes.writeUInt32LE(row.fieldsLength, 80);
  return bytes;
}

/** Moves the places of records that count from the start of their block behind the tokens and fields before it. */
export function placeRecords(records: Uint8Array, tokensBefore: number, fieldBytesBefore: number): void {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  for (let at = 0; at < records.length; at += rowRecordBytes) {
    view.setBigUint64(at, view.getBigUint64(at, true) + BigInt(tokensBefore), true);
    view.setBigUint64(at + 72, view.getBigUint64(at + 72, true) + BigInt(fieldBytesBefore), true);
  }
}

export function decodeRowRecord(bytes: Buffer): RowRecord {
  return {
    tokenOffset: Number(bytes.readBigUInt64LE(0)),
    byteOffset: Number(bytes.readBigUInt64LE(8)),
    length: bytes.readUInt32LE(16),
    trainedTokens: bytes.readUInt32LE(20),
    source: bytes.readUInt32LE(24),
    line: bytes.readUInt32LE(28),
    idColumn: bytes.readUInt32LE(32),
    rejectedFrom: bytes.readUInt32LE(36),
    hash: bytes.subarray(40, 72),
    fieldsOffset: Number(bytes.readBigUInt64LE(72)),
    fieldsLength: bytes.readUInt32LE(80),
  };
}
