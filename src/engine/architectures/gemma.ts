// Gemma 1, 2 and 3 (text): scaled embeddings, norms that store their scale minus 1, tanh-approximated GELU.

import { activationField } from './activations.ts';
import { gatedMlp, residualLayer, rootMeanSquareNorm, selfAttention, separateProjections } from './blocks.ts';
import type { AttentionOptions, Norm } from './blocks.ts';
import { booleanField, countField, numberField, objectField, onlySupported, optionalNumber } from './configFields.ts';
import { unsupported } from './configFields.ts';
import type { ModelConfig } from './configFields.ts';
import type { ModelDescription } from './context.ts';
import { decoder, decoderSizes } from './decoder.ts';
import type { DecoderParts, DecoderSizes } from './decoder.ts';
import { layerTypes, layerWindows, uniformLayers } from './layerTypes.ts';
import { rotaryTable } from './rotary.ts';

const defaults = { head_dim: 256, max_position_embeddings: 8192, tie_word_embeddings: true };
const tanhGelu = 'gelu_pytorch_tanh';

/** Gemma (Mesnard et al. 2024, arXiv:2403.08295). Its first configs say `gelu` and mean the approximation. */
export function gemma(given: ModelConfig): ModelDescription {
  const config = { ...defaults, num_key_value_heads: 16, ...given, hidden_activation: tanhGelu };
  onlySupported(given, 'hidden_act', ['gelu', tanhGelu]);
  onlySupported(given, 'hidden_activation', ['gelu', tanhGelu]);
  const sizes = decoderSizes(config);
  uniformLayers(config, sizes.layers, 'full_attention');
  const table = rotaryTable({ config, ...sizes });
  return gemmaDecoder('gemma', config, sizes, { attention: { table: () => table }, sandwich: false });
}

/** Gemma 2 (Riviere et al. 2024, arXiv:2408.00118): norms around each block, every other layer local, soft caps. */
export function gemma2(given: ModelConfig): ModelDescription {
  const own = {
    num_key_value_heads: 4,
    hidden_activation: tanhGelu,
    query_pre_attn_scalar: 256,
    sliding_window: 4096,
    attn_logit_softcapping: 50,
    final_logit_softcapping: 30,
  };
  const config: ModelConfig = { ...defaults, ...own, ...given };
  const sizes = decoderSizes(config);
  const types = layerTypes(config, sizes.layers, (i) => (i % 2 === 0 ? 'sliding_attention' : 'full_attention'));
  const windows = layerWindows(config, types);
  const table = rotaryTable({ config, ...sizes });
  return gemmaDecoder('gemma2', config, sizes, {
    attention: {
      table: () => table,
      window: (layer) => windows[layer],
      scale: numberField(config, 'query_pre_attn_scalar') ** -0.5,
      softcap: optionalNumber(config, 'attn_logit_softcapping'),
    },
    sandwich: true,
    softcap: optionalNumber(config, 'final_logit_softcapping'),
  });
}

/** Gemma 3's text model (Kamath et al. 2025, arXiv:2503.19786): norms on queries and keys, local layers turn faster. */
export function gemma3Text(given: ModelConfig): ModelDescription {
  return gemma3Decoder('gemma3_text', given);
}

/** Gemma 3 saved with its picture encoder's config; only the text model is computed. */
export function gemma3(given: ModelConfig): ModelDescription {
  const text = objectField(given, 'text_config');
  if (!text) return unsupported('text_config', undefined, "the text model's config is needed there");
  return gemma3Decoder(
    'gemma3',
    { tie_word_embeddings: given['tie_word_embeddings'] ?? true, ...text },
    {
      module: 'model.language_model',
      // As the models were first published, and as transformers 5 saves them.
      canonicalName: (stored) =>
        stored
          .replace(/^language_model\.model\./, 'model.language_model.')
          .replace(/^language_model\.lm_head\./, 'lm_head.'),
    },
  );
}

function gemma3Decoder(
  name: string,
  given: ModelConfig,
  naming: Pick<DecoderParts, 'module' | 'canonicalName'> = {},
): ModelDescription {
  const own = {
    vocab_size: 262_208,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    max_position_embeddings: 131_072,
    hidden_activation: tanhGelu,
    query_pre_attn_scalar: 256,
    sliding_window: 4096,
    sliding_window_pattern: 6,
  };
  const config: ModelConfig = { ...defaults, ...own, ...given };
  // transformers leaves this field out of Gemma 3's computation, so it is not clear what is meant by it.
  onlySupported(config, 'attn_logit_softcapping', []);
  const sizes = decoderSizes(config);
  const period = countField(config, 'sliding_window_pattern');
  const types = layerTypes(config, sizes.layers, (i) =>
    (i + 1) % period === 0 ? 'full_attention' : 'sliding_attention',
  );
  const windows = layerWindows(config, types);
  const byType = objectField(config, 'rope_parameters');
  if (byType && !('full_attention' in byType || 'sliding_attention' in byType)) {
    unsupported('rope_parameters', byType, 'full_attention and sliding_attention are needed in it');
  }
  const tables = {
    full_attention: rotaryTable({
      config,
      ...sizes,
      key: 'global',
      parameters: byType ? (objectField(byType, 'full_attention') ?? {}) : objectField(config, 'rope_scaling'),
      defaultTheta: 1_000_000,
    }),
    sliding_attention: rotaryTable({
      config: { ...config, rope_theta: config['rope_local_base_freq'] },
      ...sizes,
      key: 'local',
      parameters: byType ? (objectField(byType, 'sliding_attention') ?? {}) : {},
    }),
  };
  return gemmaDecoder(name, config, sizes, {
    attention: {
      table: (layer) => tables[types[layer]!],
      window: (layer) => windows[layer],
      queryKeyNorm: gemmaNorm(sizes),
      scale: numberField(config, 'query_pre_attn_scalar') ** -0.5,
    },
    sandwich: true,
    softcap: optionalNumber(config, 'final_logit_softcapping'),
    ...naming,
  });
}

interface GemmaParts extends Pick<DecoderParts, 'module' | 'canonicalName' | 'softcap'> {
  readonly attention: Omit<AttentionOptions, 'project' | 'outputBias'>;
  /** Norms behind the blocks too, not only before. */
  readonly sandwich: boolean;
}

function gemmaNorm(sizes: DecoderSizes): Norm {
  return rootMeanSquareNorm(sizes.epsilon, 1);
}

function gemmaDecoder(name: string, config: ModelConfig, sizes: DecoderSizes, parts: GemmaParts): ModelDescription {
  const { attention, sandwich, ...rest } = parts;
  onlySupported(config, 'use_bidirectional_attention', [false]);
  const norm = gemmaNorm(sizes);
  const bias = booleanField(config, 'attention_bias', false);
  const attend = selfAttention(sizes, { ...attention, project: separateProjections(sizes, bias), outputBias: bias });
  const mlp = gatedMlp(sizes, activationField(config, 'hidden_activation'));
  const layer = residualLayer(
    norm,
    sandwich
      ? [
          { before: 'input_layernorm', block: attend, after: 'post_attention_layernorm' },
          { before: 'pre_feedforward_layernorm', block: mlp, after: 'post_feedforward_layernorm' },
        ]
      : [
          { before: 'input_layernorm', block: attend },
          { before: 'post_attention_layernorm', block: mlp },
        ],
  );
  return decoder({ name, sizes, norm, layer, embeddingScale: Math.sqrt(sizes.hidden), ...rest });
}
