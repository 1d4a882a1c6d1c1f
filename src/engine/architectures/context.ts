// What a model function builds with: weights, linear layers, rotary tables and attention, as the graph at hand supplies them.

import type { Shape } from '../graph/dims.ts';
import type { Graph, Node } from '../graph/node.ts';

/** Angles of a rotary embedding: frequencies may depend on how long the sequence is (dynamic and long scaling). */
export interface RotaryTable {
  /** Distinguishes tables when a model has several, such as Gemma 3's local and global ones. */
  readonly key: string;
  /** Rotated features of a head, halved. */
  readonly half: number;
  /** Inverse frequencies [half] in radians per position, for sequences whose longest row has `length` tokens. */
  readonly inverseFrequencies: (length: number) => Float64Array;
  /** Factor on cosine and sine (YaRN, LongRoPE), for the same length. */
  readonly attentionFactor: (length: number) => number;
}

/** One attention layer: queries [n, heads·d], keys and values [n, kvHeads·d] of n tokens. */
export interface AttentionRequest {
  readonly layer: number;
  readonly q: Node;
  readonly k: Node;
  readonly v: Node;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  /** Factor on the scores, usually 1/√d. */
  readonly scale: number;
  /** Tokens that a token sees, itself included; absent = all before it. */
  readonly window: number | undefined;
  /** Scores become c·tanh(score/c). */
  readonly softcap: number | undefined;
}

export interface LinearOptions {
  readonly bias?: boolean;
  /** The weight is stored [in, out] (GPT-2's Conv1D) and not [out, in]. */
  readonly storedTransposed?: boolean;
}

/** The surroundings a model function is called in. n = tokens of all rows together, without padding. */
export interface ModelContext {
  readonly graph: Graph;
  /** Token ids, [n] int32. */
  readonly tokens: Node;
  /** Position of each token in its row, [n] int32 (learned position embeddings). */
  readonly positions: () => Node;
  /** A stored tensor, float32, frozen or trained. */
  readonly weight: (name: string, shape: Shape) => Node;
  /** x [n, in] → [n, out] through the stored linear layer `module`, with its adapter if it carries one. */
  readonly linear: (x: Node, module: string, out: number, options?: LinearOptions) => Node;
  /** Cosine and sine of each token's angles, [n, half]. */
  readonly rotary: (table: RotaryTable) => { readonly cos: Node; readonly sin: Node };
  /** Causal attention inside each row, [n, heads·d]. */
  readonly attend: (request: AttentionRequest) => Node;
  /** Builds one layer; its inner values may be computed again in the backward pass. */
  readonly layer: (index: number, build: () => Node) => Node;
}

/** A linear layer of the model, by the name of its module. */
export interface LinearModule {
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** The weight is stored [in, out] (PEFT's `fan_in_fan_out`). */
  readonly storedTransposed: boolean;
}

/** What a model family says of itself: sizes, and the two functions that make the graph. */
export interface ModelDescription {
  /** `model_type` of the config. */
  readonly name: string;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  /** Longest sequence the model was made for, in tokens. */
  readonly contextLength: number;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headSize: number;
  /** The name that transformers gives a tensor when it saves the whole model, for one that a file has under another. */
  readonly canonicalName: (stored: string) => string;
  /** Stored tensors (canonical names) that carry no information for this model, such as buffers. */
  readonly ignoredWeights: RegExp;
  /** Tokens → hidden states [n, hidden] before the last norm. */
  readonly hidden: (context: ModelContext) => Node;
  /** Last norm and output head: hidden states [s, hidden] → logits [s, vocabulary]. */
  readonly logits: (context: ModelContext, hidden: Node) => Node;
}

/** A model family bound to one config.json. */
export interface Architecture extends ModelDescription {
  /** Everything an adapter can be put on, in order, the output head left out. */
  readonly linearModules: readonly LinearModule[];
}
