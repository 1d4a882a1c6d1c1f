// How the list of excluded rows names a row (data/exclusions.ts): by what it says, since lines move.
import { createHash } from 'node:crypto';
import { canonicalJson } from './contentHash.ts';

/** Name of a row by all that it says: it stays the same when the row moves, and ends when the row is changed. */
export function exclusionId(value: Readonly<Record<string, unknown>>): string {
  return shortHash(canonicalJson(value));
}

/** Name of a row that cannot be read, by its bytes. */
export function brokenRowId(bytes: Uint8Array): string {
  return shortHash(Buffer.from(bytes).toString('latin1').trim());
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
