// The engine's face to a trainer: a training session that takes steps, evaluates, generates and hands out its state.

import type { NamedTensor, WeightEntry } from '../models/types.ts';
import type { PackedSequence } from '../protocol/sequence.ts';

/** How the weights are trained. */
export type TrainingMethod =
  | { readonly kind: 'full' }
  | {
      readonly kind: 'lora';
      readonly rank: number;
      readonly alpha: number;
      readonly dropout: number;
      /** `all-linear` = every linear layer but the output head; else names such as `q_proj`. */
      readonly targetModules: 'all-linear' | readonly string[];
      readonly useRslora: boolean;
      /** Weights' lengths trained apart from their directions: the torch engine does it, and both can be asked with it. */
      readonly useDora?: boolean;
    }
  | PrefixMethod;

/**
 * Keys and values before every row, in each layer. The torch engine alone trains them; the embedded one can be asked with
 * those that are finished, whatever made them.
 */
export interface PrefixMethod {
  readonly kind: 'prefix';
  readonly virtualTokens: number;
  /** Whether a network of two layers makes them while they are trained, `encoderSize` wide inside. */
  readonly projection: boolean;
  readonly encoderSize: number;
}

export interface OptimizerSettings {
  readonly kind: 'adamw' | 'sgd';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Never applied to biases, norms and embeddings. */
  readonly weightDecay: number;
  /** Gradients are scaled so that their global L2 norm is at most this; 0 = no clipping. */
  readonly maxGradNorm: number;
  /** Learning rate of the adapters over the given one. */
  readonly loraLrRatio: number;
  /** Learning rate of B over that of A (LoRA+). */
  readonly loraPlusRatio: number;
}

/** Everything a session is built from; plain data, so that it can cross to a worker thread. */
export interface SessionPlan {
  /** The model's config.json. */
  readonly modelConfig: Readonly<Record<string, unknown>>;
  readonly weights: readonly WeightEntry[];
  readonly method: TrainingMethod;
  readonly optimizer: OptimizerSettings;
  readonly seed: number;
  readonly gradientCheckpointing: boolean;
  /** Execution provider: `cpu`, `webgpu`, `cuda`, `directml`, `coreml` or `tensorflow`. */
  readonly device: string;
  /** Threads of the executor; results are bit-deterministic for a fixed number. */
  readonly threads: number;
}

/** What a session is, once built. */
export interface SessionInfo {
  readonly architecture: string;
  readonly totalParameters: number;
  readonly trainableParameters: number;
  /** Names of the linear layers that carry an adapter, such as `model.layers.0.self_attn.q_proj`; empty for `full`. */
  readonly adaptedModules: readonly string[];
  readonly contextLength: number;
  /** Tokens that rows of a sequence begin with in common are computed once where none of them has more tokens than this. */
  readonly longestSharing: number;
}

/** The rows of one optimiser step, laid out in one or more sequences whose gradients are summed. */
export interface StepRequest {
  /** Counts from 1; together with the seed it decides the dropout masks. */
  readonly step: number;
  readonly sequences: readonly PackedSequence[];
  readonly learningRate: number;
}

/** Loss of one row inside a step or an evaluation. */
export interface RowLoss {
  readonly sampleId: string;
  /** Sum of the negative log-likelihoods (nats) over the row's trained tokens, or what else the objective minimises. */
  readonly lossSum: number;
  /** Losses that the sum is made of: the row's trained tokens where it is absent; 1 for a pair. */
  readonly terms?: number;
  readonly trainedTokens: number;
}

/** Numbers of the objective beside the loss, by name, of each term. */
export type Observed = Readonly<Record<string, ArrayLike<number>>>;

export interface StepResult {
  /** Mean over all terms of the step: of supervised fine-tuning the negative log-likelihood (nats) of a trained token. */
  readonly loss: number;
  /** Global L2 norm of the gradients before clipping. */
  readonly gradNorm: number;
  /** What the optimiser really used. */
  readonly learningRate: number;
  readonly tokens: number;
  readonly trainedTokens: number;
  readonly rows: readonly RowLoss[];
  readonly observed?: Observed;
  /** Further numbers by name, for the step's event. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface EvaluateResult {
  readonly lossSum: number;
  readonly trainedTokens: number;
  readonly rows: readonly RowLoss[];
  /** For each sequence the negative log-likelihood (nats) of each of its `lossTargets`, [S]. */
  readonly tokenLosses: readonly Float32Array[];
  readonly observed?: Observed;
}

export interface GenerationSettings {
  readonly maxNewTokens: number;
  /** 0 = greedy. */
  readonly temperature: number;
  /** 0 = off. */
  readonly topK: number;
  /** 1 = off. */
  readonly topP: number;
  /** 1 = off (Keskar et al. 2019, arXiv:1909.05858). */
  readonly repetitionPenalty: number;
  readonly stopTokenIds: readonly number[];
  readonly seed: number;
}

/** One new token of one prompt. */
export interface GeneratedToken {
  /** Index of the prompt in the request. */
  readonly prompt: number;
  readonly tokenId: number;
  /** Log-probability (nats) under the model's own distribution, before temperature and filters. */
  readonly logProbability: number;
  /** True for the last token of this prompt (a stop token, or the length was reached). */
  readonly finished: boolean;
}

/** How answers to prompts are drawn from the model. */
export interface DrawSettings {
  /** Answers to each prompt. */
  readonly group: number;
  readonly maxNewTokens: number;
  /** 0 = greedy. */
  readonly temperature: number;
  /** 1 = off. */
  readonly topP: number;
  readonly stopTokenIds: readonly number[];
  readonly seed: number;
}

export interface DrawnAnswer {
  /** With the token that ended it. */
  readonly tokens: Int32Array;
  /** False where it was cut off at its longest. */
  readonly isEnded: boolean;
}

/** An answer as those see it who judge it. */
export interface AnswerToScore {
  readonly text: string;
  /** Its tokens, the one that ended it included. */
  readonly length: number;
  /** Prompt and answer as a row that is trained has them: what a reward model reads. */
  readonly tokens: Int32Array;
  /** Columns of the row that asked. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a session for rewards can do besides: draw answers, and tell what they are worth. */
export interface AnswerTools {
  /** The answers to each prompt one after another, `group` of them. */
  draw(prompts: readonly Int32Array[], settings: DrawSettings): Promise<DrawnAnswer[]>;
  /**
   * Rewards of the answers by the name of each way to score. The answers to a prompt lie one after another, `group` of
   * them, and are judged together.
   */
  score(answers: readonly AnswerToScore[], group: number): Promise<Readonly<Record<string, readonly number[]>>>;
}

/** A model being trained (or only run). One caller at a time: await each call before the next. */
export interface TrainingSession {
  readonly info: SessionInfo;
  /** One optimiser step. A non-finite loss or gradient leaves the weights untouched and is visible in the result. */
  step(request: StepRequest): Promise<StepResult>;
  /** Losses without training; dropout off. */
  evaluate(sequences: readonly PackedSequence[]): Promise<EvaluateResult>;
  /** How long the passes over one sequence, and an update, take here once they are warm; nothing is learned from it. */
  probe(sequence: PackedSequence): Promise<{ readonly seconds: number; readonly updateSeconds: number }>;
  /**
   * Needs the memory of a step over these sequences, the most demanding last, and leaves everything as it was; `memory`
   * tells the peak afterwards. Absent where a step needs about what was counted.
   */
  probeMemory?(request: Omit<StepRequest, 'learningRate'>): Promise<void>;
  /** Continues all prompts together; tokens arrive as they are made. Stops when the consumer stops iterating. */
  generate(prompts: readonly Int32Array[], settings: GenerationSettings): AsyncIterable<GeneratedToken>;
  /**
   * The trained tensors, one after another. LoRA: `<module>.lora_A.weight` [rank, in] and `<module>.lora_B.weight`
   * [out, rank]; full: the weights under their stored names.
   */
  trainedTensors(): AsyncIterable<NamedTensor>;
  /** What is saved at the end, where that is made from the trained tensors: a prefix, [places, 2 · layers · width]. */
  prefixTensors?(): AsyncIterable<NamedTensor>;
  /** The optimiser's state, one tensor after another: `exp_avg.<name>`, `exp_avg_sq.<name>`. */
  optimizerTensors(): AsyncIterable<NamedTensor>;
  /** Puts trained tensors and optimiser state back; with the step count training goes on bit-equal. */
  restore(state: {
    trained: AsyncIterable<NamedTensor> | Iterable<NamedTensor>;
    optimizer?: AsyncIterable<NamedTensor> | Iterable<NamedTensor>;
    /** Optimiser steps already taken (Adam's bias correction). */
    step: number;
  }): Promise<void>;
  /** Absent where the session's objective has no rewards. */
  readonly answers?: AnswerTools;
  /** Peak resident memory of this process in bytes, and what the executor reports beyond it, if anything. */
  memory(): Promise<{ peakBytes: number }>;
  close(): Promise<void>;
}
