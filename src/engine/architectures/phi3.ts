// Phi-3, Phi-3.5 and Phi-4-mini (Abdin et al. 2024, arXiv:2404.14219): fused projections, part of each head rotated.

import { slice } from '../graph/operations.ts';
import { activationField } from './activations.ts';
import { gated, residualLayer, rootMeanSquareNorm, selfAttention, splitProjection } from './blocks.ts';
import type { Block } from './blocks.ts';
import { countField } from './configFields.ts';
import type { ModelConfig } from './configFields.ts';
import type { ModelDescription } from './context.ts';
import { decoder, decoderSizes } from './decoder.ts';
import { uniformLayers } from './layerTypes.ts';
import { rotaryTable } from './rotary.ts';

export function phi3(given: ModelConfig): ModelDescription {
  const config: ModelConfig = {
    hidden_act: 'silu',
    max_position_embeddings: 4096,
    original_max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    ...given,
  };
  const sizes = decoderSizes(config);
  const { hidden, inner, heads, kvHeads, headSize } = sizes;
  const window = (config['sliding_window'] ?? null) === null ? undefined : countField(config, 'sliding_window');
  uniformLayers(config, sizes.layers, window === undefined ? 'full_attention' : 'sliding_attention');
  const norm = rootMeanSquareNorm(sizes.epsilon);
  const table = rotaryTable({ config, ...sizes, partial: true });
  const activation = activationField(config, 'hidden_act');

  const attention = selfAttention(sizes, {
    project: (context, x, module) =>
      splitProjection(context.linear(x, `${module}.qkv_proj`, (heads + 2 * kvHeads) * headSize), sizes),
    table: () => table,
    window: () => window,
  });
  const mlp: Block = (context, x, place) => {
    const both = context.linear(x, `${place.name}.mlp.gate_up_proj`, 2 * inner);
    const product = gated(context, activation, slice(both, 1, 0, inner), slice(both, 1, inner, 2 * inner));
    return context.linear(product, `${place.name}.mlp.down_proj`, hidden);
  };
  const layer = residualLayer(norm, [
    { before: 'input_layernorm', block: attention },
    { before: 'post_attention_layernorm', block: mlp },
  ]);
  return decoder({ name: 'phi3', sizes, norm, layer });
}
