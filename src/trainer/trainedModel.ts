// The model of a config with the weights that a run gave it, opened to be asked and not to be trained on.

import path from 'node:path';
import { effectiveConfig } from '../config/effective.ts';
import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import { trainsLora } from '../config/method.ts';
import type { Positions } from '../config/positions.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import type { SessionPlan, TrainingSession } from '../engine/session.ts';
import { readAdapter } from '../models/adapter.ts';
import { openModel, type ModelProgress } from '../models/openModel.ts';
import { readSafetensors, readTensor, readTensors } from '../models/safetensors.ts';
import type { LoadedModel, NamedTensor, WeightEntry } from '../models/types.ts';
import { problem } from '../protocol/problem.ts';
import { findTorch } from '../torch/environment/find.ts';
import { adapterFacts, fileFacts, machineFacts, modelFacts } from './facts.ts';
import { openSession, startTorch } from './openSession.ts';
import { resultLayout, withoutValueHead } from './resultLayout.ts';
import { sessionPlan } from './sessionPlan.ts';
import type { RunWeights } from './runWeights.ts';

export interface TrainedModelRequest {
  readonly config: FinetuneConfig;
  readonly positions: Positions;
  /** Folder that the config's paths are relative to. */
  readonly baseDirectory: string;
  readonly weights: RunWeights;
  readonly onModel?: (progress: ModelProgress) => void;
  /** Takes what the torch engine's worker prints. */
  readonly onEngineOutput: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface TrainedModel {
  /** As the run had it, but for the engine and the device that answer. */
  readonly config: EffectiveConfig;
  readonly model: LoadedModel;
  /** Whoever opened it closes it. */
  readonly session: TrainingSession;
}

/** Throws what opening the model, the adapter and the engine throws, and a ProblemError for weights that do not fit. */
export async function openTrainedModel(request: TrainedModelRequest): Promise<TrainedModel> {
  const { config: written, positions, baseDirectory, weights, signal, onModel } = request;
  const model = await openModel(written.model, { baseDirectory, signal, ...(onModel ? { onProgress: onModel } : {}) });
  const initFrom = trainsLora(written) ? written.lora?.init_from : undefined;
  const start = initFrom === undefined ? undefined : await readAdapter(path.resolve(baseDirectory, initFrom));
  const { config: trained } = effectiveConfig(
    written,
    {
      ...fileFacts(baseDirectory),
      machine: await machineFacts(written),
      model: modelFacts(model),
      ...(start ? { adapter: adapterFacts(start.settings) } : {}),
    },
    positions,
  );
  refuseScores(trained);
  const config = await answeredBy(asKept(trained, weights), weights);
  const wholeModel = weights.kind === 'model' ? await openModel(weights.folder, { baseDirectory, signal }) : model;
  // One process is enough to ask a model something, however many have trained it.
  const { distributed: _, ...alone } = written;
  const worker = await startTorch({ ...alone, engine: config.engine }, request.onEngineOutput);
  const first = start && weights.kind === 'start' ? tensorsOf(start.weights.values()) : undefined;
  // Whatever a model was trained by, it is asked for the losses of tokens.
  const { distributed: _ranks, ...rest } = config;
  const asked = { ...rest, objective: 'sft' } as const;
  const isFresh = weights.kind === 'start' && !start;
  const { session } = await openSession(
    asked,
    { plan: planForAsking(config, wholeModel, isFresh), first, baseDirectory },
    worker,
  );
  try {
    if (weights.kind === 'tensors') {
      const { trainedFile, sessionName } = resultLayout(config, model, { session }, baseDirectory).checkpoint;
      const header = await readSafetensors(path.join(weights.folder, trainedFile));
      const tensors = withoutValueHead(renamed(readTensors(header), sessionName));
      await session.restore({ trained: tensors, step: 0 });
    }
    return { config, model, session };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A finished prefix is what its projection made; the network itself is not kept. */
function asKept(config: EffectiveConfig, weights: RunWeights): EffectiveConfig {
  const isMade = weights.kind === 'tensors' && weights.isFinished === true;
  return isMade && config.prefix ? { ...config, prefix: { ...config.prefix, prefix_projection: false } } : config;
}

/**
 * With the engine that answers: the embedded one starts in a second and needs no Python, where it has the weights and
 * computes in the same precision; where PyTorch is not set up here, in 32 bits on the CPU whatever the run had.
 */
async function answeredBy(config: EffectiveConfig, weights: RunWeights): Promise<EffectiveConfig> {
  if (config.engine === 'embedded' || !isKnownToEmbedded(config, weights)) return config;
  const isSame = config.device === 'cpu' && config.training.mixed_precision === 'no';
  if (!isSame && (await findTorch()).ready) return config;
  return { ...config, engine: 'embedded', device: 'cpu', training: { ...config.training, mixed_precision: 'no' } };
}

/** It has no weights in 4 bits, does not make prefixes by a network, and begins no prefix. */
function isKnownToEmbedded({ quantization, prefix }: EffectiveConfig, weights: RunWeights): boolean {
  return !quantization && (!prefix || (!prefix.prefix_projection && weights.kind !== 'start'));
}

/** Throws `trainer/no-token-losses`: a reward model has a number for a whole text and none for a token. */
function refuseScores({ objective }: EffectiveConfig): void {
  if (objective !== 'reward') return;
  throw problem(
    'trainer/no-token-losses',
    'A reward model gives a number for a whole text, so its tokens have no losses.',
  );
}

/** Nothing is learned, so nothing is kept for an optimiser. Fresh adapters change nothing, those of DoRA neither. */
function planForAsking(config: EffectiveConfig, model: LoadedModel, isFresh: boolean): SessionPlan {
  const plan = sessionPlan(config, model);
  const method = plan.method.kind === 'lora' && isFresh ? { ...plan.method, useDora: false } : plan.method;
  return { ...plan, method, optimizer: { ...plan.optimizer, kind: 'sgd' }, gradientCheckpointing: false };
}

async function* tensorsOf(entries: Iterable<WeightEntry>): AsyncGenerator<NamedTensor> {
  for (const entry of entries) yield { name: entry.name, shape: entry.shape, data: await readTensor(entry) };
}

async function* renamed(
  tensors: AsyncIterable<NamedTensor>,
  name: (stored: string) => string,
): AsyncGenerator<NamedTensor> {
  for await (const tensor of tensors) yield { ...tensor, name: name(tensor.name) };
}
