// A training session whose steps PyTorch computes in a Python worker; for the trainer it is a session like any other.

import type { EffectiveConfig } from '../../config/effectiveTypes.ts';
import { learnsFromAnswers } from '../../config/objective.ts';
import { architectureOf } from '../../engine/architectures/registry.ts';
import { modelWeights } from '../../engine/architectures/weights.ts';
import { refuseLongRows } from '../../engine/model/contextLimit.ts';
import { placesBefore } from '../../engine/prefix.ts';
import type { Observed, SessionPlan, StepResult, TrainingSession } from '../../engine/session.ts';
import { totalLoss } from '../../engine/training/losses.ts';
import type { NamedTensor } from '../../models/types.ts';
import { problem, type Problem } from '../../protocol/problem.ts';
import type { PackedSequence } from '../../protocol/sequence.ts';
import {
  readCreated,
  readDouble,
  readFloats,
  readNumber,
  readObserved,
  readTensorList,
  type Created,
} from './answers.ts';
import { answerTools } from './answerTools.ts';
import { dealSequences, gatherByPlace, passesOf } from './deal.ts';
import { bytesOf, type Frame } from './frames.ts';
import { createTorchGenerator } from './generation.ts';
import { initialTensors } from './initialTensors.ts';
import { byName, hasReference, lossCount, lossesByRow, supervisedFineTuning, type ObjectivePlan } from './objective.ts';
import { meet } from './ranks.ts';
import { settingsThatDiffer } from './settings.ts';
import { groupOfOne, type RankRequest, type WorkerGroup } from './workerGroup.ts';
import type { WorkerProcess } from './workerProcess.ts';

export interface TorchPlan extends SessionPlan {
  readonly mixedPrecision: 'no' | 'bf16';
  /** How frozen linear layers are kept in 4 bits; absent: as they are stored. */
  readonly quantization?: EffectiveConfig['quantization'];
  /** Absent: supervised fine-tuning. */
  readonly objective?: ObjectivePlan;
  /** Tensors to begin with in place of fresh ones: an adapter that training goes on from. */
  readonly first?: AsyncIterable<NamedTensor>;
  /** The model in shards over the ranks; absent: whole on each. */
  readonly sharding?: Sharding | undefined;
}

/** FSDP2: shards of weights, gradients and the optimiser's state on each rank. */
export interface Sharding {
  /** Whether layers stay whole from the forward to the backward pass (ZeRO-2), or are gathered for each (ZeRO-3). */
  readonly wholeBetweenPasses: boolean;
  /** Whether shards lie in the machine's memory and come to the GPU when they are needed. */
  readonly cpuOffload: boolean;
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
 * Builds a session in workers that were started for it, and closes them when that fails. Throws a ProblemError for a
 * model that is not supported, and when the worker fails.
 */
export async function createTorchSession(workers: WorkerGroup, plan: TorchPlan): Promise<TorchSession> {
  try {
    refuseForTorch(plan);
    await meet(workers, plan);
    return await openTorchSession(workers, plan);
  } catch (error) {
    await workers.close();
    throw error;
  }
}

/**
 * Builds a session in a worker, or over a group of ranks that have met, in place of its earlier one. Fresh adapters begin
 * with the values of the embedded engine.
 */
export async function openTorchSession(worker: WorkerProcess | WorkerGroup, plan: TorchPlan): Promise<TorchSession> {
  const group = 'askAll' in worker ? worker : groupOfOne(worker);
  const architecture = architectureOf(plan.modelConfig);
  const weights = [...modelWeights(architecture, plan.weights).values()];
  const { first = [], objective = supervisedFineTuning, ...wanted } = plan;
  const answers = await group.askAll('create', () => ({ head: { plan: { ...wanted, objective, weights } } }));
  const created = answers.map(({ head }) => readCreated(head['value']));
  const contextLength = architecture.contextLength - placesBefore(plan.method);
  const session = sessionOver(group, { ...wanted, objective }, created, contextLength, architecture.name);
  await session.restore({ trained: initialTensors(created[0]!.trained, plan), step: 0 });
  await session.restore({ trained: first, step: 0 });
  if (hasReference(objective)) await group.askAll('keep_reference');
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
  group: WorkerGroup,
  plan: TorchPlan & { readonly objective: ObjectivePlan },
  builds: readonly Created[],
  contextLength: number,
  architecture: string,
): TorchSession {
  const [created] = builds as [Created];
  const hasAnswers = learnsFromAnswers(plan.objective.kind);
  const peaks = builds.map(() => 0);
  const remember = (answers: readonly Frame[]): void => {
    for (const [rank, { head }] of answers.entries()) {
      peaks[rank] = Math.max(peaks[rank]!, readNumber(head['value'], 'peakBytes'));
    }
  };
  const supervised = (sequences: readonly PackedSequence[]): PackedSequence[] => {
    for (const sequence of sequences) refuseLongRows(sequence, contextLength);
    return sequences.filter((sequence) => sequence.lossPositions.length > 0);
  };
  const lossesOf = (sequences: readonly PackedSequence[], parts: readonly Uint8Array[]) =>
    sequences.flatMap((sequence, i) => {
      const losses = readFloats(parts[i], lossCount(plan.objective, sequence));
      return lossesByRow(plan.objective, sequence, losses);
    });

  /** Answers bring what each of them is worth besides. */
  const partsOf = (sequence: PackedSequence): Uint8Array[] => {
    const { worth = new Float32Array(sequence.sampleIds.length) } = sequence;
    return hasAnswers ? [...arraysOf(sequence), bytesOf(worth)] : arraysOf(sequence);
  };

  async function* tensors(kind: 'trained' | 'optimizer' | 'prefix'): AsyncIterable<NamedTensor> {
    const list = readTensorList((await group.ask('list_tensors', { kind })).head['value']);
    for (const { name, shape } of list) {
      const [{ parts }] = (await group.askAll('read_tensor', () => ({ head: { kind, name } }))) as [Frame];
      const size = shape.reduce((n, d) => n * d, 1);
      yield { name, shape, data: readFloats(parts[0], size) };
    }
  }

  /** Each rank's part of what a step computes. */
  const shareOut = (step: number, kept: readonly PackedSequence[], most = Infinity) => {
    const shares = dealSequences(kept, group.size).map(({ places, sequences }) => {
      return { places: places.slice(-most), sequences: sequences.slice(-most) };
    });
    const terms = kept.reduce((n, sequence) => n + lossCount(plan.objective, sequence), 0);
    const requestOf = (rank: number, head: Frame['head'] = {}): RankRequest => {
      const { places, sequences } = shares[rank]!;
      return { head: { step, places, terms, passes: passesOf(shares), ...head }, parts: sequences.flatMap(partsOf) };
    };
    return { shares, terms, requestOf };
  };

  return {
    info: {
      architecture,
      totalParameters: created.totalParameters,
      trainableParameters: created.trainableParameters,
      adaptedModules: created.adaptedModules,
      contextLength,
      longestSharing: Math.min(...builds.map((one) => (one.sharesBeginnings ? (one.looksBack ?? Infinity) : 0))),
    },
    warnings: builds.flatMap(({ settings }, rank) => settingsThatDiffer(plan, settings, { rank, size: group.size })),
    modelClass: created.modelClass,
    versions: created.versions,
    async step({ step, sequences, learningRate }) {
      const kept = supervised(sequences);
      const tokens = sequences.reduce((n, s) => n + s.tokens.length, 0);
      if (kept.length === 0) return { loss: NaN, gradNorm: NaN, learningRate, tokens, trainedTokens: 0, rows: [] };
      const { shares, terms, requestOf } = shareOut(step, kept);
      const answers = await group.askAll('step', (rank) => requestOf(rank, { learningRate }));
      remember(answers);
      const norms = answers.map(({ parts }) => readDouble(parts[0]));
      refuseDrift(step, norms);
      const losses = answers.map(({ parts }) => parts.slice(1));
      const found = lossesOf(kept, gatherByPlace(shares, losses));
      const rows = hasAnswers ? byName(found) : found;
      const { lossSum, trainedTokens } = totalLoss(rows);
      const used = readNumber(answers[0]!.head['value'], 'learningRate');
      return {
        ...{ loss: lossSum / terms, gradNorm: norms[0]!, learningRate: used, tokens, trainedTokens, rows },
        observed: observedTogether(answers),
        ...memoryMetrics(peaks),
      };
    },
    async evaluate(sequences) {
      const kept = supervised(sequences);
      if (kept.length === 0) {
        return { lossSum: 0, trainedTokens: 0, rows: [], tokenLosses: sequences.map(() => new Float32Array()) };
      }
      const shares = dealSequences(kept, group.size);
      const answers = await group.askAll('evaluate', (rank) => ({
        head: { passes: passesOf(shares) },
        parts: shares[rank]!.sequences.flatMap(partsOf),
      }));
      remember(answers);
      const ofRanks = answers.map(({ parts }) => parts);
      const parts = gatherByPlace(shares, ofRanks);
      const rows = lossesOf(kept, parts);
      // Objectives that compare answers have losses of pairs and none of tokens.
      const ofTokens = plan.objective.kind === 'sft' ? kept : [];
      const tokenLosses = sequences.map((sequence) => {
        const part = parts[ofTokens.indexOf(sequence)];
        return part === undefined ? new Float32Array() : readFloats(part, sequence.lossPositions.length);
      });
      return { ...totalLoss(rows), rows, tokenLosses, observed: observedTogether(answers) };
    },
    async probe(sequence) {
      const [answer] = await group.askAll('probe', () => ({ parts: partsOf(sequence) }));
      const value = answer!.head['value'];
      // All ranks took the sequence at the same time: as many of them are done in that time.
      const seconds = readNumber(value, 'seconds') / group.size;
      return { seconds, updateSeconds: readNumber(value, 'updateSeconds') };
    },
    async probeMemory({ step, sequences }) {
      const { requestOf } = shareOut(step, supervised(sequences), probedSequences);
      remember(await group.askAll('probe_memory', (rank) => requestOf(rank)));
    },
    generate: createTorchGenerator(
      plan.sharding ? inCompany(group) : group,
      Number(plan.modelConfig['vocab_size']),
      contextLength,
    ),
    ...(hasAnswers ? { answers: answerTools(group, plan.sharding !== undefined) } : {}),
    trainedTensors: () => tensors('trained'),
    ...(plan.method.kind === 'prefix' ? { prefixTensors: () => tensors('prefix') } : {}),
    optimizerTensors: () => tensors('optimizer'),
    async restore({ trained, optimizer = [], step }) {
      for (const [kind, source] of [
        ['trained', trained],
        ['optimizer', optimizer],
      ] as const) {
        for await (const { name, data } of source) {
          const parts = [bytesOf(data)];
          await group.askAll('write_tensor', (rank) => ({ head: { kind, name }, parts: rank === 0 ? parts : [] }));
        }
      }
      await group.askAll('set_steps_taken', () => ({ head: { steps: step } }));
    },
    memory: () => Promise.resolve({ peakBytes: togetherBytes(peaks, plan.device) }),
    close: () => group.close(),
  };
}

/** Sequences that each rank is probed with: one that leaves its gradients, and the most demanding one beside them. */
const probedSequences = 2;

/** Asks every rank where one alone would wait for the others' shards; the answer is that of rank 0. */
function inCompany(group: WorkerGroup): WorkerProcess {
  return {
    ended: group.ended,
    ask: async (method, head = {}, parts = []) => (await group.askAll(method, () => ({ head, parts })))[0]!,
    close: () => group.close(),
  };
}

/** On the CPU all processes share the machine, and the trainer itself counts too; a GPU is each rank's own. */
function togetherBytes(peaks: readonly number[], device: string): number {
  if (device === 'cuda') return Math.max(...peaks);
  return peaks.reduce((a, b) => a + b, 0) + process.memoryUsage.rss();
}

/** What all ranks observed, each of its own terms. */
function observedTogether(answers: readonly Frame[]): Observed {
  const together: Record<string, number[]> = {};
  for (const { head, parts } of answers) {
    for (const [name, values] of Object.entries(readObserved(head['value'], parts))) {
      together[name] = [...(together[name] ?? []), ...values];
    }
  }
  return together;
}

/** Peak bytes of each rank, where there are several. */
function memoryMetrics(peaks: readonly number[]): Pick<StepResult, 'metrics'> {
  if (peaks.length === 1) return {};
  return { metrics: Object.fromEntries(peaks.map((bytes, rank) => [`memory/rank_${rank}`, bytes])) };
}

/** All ranks hold the same summed gradients, bit by bit; otherwise their weights drift apart from here on. */
function refuseDrift(step: number, norms: readonly number[]): void {
  const [first] = norms;
  if (norms.every((norm) => Object.is(norm, first))) return;
  throw problem(
    'torch/ranks-differ',
    `In step ${step} the processes came to different gradients, so their weights are no longer the same.`,
    undefined,
    norms.map((norm, rank) => `Rank ${rank} has the norm ${norm}.`),
  );
}

function arraysOf({ tokens, positions, lossPositions, lossTargets }: PackedSequence): Uint8Array[] {
  return [tokens, positions, lossPositions, lossTargets].map(bytesOf);
}
