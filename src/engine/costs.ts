// What a training plan costs before it runs: operations, memory by part, and time from a measured rate.

import { architectureOf } from './architectures/registry.ts';
import { modelWeights } from './architectures/weights.ts';
import type { DimBindings } from './graph/dims.ts';
import { floatingPointOperations, peakActivationBytes } from './graph/cost.ts';
import { reachable } from './graph/liveness.ts';
import type { PackedSequence } from '../protocol/sequence.ts';
import { nextTokenGraph, promptGraph } from './generation/graphs.ts';
import { prefixParameters } from './prefix.ts';
import type { SessionPlan, TrainingMethod } from './session.ts';
import { evaluationGraph, stepGraph, type LossRequest } from './training/graph.ts';

/** Memory of a training process in bytes, by what it is for. */
export interface MemoryParts {
  /** Frozen weights, mapped from their file. */
  readonly weights: number;
  /** Trained values, gradient sums, the gradients of one of several sequences, and copies for a checkpoint. */
  readonly trained: number;
  readonly optimizer: number;
  /** Values between forward and backward pass at the worst moment. */
  readonly activations: number;
  /** Node, ONNX Runtime with the graph, the tokenizer and the program itself. */
  readonly program: number;
  readonly total: number;
}

export interface PlanCosts {
  readonly trainableParameters: number;
  readonly totalParameters: number;
  readonly contextLength: number;
  /** Floating-point operations of one sequence, forward and backward. */
  flops(sequence: SequenceSize): number;
  /** Peak memory when the largest sequence is of this size. */
  memory(largest: SequenceSize, sequencesPerStep: number, between?: BetweenSteps): MemoryParts;
}

/** What happens between steps by graphs of its own. */
export interface BetweenSteps {
  /** Losses of validation rows. */
  readonly evaluates: boolean;
  /** Answers to prompts. */
  readonly answers: boolean;
}

/** The lengths that decide what a sequence costs. */
export interface SequenceSize {
  readonly tokens: number;
  readonly rows: number;
  readonly longestRow: number;
  readonly trainedTokens: number;
}

// Measured (docs/benchmarks.md): a process that has loaded the engine, what a tokenizer takes for each of its entries, and
// ONNX Runtime for each node of a graph.
const bareProgramBytes = 165e6;
const bytesPerToken = 1400;
const bytesPerNode = 20e3;
/** The allocator's pieces are larger than what lies in them, measured (docs/benchmarks.md). */
const arenaFactor = 1.2;
/** Copies of the trained values that are on their way to a checkpoint or not yet collected, measured likewise. */
const copiesUnderway = 1.5;

export function sequenceSize(sequence: PackedSequence): SequenceSize {
  const lengths = new Map<number, number>();
  for (const segment of sequence.segments) lengths.set(segment, (lengths.get(segment) ?? 0) + 1);
  return {
    tokens: sequence.tokens.length,
    rows: lengths.size,
    longestRow: Math.max(0, ...lengths.values()),
    trainedTokens: sequence.lossPositions.length,
  };
}

/** Builds the graph of a step without running it; throws what a session would throw for the same plan. */
export function planCosts(plan: Omit<SessionPlan, 'device' | 'threads' | 'seed'>): PlanCosts {
  const architecture = architectureOf(plan.modelConfig);
  const weights = modelWeights(architecture, plan.weights);
  const request = { architecture, weights, method: countedAs(plan.method) };
  const { model, outputs } = stepGraph(request, plan.gradientCheckpointing);
  const nodes = reachable(outputs.values());
  const vocabulary = model.logits.shape[1] as number;
  const size = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1);
  const trainable =
    plan.method.kind === 'prefix'
      ? prefixParameters(architecture, plan.method)
      : model.parameters.reduce((n, p) => n + size(p.shape), 0);
  const stored = [...weights.values()];
  const full = plan.method.kind === 'full';
  const dims = (s: SequenceSize): DimBindings => ({ T: s.tokens, B: s.rows, L: s.longestRow, S: s.trainedTokens });
  return {
    trainableParameters: trainable,
    totalParameters: stored.reduce((n, w) => n + size(w.shape), 0) + (full ? 0 : trainable),
    contextLength: architecture.contextLength,
    flops: (sequence) => floatingPointOperations(nodes, dims(sequence)),
    memory: (largest, sequencesPerStep, between) => {
      const parts = {
        weights: full ? 0 : stored.reduce((n, w) => n + w.byteLength, 0),
        trained: 4 * trainable * ((sequencesPerStep > 1 ? 3 : 2) + copiesUnderway),
        optimizer: plan.optimizer.kind === 'adamw' ? 8 * trainable : 0,
        activations: arenaFactor * peakActivationBytes(nodes, dims(largest)),
        program:
          bareProgramBytes +
          bytesPerToken * vocabulary +
          bytesPerNode * (nodes.length + nodesBetween(request, between)),
      };
      return { ...parts, total: Object.values(parts).reduce((a, b) => a + b, 0) };
    },
  };
}

/**
 * Nodes of the graphs beside that of the steps. They are given up before a step is taken, and the heap keeps what they took:
 * it lies between pieces that stay (measured, docs/benchmarks.md).
 */
function nodesBetween(request: LossRequest, between: BetweenSteps | undefined): number {
  const graphs = [
    ...(between?.evaluates ? [evaluationGraph(request)] : []),
    ...(between?.answers ? [promptGraph(request), nextTokenGraph(request)] : []),
  ];
  return graphs.reduce((sum, { outputs }) => sum + reachable(outputs.values()).length, 0);
}

/** This engine takes no steps of prefixes. They let gradients through every layer, as the smallest adapters do. */
function countedAs(method: TrainingMethod): TrainingMethod {
  if (method.kind !== 'prefix') return method;
  return { kind: 'lora', rank: 1, alpha: 1, dropout: 0, targetModules: 'all-linear', useRslora: false };
}
