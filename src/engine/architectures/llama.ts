// Llama and Mistral: grouped-query attention with rotary positions, gated MLP, RMS norms before both.

import { activationField } from './activations.ts';
import { gatedMlp, residualLayer, rootMeanSquareNorm, selfAttention, separateProjections } from './blocks.ts';
import { booleanField, countField, onlySupported } from './configFields.ts';
import type { ModelConfig } from './configFields.ts';
import type { ModelDescription } from './context.ts';
import { decoder, decoderSizes } from './decoder.ts';
import { uniformLayers } from './layerTypes.ts';
import { rotaryTable } from './rotary.ts';

/** Llama 2 and 3, SmolLM, SmolLM2, TinyLlama (Touvron et al. 2023, arXiv:2302.13971, arXiv:2307.09288). */
export function llama(given: ModelConfig): ModelDescription {
  const config = { hidden_act: 'silu', max_position_embeddings: 2048, ...given };
  onlySupported(config, 'pretraining_tp', [1]);
  uniformLayers(config, countField(config, 'num_hidden_layers'), 'full_attention');
  return plainDecoder('llama', config, {
    attentionBias: booleanField(config, 'attention_bias', false),
    mlpBias: booleanField(config, 'mlp_bias', false),
    window: undefined,
  });
}

/** Mistral 7B and its kin (Jiang et al. 2023, arXiv:2310.06825): each token sees a window of those before it. */
export function mistral(given: ModelConfig): ModelDescription {
  const defaults = {
    hidden_act: 'silu',
    max_position_embeddings: 131_072,
    num_key_value_heads: 8,
    sliding_window: 4096,
  };
  const config = { ...defaults, ...given };
  const window = config.sliding_window === null ? undefined : countField(config, 'sliding_window');
  const type = window === undefined ? 'full_attention' : 'sliding_attention';
  uniformLayers(config, countField(config, 'num_hidden_layers'), type);
  return plainDecoder('mistral', config, { attentionBias: false, mlpBias: false, window });
}

interface PlainOptions {
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
  readonly window: number | undefined;
}

function plainDecoder(name: string, config: ModelConfig, options: PlainOptions): ModelDescription {
  const sizes = decoderSizes(config);
  const norm = rootMeanSquareNorm(sizes.epsilon);
  const table = rotaryTable({ config, ...sizes });
  const attention = selfAttention(sizes, {
    project: separateProjections(sizes, options.attentionBias),
    outputBias: options.attentionBias,
    table: () => table,
    window: () => options.window,
  });
  const mlp = gatedMlp(sizes, activationField(config, 'hidden_act'), options.mlpBias);
  const layer = residualLayer(norm, [
    { before: 'input_layernorm', block: attention },
    { before: 'post_attention_layernorm', block: mlp },
  ]);
  return decoder({ name, sizes, norm, layer });
}
