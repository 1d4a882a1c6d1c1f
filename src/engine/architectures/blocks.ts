// The parts that decoders are put together from: norms, attention, gated MLP, residual layers.

import type { Node } from '../graph/node.ts';
import { add, meanLast, mul, reshape, rmsNorm, rope, slice, sub } from '../graph/operations.ts';
import type { Activation } from './activations.ts';
import type { ModelContext, RotaryTable } from './context.ts';
import type { DecoderSizes } from './decoder.ts';

/** Where a layer stands: its index, and the name of its module such as `model.layers.3`. */
export interface LayerPlace {
  readonly index: number;
  readonly name: string;
}

/** Normalised hidden states [n, hidden] → what a layer adds to the residual stream, [n, hidden]. */
export type Block = (context: ModelContext, x: Node, place: LayerPlace) => Node;

/** Normalises the last axis with the tensors of the module `name`. */
export type Norm = (context: ModelContext, x: Node, name: string) => Node;

/** Root-mean-square norm; `offset` is added to the stored scale (Gemma stores it minus 1). */
export function rootMeanSquareNorm(epsilon: number, offset = 0): Norm {
  return (context, x, name) => {
    const scale = context.weight(`${name}.weight`, x.shape.slice(-1));
    return context.graph.cheaply(() => rmsNorm(x, offset === 0 ? scale : add(scale, offset), epsilon));
  };
}

/** Layer norm (Ba et al. 2016, arXiv:1607.06450): the root mean square of centred values is their deviation. */
export function layerNorm(epsilon: number): Norm {
  return (context, x, name) => {
    const part = (which: string) => context.weight(`${name}.${which}`, x.shape.slice(-1));
    const [scale, shift] = [part('weight'), part('bias')];
    return context.graph.cheaply(() => add(rmsNorm(sub(x, meanLast(x)), scale, epsilon), shift));
  };
}

/** Equal layers one after another, called `<name>.0`, `<name>.1` and so on. */
export function layerStack(
  context: ModelContext,
  x: Node,
  stack: { readonly count: number; readonly name: string; readonly layer: Block },
): Node {
  const places = Array.from({ length: stack.count }, (_, index) => ({ index, name: `${stack.name}.${String(index)}` }));
  return places.reduce((before, place) => context.layer(place.index, () => stack.layer(context, before, place)), x);
}

export interface ResidualStep {
  /** Name of the norm in front of the block. */
  readonly before: string;
  readonly block: Block;
  /** Name of the norm behind the block, where there is one. */
  readonly after?: string;
}

/** x + after(block(before(x))) for each step in turn. */
export function residualLayer(norm: Norm, steps: readonly ResidualStep[]): Block {
  return (context, x, place) =>
    steps.reduce((stream, { before, block, after }) => {
      const made = block(context, norm(context, stream, `${place.name}.${before}`), place);
      return add(stream, after === undefined ? made : norm(context, made, `${place.name}.${after}`));
    }, x);
}

/** Queries [n, heads·d], keys and values [n, kvHeads·d] from hidden states, by the projections of a module. */
export type Projection = (context: ModelContext, x: Node, module: string) => Record<'q' | 'k' | 'v', Node>;

/** Three linear layers: q_proj, k_proj, v_proj. */
export function separateProjections({ heads, kvHeads, headSize }: DecoderSizes, bias: boolean): Projection {
  return (context, x, module) => ({
    q: context.linear(x, `${module}.q_proj`, heads * headSize, { bias }),
    k: context.linear(x, `${module}.k_proj`, kvHeads * headSize, { bias }),
    v: context.linear(x, `${module}.v_proj`, kvHeads * headSize, { bias }),
  });
}

/** Cuts the features of one linear layer into queries, keys and values. */
export function splitProjection(x: Node, { heads, kvHeads, headSize }: DecoderSizes): Record<'q' | 'k' | 'v', Node> {
  const [keys, values, end] = [heads, heads + kvHeads, heads + 2 * kvHeads].map((count) => count * headSize);
  return { q: slice(x, 1, 0, keys!), k: slice(x, 1, keys!, values!), v: slice(x, 1, values!, end!) };
}

/** A norm over each head of its own (Qwen 3, Gemma 3): x [n, heads·d], scale [d]. */
export function headNorm(norm: Norm, heads: number, headSize: number): Norm {
  return (context, x, name) => {
    const [n] = x.shape as [number];
    return reshape(norm(context, reshape(x, [n, heads, headSize]), name), x.shape);
  };
}

export interface AttentionOptions {
  readonly project: Projection;
  readonly outputBias?: boolean;
  /** Rotary table of each layer. */
  readonly table: (layer: number) => RotaryTable;
  /** Norms over each head of queries and keys, before they are rotated. */
  readonly queryKeyNorm?: Norm;
  /** Factor on the scores; default 1/√d. */
  readonly scale?: number;
  /** Tokens that each layer sees; default all before. */
  readonly window?: (layer: number) => number | undefined;
  readonly softcap?: number | undefined;
}

/** Causal grouped-query attention with rotary positions (Ainslie et al. 2023, arXiv:2305.13245). */
export function selfAttention(sizes: DecoderSizes, options: AttentionOptions): Block {
  const { hidden, heads, kvHeads, headSize } = sizes;
  const { outputBias = false, queryKeyNorm } = options;
  return (context, x, { index, name }) => {
    const module = `${name}.self_attn`;
    const { q, k, v } = options.project(context, x, module);
    const { cos, sin } = context.rotary(options.table(index));
    const turned = (given: Node, which: string, count: number) => {
      const normal = queryKeyNorm
        ? headNorm(queryKeyNorm, count, headSize)(context, given, `${module}.${which}`)
        : given;
      return rope(normal, cos, sin, count);
    };
    const attended = context.attend({
      layer: index,
      q: turned(q, 'q_norm', heads),
      k: turned(k, 'k_norm', kvHeads),
      v,
      heads,
      kvHeads,
      headSize,
      scale: options.scale ?? 1 / Math.sqrt(headSize),
      window: options.window?.(index),
      softcap: options.softcap,
    });
    return context.linear(attended, `${module}.o_proj`, hidden, { bias: outputBias });
  };
}

/** activation(gate) · up: cheap to compute again from the two, so the backward pass keeps only these. */
export function gated(context: ModelContext, activation: Activation, gate: Node, up: Node): Node {
  return context.graph.cheaply(() => mul(activation(gate), up));
}

/** down_proj(activation(gate_proj(x)) · up_proj(x)) (Shazeer 2020, arXiv:2002.05202). */
export function gatedMlp({ hidden, inner }: DecoderSizes, activation: Activation, bias = false): Block {
  return (context, x, place) => {
    const module = `${place.name}.mlp`;
    const gate = context.linear(x, `${module}.gate_proj`, inner, { bias });
    const up = context.linear(x, `${module}.up_proj`, inner, { bias });
    return context.linear(gated(context, activation, gate, up), `${module}.down_proj`, hidden, { bias });
  };
}
