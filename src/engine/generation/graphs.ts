// The two graphs of generation: prompts in one pass, then one token of every row at a time against a cache.

import type { AttentionRequest } from '../architectures/context.ts';
import type { Graph, Node } from '../graph/node.ts';
import * as op from '../graph/operations.ts';
import { buildModel, maskName } from '../model/build.ts';
import type { ModelGraph, ModelRequest, Once } from '../model/build.ts';
import { attentionScores, packedAttention } from '../model/packedAttention.ts';

export interface GenerationGraph {
  readonly model: ModelGraph;
  /** `logits` [S, vocabulary]; `key:<layer>` and `value:<layer>` [T, kvHeads·d] of the tokens given. */
  readonly outputs: ReadonlyMap<string, Node>;
}

type Request = Omit<ModelRequest, 'training' | 'attention'>;

/** Packed prompts → logits at their last tokens, keys and values of all tokens. */
export function promptGraph(request: Request): GenerationGraph {
  return capturing(request, packedAttention);
}

/** One new token in each of T rows, given the cache `pastKey:<layer>`, `pastValue:<layer>` [P, T, kvHeads·d], a prefix included. */
export function nextTokenGraph(request: Request): GenerationGraph {
  return capturing(request, cachedAttention);
}

function capturing(request: Request, attention: ModelRequest['attention']): GenerationGraph {
  const cached = new Map<string, Node>();
  const model = buildModel({
    ...request,
    training: false,
    attention: (graph, once, call, prefix) => {
      cached.set(`key:${String(call.layer)}`, call.k).set(`value:${String(call.layer)}`, call.v);
      return attention(graph, once, call, prefix);
    },
  });
  return { model, outputs: new Map([['logits', model.logits], ...cached]) };
}

/** q [T, heads·d] of one token in each row → [T, heads·d]. The mask [T, 1, 1, P+1] hides unused cache places. */
function cachedAttention(graph: Graph, once: Once, request: AttentionRequest): Node {
  const { heads, kvHeads, headSize, layer } = request;
  const width = kvHeads * headSize;
  const withPast = (which: string, now: Node): Node => {
    const name = `${which}:${String(layer)}`;
    const past = once(name, () => op.input(graph, name, ['P', 'T', width]));
    const all = op.concat([past, op.reshape(now, [1, 'T', width])], 0);
    return op.transpose(op.reshape(all, [all.shape[0]!, 'T', kvHeads, headSize]), [1, 2, 0, 3]);
  };
  const q = op.reshape(request.q, ['T', kvHeads, heads / kvHeads, headSize]);
  const k = withPast('pastKey', request.k);
  const v = withPast('pastValue', request.v);
  const name = maskName(request.window);
  const mask = once(name, () => op.input(graph, name, ['T', 1, 1, k.shape[2]!]));
  const weights = op.softmax(op.add(attentionScores(q, k, request), mask));
  return op.reshape(op.matmul(weights, v), ['T', heads * headSize]);
}
