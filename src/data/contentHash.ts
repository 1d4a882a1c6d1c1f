// The hash of what a row says, apart from where it stands: the key by which rows are split and weighted.
import { createHash } from 'node:crypto';
import type { DataRecord } from './records.ts';

/** sha256 of the canonical record without its sample id: 32 bytes. Equal rows have equal hashes in any file and place. */
export function contentHash(record: DataRecord): Buffer {
  return createHash('sha256')
    .update(canonicalJson({ ...record, sampleId: undefined }))
    .digest();
}

/** A number in [0, 1) made of six bytes of a hash; `draw` 0 decides the split, 1 the weight, independently. */
export function hashFraction(hash: Uint8Array, draw: 0 | 1): number {
  let value = 0;
  for (let i = draw * 6; i < draw * 6 + 6; i += 1) value = value * 256 + hash[i]!;
  return value / 2 ** 48;
}

/** JSON with the names of objects sorted and absent members left out: the same text for the same value. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
