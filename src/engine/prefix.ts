// Sizes of a prefix (Li & Liang 2021, arXiv:2101.00190): keys and values of virtual tokens in each layer of a model.

import type { Architecture } from './architectures/context.ts';
import type { PrefixMethod } from './session.ts';

type Sizes = Pick<Architecture, 'layers' | 'kvHeads' | 'headSize'>;

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
