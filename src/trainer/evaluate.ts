// The loss over the validation rows, in pieces, so that nothing large is held and a stop is heard.

import type { TokenisedDataset } from '../data/dataset.ts';
import { packingOf, packRows } from '../data/packing.ts';
import type { Observed, RowLoss, TrainingSession } from '../engine/session.ts';
import { totalLoss } from '../engine/training/losses.ts';
import type { RowReport } from '../protocol/events.ts';
import type { Control } from './control.ts';
import { joined } from './observed.ts';

export interface Evaluation {
  /** Mean over all terms: trained tokens (nats), or pairs. */
  readonly loss: number;
  readonly rows: number;
  readonly trainedTokens: number;
  readonly worstRows: readonly RowReport[];
  readonly observed: Observed;
}

/** Rows handed to the engine together. */
const rowsAtOnce = 8;

/** How many of the rows with the highest loss are reported. */
const worstCount = 10;

/** Evaluates every row once, in file order. Throws StopNow between and during pieces. */
export async function evaluate(
  session: TrainingSession,
  dataset: TokenisedDataset,
  capacity: number | undefined,
  control: Control,
): Promise<Evaluation> {
  let lossSum = 0;
  let terms = 0;
  let trainedTokens = 0;
  const observed: Observed[] = [];
  let worst: RowReport[] = [];
  for (let from = 0; from < dataset.length; from += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, dataset.length - from);
    const rows = Array.from({ length: count }, (_, i) => dataset.row(from + i));
    const sequences = packRows(rows, packingOf(capacity, session.info.longestSharing));
    const result = await control.interruptible(session.evaluate(sequences));
    const total = totalLoss(result.rows);
    lossSum += total.lossSum;
    terms += total.terms;
    trainedTokens += total.trainedTokens;
    observed.push(result.observed ?? {});
    worst = [...worst, ...result.rows.map(reportRow)].toSorted(byLoss).slice(0, worstCount);
  }
  const [loss, rows] = [lossSum / terms, dataset.length];
  return { loss, rows, trainedTokens, worstRows: worst, observed: joined(observed) };
}

/** A row's loss as events tell it: the mean over its terms. */
export function reportRow(row: RowLoss): RowReport {
  return { id: row.sampleId, loss: row.lossSum / (row.terms ?? row.trainedTokens), tokens: row.trainedTokens };
}

/** Worst first; a row whose loss is not a number is worse than any. */
function byLoss(a: RowReport, b: RowReport): number {
  return rank(b) - rank(a);
}

function rank(row: RowReport): number {
  return Number.isNaN(row.loss) ? Number.MAX_VALUE : Math.min(row.loss, Number.MAX_VALUE);
}
