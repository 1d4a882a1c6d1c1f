// Turns packed rows into the inputs of a model's graph.

import type { PackedSequence } from '../../protocol/sequence.ts';
import type { RotaryTable } from '../architectures/context.ts';
import type { HostArray } from '../executors/executor.ts';
import type { DimBindings } from '../graph/dims.ts';
import { randomStream } from '../random.ts';
import { maskName } from './build.ts';
import type { ModelGraph } from './build.ts';

/** Large enough to vanish in a softmax, small enough never to overflow when added to. */
export const masked = -1e9;

export interface Feeds {
  readonly dims: DimBindings;
  readonly feeds: Map<string, HostArray>;
}

/**
 * Every input of `model` but the parameters, their norms and the dropout masks; logits are wanted at `lossPositions`.
 * Positions count from 0 in each row; the places of a prefix are counted before them here.
 */
export function sequenceFeeds(model: ModelGraph, sequence: Omit<PackedSequence, 'lossTargets' | 'sampleIds'>): Feeds {
  const { tokens, positions, segments, lossPositions } = sequence;
  const lengths = rowLengths(segments);
  const longest = Math.max(...lengths);
  const feeds = new Map<string, HostArray>([
    ['tokens', tokens],
    ['places', lossPositions],
  ]);
  const before = model.placesBefore;
  const counted = before === 0 ? positions : positions.map((position) => before + position);
  if (model.usesPositions) feeds.set('positions', counted);
  const { index, inverse } = rowGrid(segments, positions, lengths.length, longest);
  feeds.set('grid', index).set('gridInverse', inverse);
  for (const window of model.windows) feeds.set(maskName(window), attentionMask(lengths, longest, before, window));
  const lengthsByToken = segments.map((segment) => before + lengths[segment]!);
  for (const table of model.rotaryTables) {
    const { cos, sin } = rotaryAngles(table, counted, lengthsByToken);
    feeds.set(`cos:${table.key}`, cos).set(`sin:${table.key}`, sin);
  }
  const dims = { T: tokens.length, B: lengths.length, L: longest, S: lossPositions.length };
  return { dims, feeds };
}

function rowLengths(segments: Int32Array): number[] {
  const lengths: number[] = [];
  for (const segment of segments) lengths[segment] = (lengths[segment] ?? 0) + 1;
  return lengths;
}

/** The grid of `padRows`: which token lies where, and where each token lies. */
function rowGrid(
  segments: Int32Array,
  positions: Int32Array,
  rows: number,
  longest: number,
): { index: Int32Array; inverse: Int32Array } {
  const index = new Int32Array(rows * longest).fill(segments.length);
  const inverse = segments.map((segment, token) => segment * longest + positions[token]!);
  inverse.forEach((place, token) => (index[place] = token));
  return { index, inverse };
}

/** Additive mask [rows, 1, longest, before + longest]: 0 where a token may look, very negative elsewhere. */
function attentionMask(
  lengths: readonly number[],
  longest: number,
  before: number,
  window: number | undefined,
): Float32Array {
  const seen = before + longest;
  const mask = new Float32Array(lengths.length * longest * seen).fill(masked);
  const reach = window ?? seen;
  lengths.forEach((length, row) => {
    for (let i = 0; i < length; i++) {
      const start = (row * longest + i) * seen;
      mask.fill(0, start + Math.max(0, before + i - reach + 1), start + before + i + 1);
    }
  });
  return mask;
}

/**
 * Cosine and sine of each token's angles, [T, half]. `lengths` has the length of the row that each token belongs to:
 * tables that depend on it must not see a row's neighbours.
 */
export function rotaryAngles(
  table: RotaryTable,
  positions: Int32Array,
  lengths: Int32Array,
): { cos: Float32Array; sin: Float32Array } {
  const { half } = table;
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(cos.length);
  const scalings = new Map<number, Scaling>();
  positions.forEach((position, token) => {
    const length = lengths[token]!;
    const scaling = scalings.get(length) ?? scalingAt(table, length, scalings.values());
    scalings.set(length, scaling);
    const start = token * half;
    const same = scaling.known.get(position);
    if (same !== undefined) {
      cos.copyWithin(start, same, same + half);
      sin.copyWithin(start, same, same + half);
      return;
    }
    scaling.known.set(position, start);
    for (let i = 0; i < half; i++) {
      // transformers multiplies in float32, so the angle is rounded before the cosine is taken.
      const angle = Math.fround(position * Math.fround(scaling.frequencies[i]!));
      cos[start + i] = Math.cos(angle) * scaling.factor;
      sin[start + i] = Math.sin(angle) * scaling.factor;
    }
  });
  return { cos, sin };
}

interface Scaling {
  readonly frequencies: Float64Array;
  readonly factor: number;
  /** Where the angles of a position already stand. */
  readonly known: Map<number, number>;
}

/** Most tables are the same for all lengths; these share the angles found so far. */
function scalingAt(table: RotaryTable, length: number, others: Iterable<Scaling>): Scaling {
  const frequencies = table.inverseFrequencies(length);
  const factor = table.attentionFactor(length);
  for (const other of others) if (other.frequencies === frequencies && other.factor === factor) return other;
  return { frequencies, factor, known: new Map() };
}

/**
 * Dropout masks (1 = kept) for every adapted layer. They are windows, at random offsets, of one pool of random bytes:
 * drawing a byte for each feature of each layer would cost as much time as the layers themselves.
 */
export function dropoutFeeds(
  model: ModelGraph,
  tokens: number,
  rate: number,
  key: { readonly seed: number; readonly step: number; readonly sequence: number },
): Map<string, Uint8Array> {
  if (model.dropouts.size === 0) return new Map();
  const random = randomStream(key.seed, 'dropout', key.step, key.sequence);
  const largest = tokens * Math.max(...model.dropouts.values());
  const spare = Math.max(1 << 20, largest);
  const pool = new Uint8Array(largest + spare);
  const threshold = Math.round(rate * 0x10000);
  for (let i = 0; i < pool.length; i += 2) {
    const bits = random.bits();
    pool[i] = Number((bits & 0xffff) >= threshold);
    if (i + 1 < pool.length) pool[i + 1] = Number(bits >>> 16 >= threshold);
  }
  return new Map(
    [...model.dropouts].map(([name, width]) => {
      const offset = Math.floor(random.uniform() * spare);
      return [name, pool.subarray(offset, offset + tokens * width)];
    }),
  );
}
