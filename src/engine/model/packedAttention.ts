// Causal attention inside packed rows: tokens are laid in a grid of rows, so that no row sees another.

import type { AttentionRequest } from '../architectures/context.ts';
import * as op from '../graph/operations.ts';
import type { Graph, Node } from '../graph/node.ts';
import { maskName } from './build.ts';
import type { LayerPrefix, Once } from './build.ts';

/**
 * q [T, heads·d], k and v [T, kvHeads·d] → [T, heads·d]. Symbols: B rows, L tokens of the longest row. The grid costs
 * B·L² scores, where one long sequence with a block mask would cost T². A prefix lies before each row of keys and values.
 */
export function packedAttention(graph: Graph, once: Once, request: AttentionRequest, prefix?: LayerPrefix): Node {
  const { heads, kvHeads, headSize } = request;
  const places = {
    index: once('grid', () => op.input(graph, 'grid', ['B', 'L'], 'int32')),
    inverse: once('gridInverse', () => op.input(graph, 'gridInverse', ['T'], 'int32')),
  };
  const byHead = (x: Node, count: number) =>
    op.transpose(op.reshape(op.padRows(x, places), ['B', 'L', count, headSize]), [0, 2, 1, 3]);
  // The heads that share a key are laid one after another, so that one product serves them all.
  const grouped = ['B', kvHeads, op.timesDim('L', heads / kvHeads)];
  const q = op.reshape(byHead(request.q, heads), [...grouped, headSize]);
  const k = behind(prefix?.k, byHead(request.k, kvHeads));
  const v = behind(prefix?.v, byHead(request.v, kvHeads));
  const seen = k.shape[2]!;
  const name = maskName(request.window);
  const mask = once(name, () => op.input(graph, name, ['B', 1, 'L', seen]));
  // B·L² of them in every layer: the backward pass makes them again (Dao et al. 2022, arXiv:2205.14135).
  const weights = graph.cheaply(() => {
    const scores = op.reshape(attentionScores(q, k, request), ['B', heads, 'L', seen]);
    return op.reshape(op.softmax(op.add(scores, mask)), [...grouped, seen]);
  });
  const mixed = op.matmul(weights, v);
  const rows = op.transpose(op.reshape(mixed, ['B', heads, 'L', headSize]), [0, 2, 1, 3]);
  return op.unpadRows(op.reshape(rows, ['B', 'L', heads * headSize]), places);
}

/** Keys or values [B, kvHeads, L, d] behind those of a prefix [places, kvHeads·d], the same for every row. */
function behind(prefix: Node | undefined, own: Node): Node {
  if (!prefix) return own;
  const [rows, kvHeads, , headSize] = own.shape;
  const places = prefix.shape[0]!;
  const byHead = op.transpose(op.reshape(prefix, [1, places, kvHeads!, headSize!]), [0, 2, 1, 3]);
  return op.concat([op.expand(byHead, [rows!, kvHeads!, places, headSize!]), own], 2);
}

/** Scaled (and capped) products of queries [.., m, d] and keys [.., n, d]: [.., m, n]. */
export function attentionScores(q: Node, k: Node, { scale, softcap }: AttentionRequest): Node {
  if (softcap === undefined) return op.matmul(q, k, { transposeB: true, alpha: scale });
  return op.mul(op.tanh(op.matmul(q, k, { transposeB: true, alpha: scale / softcap })), softcap);
}
