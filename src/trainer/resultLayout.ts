// How the trained weights of a run are laid in files: as a PEFT adapter, or as a model folder that transformers loads.

import path from 'node:path';
import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import { architectureOf } from '../engine/architectures/registry.ts';
import type { TrainingSession } from '../engine/session.ts';
import { adapterConfigText, isOfValueHead, type AdapterSettings } from '../models/adapter.ts';
import { writeAdapter, writeModelFolder } from '../models/export.ts';
import { parseHubReference } from '../models/hubReference.ts';
import type { PrefixSettings } from '../models/prefixAdapter.ts';
import type { TensorSpec } from '../models/safetensors.ts';
import type { LoadedModel, NamedTensor } from '../models/types.ts';
import { writeFileAtomic } from '../runs/atomicFile.ts';
import type { CheckpointLayout } from './checkpoint/store.ts';
import { prefixCheckpoint, prefixSettings, writePrefix } from './prefixLayout.ts';
import type { PreparedRun } from './preparedRun.ts';
import { sessionPlan } from './sessionPlan.ts';

export interface ResultLayout {
  readonly checkpoint: CheckpointLayout;
  readonly result: PreparedRun['result'];
}

/**
 * `baseDirectory`: what a model given as a path is relative to. The layout holds on to nothing of the model but files and
 * config: its tokenizer takes tens of megabytes, and may be done with when training begins.
 */
export function resultLayout(
  config: EffectiveConfig,
  model: LoadedModel,
  { session, modelClass }: { readonly session: TrainingSession; readonly modelClass?: string },
  baseDirectory: string,
): ResultLayout {
  const scores = config.objective === 'reward';
  const { method } = sessionPlan(config, model);
  if (method.kind === 'prefix')
    return prefixLayout(prefixSettings(method, model, baseOf(model, baseDirectory)), model, session);
  if (!config.lora) return modelLayout(model, scores ? scoringConfig(model, modelClass) : model.config, session);
  const settings = adapterSettings(config.lora, model, session, baseDirectory);
  return adapterLayout({ ...settings, scores }, model, session);
}

function prefixLayout(settings: PrefixSettings, model: LoadedModel, session: TrainingSession): ResultLayout {
  const tokenizerFiles = bytesOfFiles(model);
  return {
    checkpoint: prefixCheckpoint(settings),
    result: {
      kind: 'adapter',
      async write(folder) {
        await writeTokenizer(folder, tokenizerFiles);
        await writePrefix(folder, settings, session);
      },
    },
  };
}

/** PEFT wraps the model twice; the names of its tensors begin with that. */
const peftPrefix = 'base_model.model.';

function adapterLayout(settings: AdapterSettings, model: LoadedModel, session: TrainingSession): ResultLayout {
  const tokenizerFiles = bytesOfFiles(model);
  return {
    checkpoint: {
      trainedFile: 'adapter_model.safetensors',
      storedName: (name) => peftPrefix + name,
      sessionName: (name) => name.slice(peftPrefix.length),
      textFiles: { 'adapter_config.json': adapterConfigText(settings) },
    },
    result: {
      kind: 'adapter',
      async write(folder) {
        await writeTokenizer(folder, tokenizerFiles);
        await writeAdapter(folder, settings, withoutValueHead(session.trainedTensors()));
      },
    },
  };
}

/** The config of a model with one label, as transformers' classes for sequence classification read it. */
function scoringConfig({ config, tokenizer }: LoadedModel, modelClass: string | undefined): LoadedModel['config'] {
  const label = 'score';
  return {
    ...config,
    ...(modelClass === undefined ? {} : { architectures: [modelClass] }),
    id2label: { 0: label },
    label2id: { [label]: 0 },
    // With several texts at once transformers finds the last token of each by it.
    pad_token_id: config['pad_token_id'] ?? tokenizer.padTokenId ?? tokenizer.eosTokenId ?? null,
  };
}

function modelLayout(model: LoadedModel, config: LoadedModel['config'], session: TrainingSession): ResultLayout {
  const { generationConfig } = model;
  const tokenizerFiles = bytesOfFiles(model);
  const same = (name: string): string => name;
  return {
    checkpoint: { trainedFile: 'model.safetensors', storedName: same, sessionName: same, textFiles: {} },
    result: {
      kind: 'model',
      async write(folder) {
        const specs: TensorSpec[] = [];
        for await (const { name, shape } of withoutValueHead(session.trainedTensors())) specs.push({ name, shape });
        const tensors = withoutValueHead(session.trainedTensors());
        await writeModelFolder(folder, { config, generationConfig, tokenizerFiles, specs, tensors });
      },
    },
  };
}

/** What PPO trains along and nothing but its training uses: checkpoints have it, and results do not. */
export async function* withoutValueHead(tensors: AsyncIterable<NamedTensor>): AsyncGenerator<NamedTensor> {
  for await (const tensor of tensors) if (!isOfValueHead(tensor.name)) yield tensor;
}

function adapterSettings(
  lora: NonNullable<EffectiveConfig['lora']>,
  model: LoadedModel,
  session: TrainingSession,
  baseDirectory: string,
): AdapterSettings {
  const adapted = new Set(session.info.adaptedModules);
  const modules = architectureOf(model.config).linearModules.filter(({ name }) => adapted.has(name));
  return {
    rank: lora.rank,
    alpha: lora.alpha,
    dropout: lora.dropout,
    useRslora: lora.use_rslora,
    useDora: lora.use_dora,
    ...baseOf(model, baseDirectory),
    modules: session.info.adaptedModules,
    fanInFanOut: modules.some((module) => module.storedTransposed),
  };
}

/** A hub id means the same on every machine; a path only here. */
function baseOf(model: LoadedModel, baseDirectory: string): Pick<AdapterSettings, 'baseModel' | 'revision'> {
  const isLocal = path.resolve(baseDirectory, model.reference) === model.path;
  const hub = isLocal ? undefined : parseHubReference(model.reference);
  return hub ? { baseModel: hub.id, revision: hub.revision } : { baseModel: model.path };
}

/** Kept for the whole run: as text, a file with letters of all languages takes twice as much. */
function bytesOfFiles({ tokenizerFiles }: LoadedModel): ReadonlyMap<string, Uint8Array> {
  return new Map([...tokenizerFiles].map(([name, text]) => [name, Buffer.from(text)]));
}

async function writeTokenizer(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [name, text] of files) await writeFileAtomic(path.join(folder, path.basename(name)), text);
}
