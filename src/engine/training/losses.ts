// Losses by row from the losses of the supervised tokens.

import type { PackedSequence } from '../../protocol/sequence.ts';
import type { HostArray } from '../executors/executor.ts';
import type { RowLoss } from '../session.ts';

/** nll [S] in nats → the sum for each row of the sequence. */
export function rowLosses(sequence: PackedSequence, nll: HostArray): RowLoss[] {
  const rows = sequence.sampleIds.map((sampleId) => ({ sampleId, lossSum: 0, trainedTokens: 0 }));
  sequence.lossPositions.forEach((position, i) => {
    const row = rows[sequence.segments[position]!]!;
    row.lossSum += nll[i]!;
    row.trainedTokens += 1;
  });
  return rows;
}

/** Sum of the losses, of how many it is, and number of trained tokens over rows. */
export function totalLoss(rows: readonly RowLoss[]): { lossSum: number; terms: number; trainedTokens: number } {
  let [lossSum, terms, trainedTokens] = [0, 0, 0];
  for (const row of rows) {
    lossSum += row.lossSum;
    terms += row.terms ?? row.trainedTokens;
    trainedTokens += row.trainedTokens;
  }
  return { lossSum, terms, trainedTokens };
}
