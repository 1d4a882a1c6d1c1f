// Prefixes in the folder layout of PEFT: adapter_config.json and adapter_model.safetensors with one tensor.

import { join } from 'node:path';
import { writeTextAtomically } from './files.ts';
import { isCount, type JsonObject } from './json.ts';
import * as peft from './peftFolder.ts';
import { writeSafetensors } from './safetensors.ts';
import type { NamedTensor, WeightEntry } from './types.ts';

/** The name of the prefix in its file, [places, 2 · layers · width]. */
export const prefixTensor = 'prompt_embeddings';

export interface PrefixSettings {
  readonly virtualTokens: number;
  /** How it was trained; PEFT reads the finished prefix in either case. */
  readonly projection: boolean;
  readonly encoderSize: number;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headSize: number;
  /** Hub id or path of the base model, for those who load the prefix. */
  readonly baseModel: string;
  readonly revision?: string;
}

/** Writes a folder that PEFT loads. The config comes last: a folder without it is no adapter. */
export async function writePrefixAdapter(
  folder: string,
  settings: PrefixSettings,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
): Promise<void> {
  await writeSafetensors(join(folder, peft.adapterWeightsName), tensors, { metadata: { format: 'pt' } });
  await writeTextAtomically(join(folder, peft.adapterConfigName), prefixConfigText(settings));
}

/** The text of adapter_config.json. */
export function prefixConfigText(settings: PrefixSettings): string {
  const config = {
    auto_mapping: null,
    base_model_name_or_path: settings.baseModel,
    encoder_hidden_size: settings.encoderSize,
    inference_mode: true,
    init_weights: null,
    num_attention_heads: settings.kvHeads,
    num_layers: settings.layers,
    num_transformer_submodules: 1,
    num_virtual_tokens: settings.virtualTokens,
    peft_type: peft.prefixType,
    prefix_projection: settings.projection,
    revision: settings.revision ?? null,
    task_type: 'CAUSAL_LM',
    token_dim: settings.kvHeads * settings.headSize,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

export interface OpenedPrefix {
  readonly kind: 'prefix';
  readonly settings: PrefixSettings;
  /** One tensor, `prompt_embeddings`. */
  readonly weights: ReadonlyMap<string, WeightEntry>;
}

/**
 * Opens a folder with a finished prefix, of this program or of PEFT. Throws `models/not-an-adapter`,
 * `models/unsupported-adapter`, `models/broken-adapter` and what `readSafetensors` throws.
 */
export async function readPrefixAdapter(folder: string): Promise<OpenedPrefix> {
  const { config, file } = await peft.readAdapterConfig(folder);
  const header = await peft.readAdapterWeights(folder);
  const entry = header.entries.get(prefixTensor);
  if (!entry) throw peft.brokenAdapter(header.file, `it has no tensor \`${prefixTensor}\``);
  const settings = readSettings(config, file);
  const { virtualTokens, layers, kvHeads, headSize } = settings;
  const shape = [virtualTokens, 2 * layers * kvHeads * headSize].join(', ');
  if (entry.shape.join(', ') !== shape) {
    const found = entry.shape.join(', ');
    throw peft.brokenAdapter(header.file, `\`${prefixTensor}\` is [${found}], and its config makes it [${shape}]`);
  }
  return { kind: 'prefix', settings, weights: new Map([[prefixTensor, entry]]) };
}

function readSettings(config: JsonObject, file: string): PrefixSettings {
  if (config['num_transformer_submodules'] === 2) {
    throw peft.unsupportedAdapter(file, 'A prefix of a model with encoder and decoder cannot be used here.');
  }
  const count = (field: string): number => {
    const value = config[field];
    if (isCount(value) && value > 0) return value;
    throw peft.brokenAdapter(file, `\`${field}\` is no whole number above 0`);
  };
  const [kvHeads, width] = [count('num_attention_heads'), count('token_dim')];
  if (width % kvHeads !== 0) {
    throw peft.brokenAdapter(file, `\`token_dim: ${width}\` cannot be shared by ${kvHeads} heads`);
  }
  const encoderSize = config['encoder_hidden_size'];
  return {
    virtualTokens: count('num_virtual_tokens'),
    projection: config['prefix_projection'] === true,
    encoderSize: isCount(encoderSize) ? encoderSize : width,
    layers: count('num_layers'),
    kvHeads,
    headSize: width / kvHeads,
    ...peft.baseOfAdapter(config),
  };
}
