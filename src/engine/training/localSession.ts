// A training session in this thread; engine/worker.ts runs it in another one.

import type { WeightEntry } from '../../models/types.ts';
import { architectureOf } from '../architectures/registry.ts';
import { modelWeights } from '../architectures/weights.ts';
import { exclusiveExecutables } from '../executors/exclusive.ts';
import type { Executable, Executor } from '../executors/executor.ts';
import { createGenerator } from '../generation/generate.ts';
import { refuseLongRows } from '../model/contextLimit.ts';
import { doraNorms } from '../model/doraNorms.ts';
import { dropoutFeeds, sequenceFeeds } from '../model/feeds.ts';
import { placesBefore } from '../prefix.ts';
import { problem } from '../../protocol/problem.ts';
import type { PackedSequence } from '../../protocol/sequence.ts';
import type { RowLoss, SessionInfo, SessionPlan, StepRequest, StepResult } from '../session.ts';
import type { GeneratedToken, TrainingMethod, TrainingSession } from '../session.ts';
import { evaluationGraph, stepGraph } from './graph.ts';
import { rowLosses, totalLoss } from './losses.ts';
import { createTrainedTensors } from './trainedTensors.ts';

/** Builds the model, its first values and its graphs. Throws a ProblemError for a model that is not supported. */
export async function createLocalSession(plan: SessionPlan, executor: Executor): Promise<TrainingSession> {
  const architecture = architectureOf(plan.modelConfig);
  const weights = modelWeights(architecture, plan.weights);
  const request = { architecture, weights, method: plan.method };
  const stepping = isTrained(plan.method) ? stepGraph(request, plan.gradientCheckpointing) : undefined;
  const evaluating = evaluationGraph(request);
  const { parameters, adaptedModules } = evaluating.model;
  const trained = await createTrainedTensors(parameters, weights, plan);
  const executables = exclusiveExecutables(executor, weights);
  const norms = doraNorms(plan.method, weights, adaptedModules);
  /** Trained tensors, and what is computed from them once. */
  const parameterFeeds = new Map(trained.feeds);
  const generator = createGenerator({ ...request, executables, parameterFeeds });
  const contextLength = architecture.contextLength - placesBefore(plan.method);

  let isWarm = false;
  let areNormsKnown = false;

  /** Before tensors are computed with, and not when they are restored, which may be one at a time. */
  const learnNorms = async (): Promise<void> => {
    if (!norms || areNormsKnown) return;
    const executable = await executables.get('norms', norms);
    const found = await executable.run({ dims: {}, feeds: parameterFeeds });
    // Buffers of results may be used again by the next run.
    for (const [name, { data }] of found) parameterFeeds.set(name, Float32Array.from(data));
    areNormsKnown = true;
  };

  async function* generate(...request: Parameters<TrainingSession['generate']>): AsyncIterable<GeneratedToken> {
    await learnNorms();
    yield* generator.generate(...request);
  }

  /** Losses of one sequence's rows; the gradients of the step's loss are added to the step's sums. */
  const runSequence = async (sequence: PackedSequence, step: number, index: number, trainedTokens: number) => {
    refuseLongRows(sequence, contextLength);
    if (!stepping) throw notTrainedHere();
    const executable = await executables.get('train', stepping);
    const { dims, feeds } = sequenceFeeds(stepping.model, sequence);
    for (const [name, values] of parameterFeeds) feeds.set(name, values);
    feeds.set('lossTargets', sequence.lossTargets);
    // Every token counts the same, wherever it lies: accumulation equals the big batch exactly.
    feeds.set('lossWeights', new Float32Array(sequence.lossPositions.length).fill(1 / trainedTokens));
    const rate = plan.method.kind === 'lora' ? plan.method.dropout : 0;
    const key = { seed: plan.seed, step, sequence: index };
    for (const [name, mask] of dropoutFeeds(stepping.model, sequence.tokens.length, rate, key)) feeds.set(name, mask);
    const results = await executable.run({ dims, feeds, into: trained.gradientBuffers(index) });
    trained.accumulate(index);
    return rowLosses(sequence, results.get('nll')!.data);
  };

  const step = async ({ step: number, sequences, learningRate }: StepRequest): Promise<StepResult> => {
    const supervised = sequences.filter((s) => s.lossPositions.length > 0);
    const trainedTokens = supervised.reduce((n, s) => n + s.lossPositions.length, 0);
    const tokens = sequences.reduce((n, s) => n + s.tokens.length, 0);
    if (trainedTokens === 0) return { loss: NaN, gradNorm: NaN, learningRate, tokens, trainedTokens, rows: [] };
    const rows: RowLoss[] = [];
    for (const [i, sequence] of supervised.entries())
      rows.push(...(await runSequence(sequence, number, i, trainedTokens)));
    const loss = totalLoss(rows).lossSum / trainedTokens;
    const gradNorm = trained.gradientNorm();
    if (Number.isFinite(loss) && Number.isFinite(gradNorm)) trained.update(gradNorm, learningRate);
    return { loss, gradNorm, learningRate, tokens, trainedTokens, rows };
  };

  /** Negative log-likelihoods [S], in an array of their own. */
  const lossesOf = async (executable: Executable, sequence: PackedSequence): Promise<Float32Array> => {
    refuseLongRows(sequence, contextLength);
    const { dims, feeds } = sequenceFeeds(evaluating.model, sequence);
    for (const [name, values] of parameterFeeds) feeds.set(name, values);
    feeds.set('lossTargets', sequence.lossTargets);
    return Float32Array.from((await executable.run({ dims, feeds })).get('nll')!.data);
  };

  const frozen = plan.method.kind === 'full' ? 0 : parameterCount(plan.weights);
  const info: SessionInfo = {
    architecture: architecture.name,
    totalParameters: frozen + trained.count,
    trainableParameters: trained.count,
    adaptedModules: adaptedModules.map((m) => m.name),
    contextLength,
    longestSharing: 0,
  };

  return {
    info,
    step,
    evaluate: async (sequences) => {
      await learnNorms();
      const executable = await executables.get('evaluate', evaluating);
      const rows: RowLoss[] = [];
      const tokenLosses: Float32Array[] = [];
      for (const sequence of sequences) {
        const nll = sequence.lossPositions.length === 0 ? new Float32Array() : await lossesOf(executable, sequence);
        tokenLosses.push(nll);
        if (nll.length > 0) rows.push(...rowLosses(sequence, nll));
      }
      return { ...totalLoss(rows), rows, tokenLosses };
    },
    probe: async (sequence) => {
      const passes = () => runSequence(sequence, 0, 0, Math.max(1, sequence.lossPositions.length));
      // The first computation touches all memory for the first time.
      if (!isWarm) await passes();
      isWarm = true;
      const started = performance.now();
      await passes();
      return { seconds: (performance.now() - started) / 1000, updateSeconds: trained.updateSeconds() };
    },
    generate,
    trainedTensors: () => asyncOf(trained.values()),
    optimizerTensors: () => asyncOf(trained.optimizerState()),
    restore: async ({ trained: values, optimizer, step: steps }) => {
      for await (const tensor of values) trained.restoreTensor('trained', tensor);
      for await (const tensor of optimizer ?? []) trained.restoreTensor('optimizer', tensor);
      trained.setStepsTaken(steps);
      areNormsKnown = false;
    },
    memory: () => Promise.resolve({ peakBytes: process.resourceUsage().maxRSS * 1024 }),
    close: () => executables.close(),
  };
}

/** What this engine can be asked with and takes no steps of: lengths of weights, and prefixes. */
function isTrained(method: TrainingMethod): boolean {
  return method.kind !== 'prefix' && !(method.kind === 'lora' && method.useDora === true);
}

function notTrainedHere(): Error {
  return problem(
    'engine/not-trained-here',
    'The embedded engine can be asked with DoRA and prefixes, and trains neither. Train with `engine: torch`.',
  );
}

function parameterCount(weights: readonly WeightEntry[]): number {
  return weights.reduce((total, { shape }) => total + shape.reduce((n, d) => n * d, 1), 0);
}

async function* asyncOf<T>(items: Iterable<T>): AsyncIterable<T> {
  for (const item of items) yield await Promise.resolve(item);
}
