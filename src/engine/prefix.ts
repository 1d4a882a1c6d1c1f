// Sizes of a prefix (Li & Liang 2021, arXiv:2101.00190): keys and values of virtual tokens in each layer of a model.

import type { Architecture } from './architectures/context.ts';
import type { PrefixMethod, TrainingMethod } from './session.ts';

type Sizes = Pick<Architecture, 'layers' | 'kvHeads' | 'headSize'>;

/** A session's name of a prefix, [places, 2 · layers · width]: keys, then values, of one layer after another. */
export const prefixName = 'prompt_encoder.embedding.weight';

/** Places that stand before the first token of every row. */
export function placesBefore(method: TrainingMethod): number {
  return method.kind === 'prefix' ? method.virtualTokens : 0;
}

/** Where the keys of a layer, or its values, begin in each place of a prefix, and where they end. */
export function partOfPrefix(part: 'key' | 'value', layer: number, width: number): [start: number, end: number] {
  const start = (2 * layer + (part === 'key' ? 0 : 1)) * width;
  return [start, start + width];
}

/** Width of the keys of one layer, and of its values. */
export function keyWidth({ kvHeads, headSize }: Sizes): number {
  return kvHeads * headSize;
}

/** Numbers that are trained: the prefix itself, or the embedding and the two layers that make it. */
export function prefixParameters(sizes: Sizes, { virtualTokens, projection, encoderSize }: PrefixMethod): number {
  const width = keyWidth(sizes);
  const all = 2 * sizes.layers * width;
  if (!projection) return virtualTokens * all;
  return virtualTokens * width + (width + 1) * encoderSize + (encoderSize + 1) * all;
}
