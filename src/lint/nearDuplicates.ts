// Finds rows whose texts are alike, by locality-sensitive hashing of their MinHash signatures.
import type { FactColumns } from './facts.ts';
import { signatureSize } from './hash.ts';

/** Rows of at least this estimated likeness (Jaccard, of three-word runs) are reported. */
const threshold = 0.7;
/** Rows that agree in all numbers of one band are compared: 16 bands of 4 find a likeness of 0.8 in 99.98 % of cases. */
const bandSize = 4;
const bands = signatureSize / bandSize;
/** Comparisons of a row in a band, so that a file of boilerplate takes no longer than others. */
const mostCandidates = 8;

export interface Alike {
  readonly row: number;
  /** The earlier row. */
  readonly related: number;
  /** Estimated Jaccard likeness, from 0 to 1. */
  readonly likeness: number;
}

/** Rows between two breaths. */
const breath = 2 ** 11;

/**
 * For each row that is like an earlier one, the most alike of those compared; exact duplicates are left out. Undefined
 * now and then while it works: files of many rows take seconds.
 */
export function* nearDuplicates(facts: FactColumns): Generator<Alike | undefined, void> {
  const { rows, signatures, signed, hash } = facts;
  if (signatures.length === 0) return;
  const size = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * rows)));
  const related = new Int32Array(rows).fill(-1);
  const agreeing = new Uint8Array(rows);
  const heads = new Int32Array(size);
  const before = new Int32Array(rows);
  const hashes = new Int32Array(rows);
  for (let band = 0; band < bands; band += 1) {
    heads.fill(-1);
    for (let row = 0; row < rows; row += 1) {
      if (row % breath === 0) yield undefined;
      if (signed[row] === 0) continue;
      const own = bandHash(signatures, row, band);
      const slot = own & (size - 1);
      let other = heads[slot]!;
      for (let i = 0; other !== -1 && i < mostCandidates; i += 1, other = before[other]!) {
        if (hashes[other] !== own || hash[other] === hash[row]) continue;
        const same = agreement(signatures, row, other);
        if (same > agreeing[row]!) [agreeing[row], related[row]] = [same, other];
      }
      hashes[row] = own;
      before[row] = heads[slot]!;
      heads[slot] = row;
    }
  }
  for (let row = 0; row < rows; row += 1) {
    const likeness = agreeing[row]! / signatureSize;
    if (likeness >= threshold) yield { row, related: related[row]!, likeness };
  }
}

function bandHash(signatures: Uint16Array, row: number, band: number): number {
  let hash = 0;
  const from = row * signatureSize + band * bandSize;
  for (let i = from; i < from + bandSize; i += 1) hash = Math.imul(hash ^ signatures[i]!, 0x9e3779b1) ^ (hash >>> 15);
  return hash ^ (hash >>> 16);
}

function agreement(signatures: Uint16Array, a: number, b: number): number {
  let same = 0;
  for (let i = 0; i < signatureSize; i += 1)
    if (signatures[a * signatureSize + i] === signatures[b * signatureSize + i]) same += 1;
  return same;
}
