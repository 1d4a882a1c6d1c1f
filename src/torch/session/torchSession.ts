// A training session whose steps PyTorch computes in a Python worker; for the trainer it is a session like any other.

import type { EffectiveConfig } from '../../config/effectiveTypes.ts';
import { architectureOf } from '../../engine/architectures/registry.ts';
import { modelWeights } from '../../engine/architectures/weights.ts';
import { refuseLongRows } from '../../engine/model/contextLimit.ts';
import type { SessionPlan, TrainingSession } from '../../engine/session.ts';
import { totalLoss } from '../../engine/training/losses.ts';
import type { NamedTensor } from '../../models/types.ts';
import { problem, type Problem } from '../../protocol/problem.ts';
import type { PackedSequence } from '../../protocol/sequence.ts';
import { readCreated, readFloats, readNumber, readObserved, readTensorList, type Created } from './answers.ts';
import { bytesOf } from './frames.ts';
import { createTorchGenerator } from './generation.ts';
import { initialTensors } from './initialTensors.ts';
import { hasReference, lossCount, lossesByRow, supervisedFineTuning, type ObjectivePlan } from './objective.ts';
import { settingsThatDiffer } from './settings.ts';
import type { WorkerProcess } from './workerProcess.ts';

export interface TorchPlan extends SessionPlan {
  readonly mixedPrecision: 'no' | 'bf16';
  /** How frozen linear layers are kept in 4 bits; absent: as they are stored. */
  readonly quantization?: EffectiveConfig['quantization'];
  /** Absent: supervised fine-tuning. */
  readonly objective?: ObjectivePlan;
  /** Tensors to begin with in place of fresh ones: an adapter that training goes on from. */
  readonly first?: AsyncIterable<NamedTensor>;
}

export interface TorchSession extends TrainingSession {
  /** What the worker really uses and the plan wanted otherwise. */
  readonly warnings: readonly Problem[];
  /** The class of transformers that was built, such as `LlamaForCausalLM`. */
  readonly modelClass: string;
  /** Versions of the libraries, for the run's record. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Builds a session in a worker that was started for it, and closes the worker when that fails. Throws a ProblemError for a
 * model that is not supported, and when the worker fails.
 */
export async function createTorchSession(worker: WorkerProcess, plan: TorchPlan): Promise<TorchSession> {
  try {
    refuseForTorch(plan);
    return await openTorchSession(worker, plan);
  } catch (error) {
    await worker.close();
    throw error;
  }
}

/** Builds a session in a worker, in place of its earlier one. Fresh adapters begin with the values of the embedded engine. */
export async function openTorchSession(worker: WorkerProcess, plan: TorchPlan): Promise<TorchSession> {
  const architecture = architectureOf(plan.modelConfig);
  const weights = [...modelWeights(architecture, plan.weights).values()];
  const { first = [], objective = supervisedFineTuning, ...wanted } = plan;
  const created = readCreated((await worker.ask('create', { plan: { ...wanted, objective, weights } })).head['value']);
  const session = sessionOver(worker, { ...wanted, objective }, created, architecture.contextLength, architecture.name);
  await session.restore({ trained: initialTensors(created.trained, plan), step: 0 });
  await session.restore({ trained: first, step: 0 });
  if (hasReference(objective)) await worker.ask('keep_reference');
  return session;
}

/** Throws `torch/unsupported-model` for what the embedded engine computes and this one does not. */
export function refuseForTorch({ modelConfig, quantization }: SessionPlan & Pick<TorchPlan, 'quantization'>): void {
  if (quantization && modelConfig['model_type'] === 'gpt2') {
    throw problem(
      'torch/unsupported-model',
      'The layers of GPT-2 cannot be kept in 4 bits by bitsandbytes. Take `method: lora`.',
    );
  }
  if (modelConfig['model_type'] !== 'gemma3') return;
  throw problem(
    'torch/unsupported-model',
    'The torch engine does not train the text part of a Gemma 3 model with vision. Take `engine: embedded`, or a text-only Gemma 3 (model_type gemma3_text).',
  );
}

function sessionOver(
  worker: WorkerProcess,
  plan: TorchPlan & { readonly objective: ObjectivePlan },
  created: Created,
  contextLength: number,
  architecture: string,
): TorchSession {
  let peakBytes = 0;
  const remember = (value: unknown): void => void (peakBytes = Math.max(peakBytes, readNumber(value, 'peakBytes')));
  const supervised = (sequences: readonly PackedSequence[]): PackedSequence[] => {
    for (const sequence of sequences) refuseLongRows(sequence, contextLength);
    return sequences.filter((sequence) => sequence.lossPositions.length > 0);
  };
  const lossesOf = (sequences: readonly PackedSequence[], parts: readonly Uint8Array[]) =>
    sequences.flatMap((sequence, i) => {
      const losses = readFloats(parts[i], lossCount(plan.objective, sequence));
      return lossesByRow(plan.objective, sequence, losses);
    });

  async function* tensors(kind: 'trained' | 'optimizer'): AsyncIterable<NamedTensor> {
    const list = readTensorList((await worker.ask('list_tensors', { kind })).head['value']);
    for (const { name, shape } of list) {
      const { parts } = await worker.ask('read_tensor', { kind, name });
      const size = shape.reduce((n, d) => n * d, 1);
      yield { name, shape, data: readFloats(parts[0], size) };
    }
  }

  return {
    info: {
      architecture,
      totalParameters: created.totalParameters,
      trainableParameters: created.trainableParameters,
      adaptedModules: created.adaptedModules,
      contextLength,
    },
    warnings: settingsThatDiffer(plan, created.settings),
    modelClass: created.modelClass,
    versions: created.versions,
    async step({ step, sequences, learningRate }) {
      const kept = supervised(sequences);
      const tokens = sequences.reduce((n, s) => n + s.tokens.length, 0);
      if (kept.length === 0) return { loss: NaN, gradNorm: NaN, learningRate, tokens, trainedTokens: 0, rows: [] };
      const answer = await worker.ask('step', { step, learningRate }, kept.flatMap(arraysOf));
      remember(answer.head['value']);
      const [norm, ...losses] = answer.parts;
      const rows = lossesOf(kept, losses);
      const { lossSum, terms, trainedTokens } = totalLoss(rows);
      const gradNorm = new DataView(norm!.buffer, norm!.byteOffset).getFloat64(0, true);
      const used = readNumber(answer.head['value'], 'learningRate');
      const observed = readObserved(answer.head['value'], answer.parts);
      return { loss: lossSum / terms, gradNorm, learningRate: used, tokens, trainedTokens, rows, observed };
    },
    async evaluate(sequences) {
      const kept = supervised(sequences);
      if (kept.length === 0) {
        return { lossSum: 0, trainedTokens: 0, rows: [], tokenLosses: sequences.map(() => new Float32Array()) };
      }
      const answer = await worker.ask('evaluate', {}, kept.flatMap(arraysOf));
      remember(answer.head['value']);
      const rows = lossesOf(kept, answer.parts);
      // Objectives that compare answers have losses of pairs and none of tokens.
      const ofTokens = plan.objective.kind === 'sft' ? kept : [];
      const tokenLosses = sequences.map((sequence) => {
        const part = answer.parts[ofTokens.indexOf(sequence)];
        return part === undefined ? new Float32Array() : readFloats(part, sequence.lossPositions.length);
      });
      return { ...totalLoss(rows), rows, tokenLosses, observed: readObserved(answer.head['value'], answer.parts) };
    },
    async probe(sequence) {
      const { value } = (await worker.ask('probe', {}, arraysOf(sequence))).head;
      return { seconds: readNumber(value, 'seconds'), updateSeconds: readNumber(value, 'updateSeconds') };
    },
    generate: createTorchGenerator(worker, Number(plan.modelConfig['vocab_size']), contextLength),
    trainedTensors: () => tensors('trained'),
    optimizerTensors: () => tensors('optimizer'),
    async restore({ trained, optimizer = [], step }) {
      for (const [kind, source] of [
        ['trained', trained],
        ['optimizer', optimizer],
      ] as const) {
        for await (const { name, data } of source) await worker.ask('write_tensor', { kind, name }, [bytesOf(data)]);
      }
      await worker.ask('set_steps_taken', { steps: step });
    },
    // On the CPU the trainer itself counts too: together they are what the machine has to give.
    memory: () => Promise.resolve({ peakBytes: peakBytes + (plan.device === 'cuda' ? 0 : process.memoryUsage.rss()) }),
    close: () => worker.close(),
  };
}

function arraysOf({ tokens, positions, lossPositions, lossTargets }: PackedSequence): Uint8Array[] {
  return [tokens, positions, lossPositions, lossTargets].map(bytesOf);
}
