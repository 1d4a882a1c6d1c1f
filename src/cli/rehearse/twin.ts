// A small random twin of a model: the same family, vocabulary and switches, a few layers of a few features.
import { join } from 'node:path';
import { architectureOf } from '../../engine/architectures/registry.ts';
import { modelUse } from '../../engine/architectures/modelUse.ts';
import { randomStream } from '../../engine/random.ts';
import type { SessionPlan } from '../../engine/session.ts';
import { readSafetensors, writeSafetensors } from '../../models/safetensors.ts';
import type { NamedTensor } from '../../models/types.ts';

type ModelConfig = SessionPlan['modelConfig'];

const layers = 4;
const heads = 4;
const headSize = 16;

/** The config of the twin: sizes are made small, and lists whose length follows a size are cut to it. */
export function twinConfig(config: ModelConfig): ModelConfig {
  if (config['model_type'] === 'gpt2') {
    return { ...config, n_embd: heads * headSize, n_layer: layers, n_head: heads, n_inner: null };
  }
  return {
    ...config,
    ...{ hidden_size: heads * headSize, intermediate_size: 96, num_hidden_layers: layers },
    ...{ num_attention_heads: heads, num_key_value_heads: keyValueHeads(config) },
    ...('head_dim' in config ? { head_dim: headSize } : {}),
    ...(config['model_type'] === 'gemma3_text' ? { sliding_window_pattern: 2 } : {}),
    ...(Array.isArray(config['layer_types']) ? { layer_types: everyKind(config['layer_types']) } : {}),
    ...shorterFactors(config, 'rope_scaling'),
    ...shorterFactors(config, 'rope_parameters'),
  };
}

/** As many heads share keys and values as in the model, as far as four heads can show it. */
function keyValueHeads(config: ModelConfig): number {
  const shared = Number(config['num_attention_heads']) / Number(config['num_key_value_heads']);
  return Number.isFinite(shared) ? Math.max(1, Math.round(heads / shared)) : heads;
}

/** Kinds of layers (with and without a window) in turn, so that each comes up. */
function everyKind(types: readonly unknown[]): unknown[] {
  const kinds = [...new Set(types)];
  return Array.from({ length: layers }, (_, i) => kinds[i % kinds.length]);
}

/** LongRoPE has a factor for each pair of features of a head. */
function shorterFactors(config: ModelConfig, name: string): Record<string, unknown> {
  const scaling = config[name];
  if (typeof scaling !== 'object' || scaling === null) return {};
  const fields: Readonly<Record<string, unknown>> = { ...scaling };
  const share = Number(fields['partial_rotary_factor'] ?? config['partial_rotary_factor'] ?? 1);
  const shorter = Object.entries(fields).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.slice(0, Math.floor((headSize * share) / 2)) : value,
  ]);
  return { [name]: Object.fromEntries(shorter) as unknown };
}

/** Writes the twin's weights to `folder`; they depend on the seed alone. */
export async function makeTwin(
  config: ModelConfig,
  seed: number,
  folder: string,
): Promise<Pick<SessionPlan, 'modelConfig' | 'weights'>> {
  const modelConfig = twinConfig(config);
  const tensors = [...modelUse(architectureOf(modelConfig)).weights].map(([name, shape]) =>
    randomTensor(name, shape, seed),
  );
  const file = join(folder, 'twin.safetensors');
  await writeSafetensors(file, tensors, { metadata: { format: 'pt' } });
  return { modelConfig, weights: [...(await readSafetensors(file)).entries.values()] };
}

/**
 * Wide enough that each token's loss is its own: with the usual 0.02 every loss would be near ln(vocabulary), whatever
 * an engine computes.
 */
function randomTensor(name: string, shape: readonly number[], seed: number): NamedTensor {
  const random = randomStream(seed, 'twin', name);
  const size = shape.reduce((n, d) => n * d, 1);
  const isTable = /(?:embed_tokens|lm_head|wte)\.weight$/.test(name);
  const spread = shape.length === 1 ? 0.1 : (isTable ? 2.5 : 1) / Math.sqrt(shape.at(-1) ?? 1);
  const middle = shape.length === 1 && name.endsWith('.weight') ? 1 : 0;
  // Uniform numbers with the variance of spread².
  const data = Float32Array.from({ length: size }, () => middle + spread * Math.sqrt(3) * (2 * random.uniform() - 1));
  return { name, shape, data };
}
