// GPT-2 (Radford et al. 2019): learned positions, layer norms, one projection for queries, keys and values.
// Its dropouts belong to its pretraining and are not repeated.

import { add, gatherRows, matmul } from '../graph/operations.ts';
import { activationField } from './activations.ts';
import { layerNorm, layerStack, residualLayer, splitProjection } from './blocks.ts';
import type { Block } from './blocks.ts';
import { booleanField, countField, numberField, onlySupported, unsupported } from './configFields.ts';
import type { ModelConfig } from './configFields.ts';
import type { ModelDescription } from './context.ts';
import type { DecoderSizes } from './decoder.ts';

const defaults = {
  vocab_size: 50_257,
  n_positions: 1024,
  n_embd: 768,
  n_layer: 12,
  n_head: 12,
  n_inner: null,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
};

/** Its linear layers store their weights [in, out]. */
const conv1d = { bias: true, storedTransposed: true };

export function gpt2(given: ModelConfig): ModelDescription {
  const config: ModelConfig = { ...defaults, ...given };
  onlySupported(config, 'add_cross_attention', [false]);
  const hidden = countField(config, 'n_embd');
  const heads = countField(config, 'n_head');
  if (hidden % heads !== 0) unsupported('n_head', heads, `it has to divide n_embd, ${String(hidden)}`);
  const sizes: DecoderSizes = {
    hidden,
    heads,
    kvHeads: heads,
    headSize: hidden / heads,
    inner: countField(config, 'n_inner', 4 * hidden),
    layers: countField(config, 'n_layer'),
    vocabSize: countField(config, 'vocab_size'),
    contextLength: countField(config, 'n_positions'),
    tied: booleanField(config, 'tie_word_embeddings', true),
    epsilon: numberField(config, 'layer_norm_epsilon'),
  };
  const norm = layerNorm(sizes.epsilon);
  const layer = residualLayer(norm, [
    { before: 'ln_1', block: attention(config, sizes) },
    { before: 'ln_2', block: mlp(config, sizes) },
  ]);
  const embedding = 'transformer.wte.weight';
  const buffers = String.raw`\.attn\.(?:masked_)?bias$`;

  return {
    name: 'gpt2',
    vocabSize: sizes.vocabSize,
    hiddenSize: hidden,
    contextLength: sizes.contextLength,
    layers: sizes.layers,
    kvHeads: heads,
    headSize: sizes.headSize,
    canonicalName: (stored) => stored.replace(/^(?=h\.|wte\.|wpe\.|ln_f\.)/, 'transformer.'),
    ignoredWeights: new RegExp(sizes.tied ? `${buffers}|^lm_head\\.weight$` : buffers),
    hidden: (context) => {
      const tokens = gatherRows(context.weight(embedding, [sizes.vocabSize, hidden]), context.tokens);
      const places = context.weight('transformer.wpe.weight', [sizes.contextLength, hidden]);
      const embedded = add(tokens, gatherRows(places, context.positions()));
      return layerStack(context, embedded, { count: sizes.layers, name: 'transformer.h', layer });
    },
    logits: (context, x) => {
      const table = context.weight(sizes.tied ? embedding : 'lm_head.weight', [sizes.vocabSize, hidden]);
      return matmul(norm(context, x, 'transformer.ln_f'), table, { transposeB: true });
    },
  };
}

function attention(config: ModelConfig, sizes: DecoderSizes): Block {
  const { hidden, heads, kvHeads, headSize } = sizes;
  const byWidth = booleanField(config, 'scale_attn_weights', true) ? 1 / Math.sqrt(headSize) : 1;
  const byLayer = booleanField(config, 'scale_attn_by_inverse_layer_idx', false);
  return (context, x, { index, name }) => {
    const parts = splitProjection(context.linear(x, `${name}.attn.c_attn`, 3 * hidden, conv1d), sizes);
    const attended = context.attend({
      ...parts,
      layer: index,
      heads,
      kvHeads,
      headSize,
      scale: byLayer ? byWidth / (index + 1) : byWidth,
      window: undefined,
      softcap: undefined,
    });
    return context.linear(attended, `${name}.attn.c_proj`, hidden, conv1d);
  };
}

function mlp(config: ModelConfig, { hidden, inner }: DecoderSizes): Block {
  const activation = activationField(config, 'activation_function');
  return (context, x, { name }) => {
    const wide = context.linear(x, `${name}.mlp.c_fc`, inner, conv1d);
    const active = context.graph.cheaply(() => activation(wide));
    return context.linear(active, `${name}.mlp.c_proj`, hidden, conv1d);
  };
}
