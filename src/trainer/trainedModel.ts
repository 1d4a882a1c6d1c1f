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
  const config = asKept(trained, weights);
  const wholeModel = weights.kind === 'model' ? await openModel(weights.folder, { baseDirectory, signal }) : model;
  // One process is enough to ask a model something, however many have trained it.
  const { distributed: _, ...alone } = written;
  const worker = await startTorch({ ...alone, engine: config.engine }, request.onEngineOutput);
  const first = start && weights.kind === 'start' ? tensorsOf(start.weights.values()) : undefined;
  // Whatever a model was trained by, it is asked for the losses of tokens.
  const { distributed: _ranks, ...rest } = config;
  const asked = { ...rest, objective: 'sft' } as const;
  const { session } = await openSession(
    asked,
    { plan: planForAsking(config, wholeModel), first, baseDirectory },
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

/** Throws `trainer/no-token-losses`: a reward model has a number for a whole text and none for a token. */
function refuseScores({ objective }: EffectiveConfig): void {
  if (objective !== 'reward') return;
  throw problem(
    'trainer/no-token-losses',
    'A reward model gives a number for a whole text, so its tokens have no losses.',
  );
}

/** Nothing is learned, so nothing is kept for an optimiser. */
function planForAsking(config: EffectiveConfig, model: LoadedModel): SessionPlan {
  const plan = sessionPlan(config, model);
  return { ...plan, optimizer: { ...plan.optimizer, kind: 'sgd' }, gradientCheckpointing: false };
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
