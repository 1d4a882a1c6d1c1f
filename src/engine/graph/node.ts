// The graph's values: each node is one primitive operation with a shape checked when it is made.

import type { Dim, Shape } from './dims.ts';

export type DType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'uint8';

/** The primitive operations, with their attributes. Everything else is composed of these. */
export type Operation =
  /** A tensor given at every run. */
  | { readonly kind: 'input'; readonly name: string }
  /** A trainable tensor given at every run. */
  | { readonly kind: 'parameter'; readonly name: string }
  /** A frozen tensor of the model, known to the executor by its name. */
  | { readonly kind: 'weight'; readonly name: string }
  | { readonly kind: 'constant'; readonly values: readonly number[] }
  | { readonly kind: UnaryKind }
  | { readonly kind: BinaryKind }
  /** `alpha · a × b (+ c)` over the last two axes; leading axes are equal or absent in one of the two. */
  | { readonly kind: 'matmul'; readonly transposeA: boolean; readonly transposeB: boolean; readonly alpha: number }
  | { readonly kind: 'reduceSum'; readonly axes: readonly number[] }
  | { readonly kind: 'reduceMax'; readonly axes: readonly number[] }
  | { readonly kind: 'reshape'; readonly shape: Shape }
  | { readonly kind: 'transpose'; readonly permutation: readonly number[] }
  /** The elements from `start` to `end` (exclusive) along an axis of known size. */
  | { readonly kind: 'slice'; readonly axis: number; readonly start: number; readonly end: number }
  /** Zeros before and after along an axis. */
  | { readonly kind: 'pad'; readonly axis: number; readonly before: number; readonly after: number }
  | { readonly kind: 'concat'; readonly axis: number }
  | { readonly kind: 'expand'; readonly shape: Shape }
  | { readonly kind: 'cast'; readonly dtype: DType }
  /** table [rows, width], indices [...] → [..., width]. */
  | { readonly kind: 'gatherRows' }
  /** values [n, width], indices [n] → [rows, width]: the sum of all values with an index. */
  | { readonly kind: 'scatterAddRows'; readonly rows: Dim }
  /** x [n, width], index [b, l], inverse [n] → [b, l, width]; index n stands for a row of zeros. */
  | { readonly kind: 'padRows' }
  /** x [b, l, width], index [b, l], inverse [n] → [n, width]: undoes `padRows`. */
  | { readonly kind: 'unpadRows' }
  /** Over the last axis. */
  | { readonly kind: 'softmax' }
  /** logits [n, classes], targets [n] → negative log-likelihood [n], in nats. */
  | { readonly kind: 'crossEntropy' }
  /** logits [n, classes], targets [n], upstream [n] → gradient of `crossEntropy` for the logits. */
  | { readonly kind: 'crossEntropyGradient' }
  /** x / rms(x) · weight over the last axis (Zhang & Sennrich 2019, arXiv:1910.07467). */
  | { readonly kind: 'rmsNorm'; readonly epsilon: number }
  /**
   * Rotary embedding (Su et al. 2021, arXiv:2104.09864), halves rotated: x [n, heads·d], cos and sin [n, r/2];
   * the first r features of each head are rotated.
   */
  | { readonly kind: 'rope'; readonly heads: number };

export type UnaryKind = 'neg' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'tanh' | 'sigmoid' | 'erf' | 'silu';
export type BinaryKind = 'add' | 'sub' | 'mul' | 'div';
export type OperationKind = Operation['kind'];

export interface Node {
  readonly graph: Graph;
  /** Creation order: an executor runs nodes in this order. */
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Node[];
  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether the backward pass keeps this value, or computes it again: always, or when checkpointing is on. */
  lifetime: Lifetime;
}

/** `kept`: from the forward to the backward pass; `cheap`: always computed again; `segment`: with checkpointing on. */
export type Lifetime = 'kept' | 'cheap' | 'segment';

/** A list of nodes in creation order, which is a topological order. */
export class Graph {
  readonly nodes: Node[] = [];
  #lifetime: Lifetime = 'kept';

  /** Adds a node; called by the functions in operations.ts, which check shapes. */
  append(operation: Operation, inputs: readonly Node[], shape: Shape, dtype: DType): Node {
    const node: Node = {
      graph: this,
      id: this.nodes.length,
      operation,
      inputs,
      shape,
      dtype,
      lifetime: this.#lifetime,
    };
    this.nodes.push(node);
    return node;
  }

  /**
   * Builds a part of the forward pass (one layer) whose inner values the backward pass computes again when
   * checkpointing is on; its result is kept. (Gradient checkpointing, Chen et al. 2016, arXiv:1604.06174.)
   */
  inSegment(build: () => Node): Node {
    const result = this.#with('segment', build);
    result.lifetime = 'kept';
    return result;
  }

  /** Builds values that are cheaper to compute again than to keep: element-wise ones, widened weights. */
  cheaply(build: () => Node): Node {
    return this.#with('cheap', build);
  }

  #with(lifetime: Lifetime, build: () => Node): Node {
    const outer = this.#lifetime;
    this.#lifetime = lifetime;
    try {
      return build();
    } finally {
      this.#lifetime = outer;
    }
  }
}
