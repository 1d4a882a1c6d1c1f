// Documents as rows of tokens, laid in sequences of about equal length.
import type { TokenisedRow } from '../../src/data/dataset.ts';
import { packRows } from '../../src/data/packing.ts';
import type { Tokenizer } from '../../src/models/types.ts';
import type { PackedSequence } from '../../src/protocol/sequence.ts';
import { documentPieces } from './corpus.ts';

/** Each call of the result gives the next documents of a seed: `tokens` of them or a few more. */
export function documentRows(
  tokenizer: Tokenizer,
  seed: number,
): (tokens: number, perSequence: number) => PackedSequence[] {
  let next = 0;
  return (wanted, perSequence) => {
    const rows: TokenisedRow[] = [];
    for (let count = 0; count < wanted; next++) {
      const row = documentRow(tokenizer, seed, next);
      rows.push(row);
      count += row.tokens.length;
    }
    return packRows(rows, { capacity: perSequence, packing: true });
  };
}

function documentRow(tokenizer: Tokenizer, seed: number, index: number): TokenisedRow {
  const tokens: number[] = [];
  const mask: number[] = [];
  for (const { text, learned } of documentPieces(seed, index)) {
    const ids = tokenizer.encode(text, { addSpecialTokens: false });
    tokens.push(...ids);
    mask.push(...ids.map(() => (learned ? 1 : 0)));
  }
  return { sampleId: `document:${String(index)}`, tokens: Int32Array.from(tokens), mask: Uint8Array.from(mask) };
}
