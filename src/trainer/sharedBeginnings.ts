// Tokens that rows of a sequence begin with in common, which the torch engine computes once (docs/decisions/shared-beginnings.md).

import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import { sequenceSize, type SequenceSize } from '../engine/costs.ts';
import type { PackedSequence } from '../protocol/sequence.ts';

/** Fewer tokens in common are computed in each row: SHORTEST_SHARED of the worker (layout.py). */
const shortestShared = 8;

/**
 * Tokens of the longest row with which a run will share beginnings, as far as its config and the model's tell (0: it will
 * not share); its session says how it really is.
 */
export function expectedSharing(
  { engine, device, method, lora }: Pick<EffectiveConfig, 'engine' | 'device' | 'method' | 'lora'>,
  modelConfig: Readonly<Record<string, unknown>>,
): number {
  const shares = engine === 'torch' && device === 'cpu' && method !== 'prefix' && (lora?.dropout ?? 0) === 0;
  const isCapped = typeof modelConfig['attn_logit_softcapping'] === 'number';
  if (!shares || isCapped) return 0;
  const window = modelConfig['use_sliding_window'] === false ? undefined : modelConfig['sliding_window'];
  return typeof window === 'number' ? window : Infinity;
}

/** A sequence as far as it is computed: each beginning once where no row is longer than `longestSharing`. */
export function computedSize(sequence: PackedSequence, longestSharing = 0): SequenceSize {
  const size = sequenceSize(sequence);
  return size.longestRow <= longestSharing ? { ...size, tokens: size.tokens - sharedTokens(sequence) } : size;
}

/** Tokens of a sequence that are not computed, since an earlier row of it begins with them. */
export function sharedTokens({ tokens, positions, lossPositions }: PackedSequence): number {
  const starts = Array.from(positions.keys()).filter((place) => positions[place] === 0);
  const rows = starts.map((start, i) => {
    const end = starts[i + 1] ?? tokens.length;
    const trained = lossPositions.find((place) => place >= start) ?? end;
    return { start, end, most: Math.min(trained, end - 1) - start };
  });
  return rows.reduce((sum, row, i) => {
    const alike = rows.slice(0, i).map((earlier) => {
      const most = Math.min(row.most, earlier.end - earlier.start);
      let count = 0;
      while (count < most && tokens[row.start + count] === tokens[earlier.start + count]) count += 1;
      return count;
    });
    const longest = Math.max(0, ...alike);
    return sum + (longest >= shortestShared ? longest : 0);
  }, 0);
}
