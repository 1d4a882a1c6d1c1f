// Lays rows in sequences: several in one where they fit, never mixed, every trained token exactly once.
import type { PackedSequence } from '../protocol/sequence.ts';
import type { TokenisedRow } from './dataset.ts';

export interface PackingOptions {
  /** Tokens of a sequence; a longer row gets a sequence of its own. */
  readonly capacity: number;
  /** False: one row per sequence. */
  readonly packing: boolean;
}

/** On a CPU the engine is fastest at about this many tokens a sequence (docs/data.md). */
const bestCapacity = 512;
const capacityStep = 64;

/**
 * Best-fit decreasing: the longest row first, each into the sequence that it fills best. Sequences come in the order of
 * their first rows and rows within one in the order given, so equal input gives equal output. Rows without tokens are
 * left out.
 */
export function packRows(rows: readonly TokenisedRow[], options: PackingOptions): PackedSequence[] {
  const filled = rows.map((row, index) => ({ row, index })).filter(({ row }) => row.tokens.length > 0);
  if (!options.packing) return filled.map(({ row }) => laySequence([row]));
  const byLength = [...filled].sort((a, b) => b.row.tokens.length - a.row.tokens.length || a.index - b.index);
  const bins: { free: number; members: typeof filled }[] = [];
  for (const member of byLength) {
    const length = member.row.tokens.length;
    let best: (typeof bins)[number] | undefined;
    for (const bin of bins) if (bin.free >= length && (best === undefined || bin.free < best.free)) best = bin;
    if (best === undefined) {
      bins.push({ free: options.capacity - length, members: [member] });
    } else {
      best.free -= length;
      best.members.push(member);
    }
  }
  const inOrder = bins.map((bin) => bin.members.sort((a, b) => a.index - b.index));
  inOrder.sort((a, b) => a[0]!.index - b[0]!.index);
  return inOrder.map((members) => laySequence(members.map(({ row }) => row)));
}

/**
 * A capacity that suits the rows of a step: enough for all of them together, at most 512 tokens, in steps of 64.
 * `meanLength` in tokens.
 */
export function chooseCapacity(meanLength: number, rowsPerStep: number): number {
  const needed = Math.ceil((meanLength * rowsPerStep) / capacityStep) * capacityStep;
  return Math.max(capacityStep, Math.min(bestCapacity, needed));
}

/**
 * Rows one after another. The token at place t ≥ 1 of a row, when trained, is predicted at place t − 1. The sides of a
 * pair are segments of their own, the chosen one first, both under the pair's name.
 */
function laySequence(rows: readonly TokenisedRow[]): PackedSequence {
  const length = rows.reduce((sum, row) => sum + row.tokens.length, 0);
  const tokens = new Int32Array(length);
  const positions = new Int32Array(length);
  const segments = new Int32Array(length);
  const lossPositions: number[] = [];
  const lossTargets: number[] = [];
  const sampleIds: string[] = [];
  let start = 0;
  for (const row of rows) {
    tokens.set(row.tokens, start);
    for (const { from, to } of sidesOf(row)) {
      for (let t = from; t < to; t += 1) {
        positions[start + t] = t - from;
        segments[start + t] = sampleIds.length;
        if (t === from || row.mask[t] === 0) continue;
        lossPositions.push(start + t - 1);
        lossTargets.push(row.tokens[t]!);
      }
      sampleIds.push(row.sampleId);
    }
    start += row.tokens.length;
  }
  return {
    tokens,
    positions,
    segments,
    lossPositions: Int32Array.from(lossPositions),
    lossTargets: Int32Array.from(lossTargets),
    sampleIds,
    ...(rows.some(({ worth }) => worth !== undefined)
      ? { worth: Float32Array.from(rows, ({ worth = 0 }) => worth) }
      : {}),
  };
}

function sidesOf({ tokens, rejectedFrom }: TokenisedRow): { from: number; to: number }[] {
  if (rejectedFrom === undefined) return [{ from: 0, to: tokens.length }];
  return [
    { from: 0, to: rejectedFrom },
    { from: rejectedFrom, to: tokens.length },
  ];
}
