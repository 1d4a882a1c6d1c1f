// Qwen 2, 2.5 and 3: Llama's layout with biases on the projections, or norms on queries and keys.

import { activationField } from './activations.ts';
import { gatedMlp, residualLayer, rootMeanSquareNorm, selfAttention, separateProjections } from './blocks.ts';
import type { AttentionOptions } from './blocks.ts';
import { booleanField, numberField } from './configFields.ts';
import type { ModelConfig } from './configFields.ts';
import type { ModelDescription } from './context.ts';
import { decoder, decoderSizes } from './decoder.ts';
import type { DecoderSizes } from './decoder.ts';
import { layerTypes, layerWindows } from './layerTypes.ts';
import { rotaryTable } from './rotary.ts';

const defaults = {
  hidden_act: 'silu',
  max_position_embeddings: 32_768,
  num_key_value_heads: 32,
  use_sliding_window: false,
  sliding_window: 4096,
  max_window_layers: 28,
};

/** Qwen 2 and 2.5 (Yang et al. 2024, arXiv:2407.10671). */
export function qwen2(given: ModelConfig): ModelDescription {
  return qwen('qwen2', { ...defaults, ...given }, (sizes) => ({ project: separateProjections(sizes, true) }));
}

/** Qwen 3 (Yang et al. 2025, arXiv:2505.09388). */
export function qwen3(given: ModelConfig): ModelDescription {
  const config = { ...defaults, head_dim: 128, ...given };
  const bias = booleanField(config, 'attention_bias', false);
  return qwen('qwen3', config, (sizes) => ({
    project: separateProjections(sizes, bias),
    outputBias: bias,
    queryKeyNorm: rootMeanSquareNorm(sizes.epsilon),
  }));
}

function qwen(
  name: string,
  config: ModelConfig,
  own: (sizes: DecoderSizes) => Pick<AttentionOptions, 'project' | 'outputBias' | 'queryKeyNorm'>,
): ModelDescription {
  const sizes = decoderSizes(config);
  const norm = rootMeanSquareNorm(sizes.epsilon);
  const table = rotaryTable({ config, ...sizes });
  const windows = qwenWindows(config, sizes.layers);
  const attention = selfAttention(sizes, { ...own(sizes), table: () => table, window: (layer) => windows[layer] });
  const layer = residualLayer(norm, [
    { before: 'input_layernorm', block: attention },
    { before: 'post_attention_layernorm', block: gatedMlp(sizes, activationField(config, 'hidden_act')) },
  ]);
  return decoder({ name, sizes, norm, layer });
}

/** The first `max_window_layers` layers see everything, the others a window, where windows are used at all. */
function qwenWindows(config: ModelConfig, layers: number): (number | undefined)[] {
  const slides = booleanField(config, 'use_sliding_window', false) && config['sliding_window'] !== null;
  const first = slides ? numberField(config, 'max_window_layers') : layers;
  const types = layerTypes(config, layers, (i) => (i >= first ? 'sliding_attention' : 'full_attention'));
  return layerWindows(slides ? config : { ...config, sliding_window: null }, types);
}
