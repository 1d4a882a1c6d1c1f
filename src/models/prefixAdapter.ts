// Prefixes in the folder layout of PEFT: adapter_config.json and adapter_model.safetensors with one tensor.

import { join } from 'node:path';
import { writeTextAtomically } from './files.ts';
import { writeSafetensors } from './safetensors.ts';
import type { NamedTensor } from './types.ts';

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
  await writeSafetensors(join(folder, 'adapter_model.safetensors'), tensors, { metadata: { format: 'pt' } });
  await writeTextAtomically(join(folder, 'adapter_config.json'), prefixConfigText(settings));
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
    peft_type: 'PREFIX_TUNING',
    prefix_projection: settings.projection,
    revision: settings.revision ?? null,
    task_type: 'CAUSAL_LM',
    token_dim: settings.kvHeads * settings.headSize,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
