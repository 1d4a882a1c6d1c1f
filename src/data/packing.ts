// Lays rows in sequences: several in one where they fit, never mixed, every trained token exactly once.
import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import type { PackedSequence } from '../protocol/sequence.ts';
import type { TokenisedRow } from './dataset.ts';

export interface PackingOptions {
  /** Tokens of a sequence; a longer row gets a sequence of its own. */
  readonly capacity: number;
  /** False: one row per sequence. */
  readonly packing: boolean;
  /**
   * Answers to one prompt, beside each other in the rows and in a sequence, have it computed once where no row of the
   * sequence has more tokens than this (default 0): then it counts once, and not against the capacity, of which their own
   * tokens take their part. Longer rows lie in sequences of their own.
   */
  readonly longestSharing?: number;
}

/** Rows that stay together, and what they take of a sequence. */
interface Bundle {
  readonly rows: readonly TokenisedRow[];
  /** Place of the first row among all. */
  readonly index: number;
  readonly size: number;
  /** Whether its rows share beginnings with others, which longer ones beside them would keep from it. */
  readonly shares: boolean;
}

/**
 * Tokens of a sequence at the most, whatever the rows of a step would fill. On a CPU engines are fastest at about this many
 * (docs/data.md). A GPU of the torch engine waits for small ones; with one mask over all rows larger ones cost attention.
 */
const mostTokens = { usual: 512, torchGpu: 2048 } as const;
const capacityStep = 64;

/**
 * Best-fit decreasing: the longest row first, each into the sequence that it fills best. Sequences come in the order of
 * their first rows and rows within one in the order given, so equal input gives equal output. Rows without tokens are
 * left out. Answers that share a prompt are laid like one row.
 */
export function packRows(rows: readonly TokenisedRow[], options: PackingOptions): PackedSequence[] {
  const filled = rows.filter((row) => row.tokens.length > 0);
  if (!options.packing) return filled.map((row) => laySequence([row]));
  const bundles = bundlesOf(filled, options);
  const bySize = bundles.toSorted((a, b) => b.size - a.size || a.index - b.index);
  const bins: { free: number; shares: boolean; members: Bundle[] }[] = [];
  for (const member of bySize) {
    const { size, shares } = member;
    let best: (typeof bins)[number] | undefined;
    for (const bin of bins) {
      if (bin.free >= size && bin.shares === shares && (best === undefined || bin.free < best.free)) best = bin;
    }
    if (best === undefined) {
      bins.push({ free: options.capacity - size, shares, members: [member] });
    } else {
      best.free -= size;
      best.members.push(member);
    }
  }
  const inOrder = bins.map((bin) => bin.members.sort((a, b) => a.index - b.index));
  inOrder.sort((a, b) => a[0]!.index - b[0]!.index);
  return inOrder.map((members) => laySequence(members.flatMap((member) => member.rows)));
}

/** How a run lays its rows: `capacity` undefined = one row a sequence. */
export function packingOf(capacity: number | undefined, longestSharing: number): PackingOptions {
  return { capacity: capacity ?? 0, packing: capacity !== undefined, longestSharing };
}

/** Answers to one prompt in the order given, as many together as have no more tokens of their own than the capacity. */
function bundlesOf(rows: readonly TokenisedRow[], { capacity, longestSharing = 0 }: PackingOptions): Bundle[] {
  const bundles: Bundle[] = [];
  let open: (Bundle & { rows: TokenisedRow[]; size: number; own: number }) | undefined;
  rows.forEach((row, index) => {
    const prompt = Math.max(0, row.mask.indexOf(1));
    const own = row.tokens.length - prompt;
    const bundle = { rows: [row], index, size: prompt + own, own, shares: longestSide(row) <= longestSharing };
    if (bundle.shares && open?.rows[0]!.sampleId === row.sampleId && open.own + own <= capacity) {
      open.rows.push(row);
      open.own += own;
      open.size += own;
      return;
    }
    bundles.push(bundle);
    if (bundle.shares) open = bundle;
  });
  return bundles;
}

/** Tokens of the row, or of the longer side of a pair. */
function longestSide(row: TokenisedRow): number {
  return Math.max(...sidesOf(row).map(({ from, to }) => to - from));
}

/**
 * A capacity that suits the rows of a step: enough for all of them together, as many tokens as suit what computes them at
 * the most, in steps of 64. `meanLength` in tokens.
 */
export function chooseCapacity(
  meanLength: number,
  rowsPerStep: number,
  { engine, device }: Pick<EffectiveConfig, 'engine' | 'device'>,
): number {
  const most = engine === 'torch' && device !== 'cpu' ? mostTokens.torchGpu : mostTokens.usual;
  const needed = Math.ceil((meanLength * rowsPerStep) / capacityStep) * capacityStep;
  return Math.max(capacityStep, Math.min(most, needed));
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
