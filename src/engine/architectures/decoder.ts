// A decoder in transformers' usual layout: embedding, equal layers, last norm, output head; and the sizes that it reads.

import { gatherRows, matmul, mul, tanh } from '../graph/operations.ts';
import { layerStack } from './blocks.ts';
import type { Block, Norm } from './blocks.ts';
import { booleanField, countField, numberField, unsupported } from './configFields.ts';
import type { ModelConfig } from './configFields.ts';
import type { ModelDescription } from './context.ts';

export interface DecoderSizes {
  /** Width of the residual stream. */
  readonly hidden: number;
  /** Width inside the MLP. */
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabSize: number;
  /** Longest sequence the model was made for, in tokens. */
  readonly contextLength: number;
  /** The output head is the embedding. */
  readonly tied: boolean;
  /** Of the norms. */
  readonly epsilon: number;
}

/** The sizes in a config that already has its family's defaults filled in. */
export function decoderSizes(config: ModelConfig): DecoderSizes {
  const hidden = countField(config, 'hidden_size');
  const heads = countField(config, 'num_attention_heads');
  const kvHeads = countField(config, 'num_key_value_heads', heads);
  if (heads % kvHeads !== 0) {
    unsupported('num_key_value_heads', kvHeads, `${String(heads)} attention heads cannot share them evenly`);
  }
  return {
    hidden,
    heads,
    kvHeads,
    headSize: countField(config, 'head_dim', hidden / heads),
    inner: countField(config, 'intermediate_size'),
    layers: countField(config, 'num_hidden_layers'),
    vocabSize: countField(config, 'vocab_size'),
    contextLength: countField(config, 'max_position_embeddings'),
    tied: booleanField(config, 'tie_word_embeddings', false),
    epsilon: numberField(config, 'rms_norm_eps', 1e-6),
  };
}

export interface DecoderParts {
  readonly name: string;
  readonly sizes: DecoderSizes;
  readonly norm: Norm;
  /** One layer: hidden states [n, hidden] → [n, hidden]. */
  readonly layer: Block;
  /** Name of the module that holds embedding, layers and last norm; default `model`. */
  readonly module?: string;
  /** Factor on the embeddings. */
  readonly embeddingScale?: number;
  /** Logits become c·tanh(logit/c). */
  readonly softcap?: number | undefined;
  /** See ModelDescription; default: models saved without their head lack the module's name in front. */
  readonly canonicalName?: (stored: string) => string;
}

/** The whole model. */
export function decoder(parts: DecoderParts): ModelDescription {
  const { name, sizes, norm, layer, module = 'model', embeddingScale = 1, softcap } = parts;
  const { hidden, vocabSize, tied } = sizes;
  const embedding = `${module}.embed_tokens.weight`;
  return {
    name,
    vocabSize,
    hiddenSize: hidden,
    contextLength: sizes.contextLength,
    layers: sizes.layers,
    kvHeads: sizes.kvHeads,
    headSize: sizes.headSize,
    canonicalName:
      parts.canonicalName ?? ((stored) => stored.replace(/^(?=layers\.|embed_tokens\.|norm\.)/, `${module}.`)),
    ignoredWeights: tied ? /rotary_emb\.inv_freq$|^lm_head\.weight$/ : /rotary_emb\.inv_freq$/,
    hidden: (context) => {
      const rows = gatherRows(context.weight(embedding, [vocabSize, hidden]), context.tokens);
      const embedded = embeddingScale === 1 ? rows : mul(rows, embeddingScale);
      return layerStack(context, embedded, { count: sizes.layers, name: `${module}.layers`, layer });
    },
    logits: (context, x) => {
      const table = context.weight(tied ? embedding : 'lm_head.weight', [vocabSize, hidden]);
      const logits = matmul(norm(context, x, `${module}.norm`), table, { transposeB: true });
      return softcap === undefined ? logits : mul(tanh(mul(logits, 1 / softcap)), softcap);
    },
  };
}
