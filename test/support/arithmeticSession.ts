// A real, tiny model behind the trainer's session interface: a bigram softmax trained by AdamW, exactly repeatable.

import type {
  EvaluateResult,
  GeneratedToken,
  GenerationSettings,
  RowLoss,
  StepRequest,
  StepResult,
  TrainingSession,
} from '../../src/engine/session.ts';
import type { NamedTensor } from '../../src/models/types.ts';
import type { PackedSequence } from '../../src/protocol/sequence.ts';

export interface ArithmeticOptions {
  readonly vocabulary: number;
  readonly seed: number;
  /** Waits this long in every step, so that something can happen meanwhile, in milliseconds. */
  readonly stepMilliseconds?: number;
  /** Called before a step; may throw, or spoil the result by returning a loss. */
  readonly onStep?: (step: number) => number | undefined;
}

const tensorName = 'model.bigram.lora_A.weight';
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

export function createArithmeticSession(options: ArithmeticOptions): TrainingSession {
  const v = options.vocabulary;
  const weights = Float32Array.from({ length: v * v }, (_, i) => Math.sin(i * 12.9898 + options.seed) * 0.1);
  const average = new Float32Array(v * v);
  const averageSquare = new Float32Array(v * v);
  const shape = [v, v];
  let taken = 0;

  return {
    info: {
      architecture: 'bigram',
      totalParameters: v * v,
      trainableParameters: v * v,
      adaptedModules: ['model.bigram'],
      contextLength: 64,
      longestSharing: 0,
    },
    async step(request: StepRequest): Promise<StepResult> {
      await pause(options.stepMilliseconds ?? 0);
      const spoiled = options.onStep?.(request.step);
      const gradient = new Float32Array(v * v);
      const rows = request.sequences.flatMap((sequence) => rowLosses(weights, v, sequence, gradient));
      const trainedTokens = rows.reduce((sum, row) => sum + row.trainedTokens, 0);
      const loss = spoiled ?? rows.reduce((sum, row) => sum + row.lossSum, 0) / trainedTokens;
      for (let i = 0; i < gradient.length; i++) gradient[i]! /= trainedTokens;
      const gradNorm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
      if (Number.isFinite(loss)) adam(weights, gradient, average, averageSquare, ++taken, request.learningRate);
      const tokens = request.sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0);
      return { loss, gradNorm, learningRate: request.learningRate, tokens, trainedTokens, rows };
    },
    evaluate(sequences): Promise<EvaluateResult> {
      const rows = sequences.flatMap((sequence) => rowLosses(weights, v, sequence, undefined));
      return Promise.resolve({
        lossSum: rows.reduce((sum, row) => sum + row.lossSum, 0),
        trainedTokens: rows.reduce((sum, row) => sum + row.trainedTokens, 0),
        rows,
        tokenLosses: sequences.map((sequence) => tokenLosses(weights, v, sequence)),
      });
    },
    probe(sequence) {
      const started = performance.now();
      rowLosses(weights, v, sequence, new Float32Array(v * v));
      return Promise.resolve({ seconds: (performance.now() - started) / 1000, updateSeconds: 0 });
    },
    async *generate(prompts: readonly Int32Array[], settings: GenerationSettings): AsyncGenerator<GeneratedToken> {
      for (const [prompt, tokens] of prompts.entries()) {
        let last = tokens.at(-1) ?? 0;
        for (let n = 1; n <= settings.maxNewTokens; n++) {
          const logits = weights.subarray(last * v, (last + 1) * v);
          last = logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
          const finished = n === settings.maxNewTokens || settings.stopTokenIds.includes(last);
          yield await Promise.resolve({ prompt, tokenId: last, logProbability: 0, finished });
          if (finished) break;
        }
      }
    },
    async *trainedTensors(): AsyncGenerator<NamedTensor> {
      yield await Promise.resolve({ name: tensorName, shape, data: weights.slice() });
    },
    async *optimizerTensors(): AsyncGenerator<NamedTensor> {
      yield await Promise.resolve({ name: `exp_avg.${tensorName}`, shape, data: average.slice() });
      yield await Promise.resolve({ name: `exp_avg_sq.${tensorName}`, shape, data: averageSquare.slice() });
    },
    async restore(state) {
      for await (const tensor of state.trained) weights.set(tensor.data);
      for await (const tensor of state.optimizer ?? []) {
        (tensor.name.startsWith('exp_avg_sq.') ? averageSquare : average).set(tensor.data);
      }
      taken = state.step;
    },
    memory: () => Promise.resolve({ peakBytes: 1000 }),
    close: () => Promise.resolve(),
  };
}

/** Cross-entropy of each row; adds the gradient of the sum. */
function rowLosses(
  weights: Float32Array,
  v: number,
  sequence: PackedSequence,
  gradient: Float32Array | undefined,
): RowLoss[] {
  const sums = sequence.sampleIds.map((sampleId) => ({ sampleId, lossSum: 0, trainedTokens: 0 }));
  for (const [i, position] of sequence.lossPositions.entries()) {
    const from = sequence.tokens[position]! * v;
    const target = sequence.lossTargets[i]!;
    const exps = Array.from(weights.subarray(from, from + v), Math.exp);
    const total = exps.reduce((a, b) => a + b, 0);
    const row = sums[sequence.segments[position]!]!;
    row.lossSum -= Math.log(exps[target]! / total);
    row.trainedTokens += 1;
    if (gradient) exps.forEach((e, k) => (gradient[from + k]! += e / total - (k === target ? 1 : 0)));
  }
  return sums;
}

/** Cross-entropy of each supervised token. */
function tokenLosses(weights: Float32Array, v: number, sequence: PackedSequence): Float32Array {
  return Float32Array.from(sequence.lossPositions, (position, i) => {
    const one = {
      ...sequence,
      lossPositions: Int32Array.of(position),
      lossTargets: sequence.lossTargets.slice(i, i + 1),
    };
    return rowLosses(weights, v, one, undefined).reduce((sum, { lossSum }) => sum + lossSum, 0);
  });
}

function adam(
  weights: Float32Array,
  gradient: Float32Array,
  average: Float32Array,
  averageSquare: Float32Array,
  step: number,
  rate: number,
): void {
  for (const [i, g] of gradient.entries()) {
    average[i] = beta1 * average[i]! + (1 - beta1) * g;
    averageSquare[i] = beta2 * averageSquare[i]! + (1 - beta2) * g * g;
    const mean = average[i] / (1 - beta1 ** step);
    const spread = Math.sqrt(averageSquare[i] / (1 - beta2 ** step)) + epsilon;
    weights[i]! -= (rate * mean) / spread;
  }
}

function pause(milliseconds: number): Promise<void> {
  return milliseconds === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, milliseconds));
}
