// The trained tensors of a session: values, optimiser state and gradient sums, and the update that joins them.

import type { NamedTensor, WeightEntry } from '../../models/types.ts';
import { problem } from '../../protocol/problem.ts';
import type { HostArray } from '../executors/executor.ts';
import type { Parameter } from '../model/build.ts';
import { adamw, clipFactor, globalNorm, sgd } from '../optimizer/optimizer.ts';
import type { AdamState } from '../optimizer/optimizer.ts';
import type { SessionPlan } from '../session.ts';
import { gradientName } from './graph.ts';
import { initialValues } from './initialise.ts';

interface Trained extends Parameter {
  readonly values: Float32Array;
  readonly adam: AdamState | undefined;
}

export interface TrainedTensors {
  /** Values by parameter name, as an executor takes them. */
  readonly feeds: ReadonlyMap<string, HostArray>;
  readonly count: number;
  /** Buffers for the gradients of the i-th sequence of a step. */
  gradientBuffers(sequence: number): ReadonlyMap<string, Float32Array>;
  /** Adds what the i-th sequence wrote to the sums of the step. */
  accumulate(sequence: number): void;
  /** L2 norm of the gradient sums. */
  gradientNorm(): number;
  /** One optimiser step with the gradient sums. */
  update(gradientNorm: number, learningRate: number): void;
  /** Seconds that norm and update take, from a rehearsal on other values. */
  updateSeconds(): number;
  values(): Iterable<NamedTensor>;
  optimizerState(): Iterable<NamedTensor>;
  restoreTensor(kind: 'trained' | 'optimizer', tensor: NamedTensor): void;
  setStepsTaken(steps: number): void;
}

export async function createTrainedTensors(
  parameters: readonly Parameter[],
  weights: ReadonlyMap<string, WeightEntry>,
  { optimizer, seed }: Pick<SessionPlan, 'optimizer' | 'seed'>,
): Promise<TrainedTensors> {
  const trained: Trained[] = [];
  for (const parameter of parameters) {
    const values = await initialValues(parameter, weights, seed);
    const moment = () => new Float32Array(values.length);
    const adam = optimizer.kind === 'adamw' ? { average: moment(), averageSquare: moment() } : undefined;
    trained.push({ ...parameter, values, adam });
  }
  const buffers = () => new Map(trained.map((t) => [gradientName(t.name), new Float32Array(t.values.length)]));
  const sums = buffers();
  let scratch: Map<string, Float32Array> | undefined;
  let stepsTaken = 0;

  const target = new Map<string, Float32Array>();
  for (const { name, values, adam } of trained) {
    target.set(`trained/${name}`, values);
    if (adam)
      target.set(`optimizer/exp_avg.${name}`, adam.average).set(`optimizer/exp_avg_sq.${name}`, adam.averageSquare);
  }
  const list = (kind: string): NamedTensor[] =>
    trained.flatMap(({ name, shape }) =>
      (kind === 'trained' ? [name] : [`exp_avg.${name}`, `exp_avg_sq.${name}`]).flatMap((full) => {
        const data = target.get(`${kind}/${full}`);
        return data ? [{ name: full, shape, data }] : [];
      }),
    );

  return {
    feeds: new Map(trained.map((t) => [t.name, t.values])),
    count: trained.reduce((n, t) => n + t.values.length, 0),
    gradientBuffers: (sequence) => {
      if (sequence === 0) return sums;
      scratch ??= buffers();
      return scratch;
    },
    accumulate: (sequence) => {
      if (sequence === 0) return;
      for (const [name, sum] of sums) {
        const more = scratch!.get(name)!;
        for (let i = 0; i < sum.length; i++) sum[i]! += more[i]!;
      }
    },
    gradientNorm: () => globalNorm(sums.values()),
    update: (norm, learningRate) => {
      stepsTaken++;
      const scale = clipFactor(norm, optimizer.maxGradNorm);
      for (const tensor of trained) {
        const gradient = sums.get(gradientName(tensor.name))!;
        const settings = {
          learningRate: learningRate * learningRateFactor(tensor, optimizer),
          weightDecay: decays(tensor) ? optimizer.weightDecay : 0,
        };
        if (tensor.adam) adamw(tensor.values, gradient, tensor.adam, stepsTaken, scale, optimizer, settings);
        else sgd(tensor.values, gradient, scale, settings);
      }
    },
    updateSeconds: () => (rehearsal(optimizer) * trained.reduce((n, t) => n + t.values.length, 0)) / rehearsed,
    values: () => list('trained'),
    optimizerState: () => list('optimizer'),
    restoreTensor: (kind, tensor) => {
      const values = target.get(`${kind}/${tensor.name}`);
      if (values?.length !== tensor.data.length) {
        throw problem(
          'engine/state-mismatch',
          `The tensor ${tensor.name} [${tensor.shape.join(', ')}] does not belong to this run: ${
            values ? `it has another size here` : 'nothing of that name is trained'
          }. Resume with the config and the model that the checkpoint was made with.`,
        );
      }
      values.set(tensor.data);
    },
    setStepsTaken: (steps) => (stepsTaken = steps),
  };
}

/** Enough values for a rehearsal of some milliseconds. */
const rehearsed = 1 << 18;

/** Seconds of an update of `rehearsed` values once the code is warm, which it is after two rounds. */
function rehearsal(optimizer: SessionPlan['optimizer']): number {
  const array = () => new Float32Array(rehearsed).fill(0.5);
  const [values, gradient, adam] = [array(), array(), { average: array(), averageSquare: array() }];
  const once = (step: number): number => {
    const started = performance.now();
    const scale = clipFactor(globalNorm([gradient]), optimizer.maxGradNorm);
    const settings = { learningRate: 1e-3, weightDecay: optimizer.weightDecay };
    if (optimizer.kind === 'adamw') adamw(values, gradient, adam, step, scale, optimizer, settings);
    else sgd(values, gradient, scale, settings);
    return (performance.now() - started) / 1000;
  };
  return Math.min(...[1, 2, 3, 4, 5].map(once));
}

/** LoRA+ (Hayou et al. 2024, arXiv:2402.12354): B learns faster than A by a fixed ratio. */
function learningRateFactor(tensor: Parameter, optimizer: SessionPlan['optimizer']): number {
  if (tensor.role === 'weight') return 1;
  return optimizer.loraLrRatio * (tensor.role === 'lora_B' ? optimizer.loraPlusRatio : 1);
}

/** No decay on biases, norms and embeddings: everything with fewer than two axes, and tables looked up by token. */
function decays(tensor: Parameter): boolean {
  return tensor.shape.length >= 2 && !/(?:embed_tokens|wte|wpe)\.weight$/.test(tensor.name);
}
