// The Llama family's decoder: grouped-query attention with rotary positions, gated MLP, RMS norms before both.

import { problem } from '../../protocol/problem.ts';
import type { Node } from '../graph/node.ts';
import { add, gatherRows, matmul, mul, rmsNorm, rope, silu } from '../graph/operations.ts';
import { booleanField, numberField, onlySupported } from './config-fields.ts';
import type { ModelConfig } from './config-fields.ts';
import type { Architecture, LinearModule, ModelContext } from './context.ts';
import { rotaryTable } from './rotary.ts';

/** Llama 2 and 3, SmolLM, SmolLM2, TinyLlama (Touvron et al. 2023, arXiv:2302.13971, arXiv:2307.09288). */
export function llama(config: ModelConfig): Architecture {
  onlySupported(config, 'hidden_act', ['silu']);
  onlySupported(config, 'pretraining_tp', [1]);
  const hidden = numberField(config, 'hidden_size');
  const heads = numberField(config, 'num_attention_heads');
  const kvHeads = numberField(config, 'num_key_value_heads', heads);
  const headSize = numberField(config, 'head_dim', hidden / heads);
  const inner = numberField(config, 'intermediate_size');
  const layers = numberField(config, 'num_hidden_layers');
  const vocabSize = numberField(config, 'vocab_size');
  const epsilon = numberField(config, 'rms_norm_eps', 1e-6);
  const contextLength = numberField(config, 'max_position_embeddings', 2048);
  const attentionBias = booleanField(config, 'attention_bias', false);
  const mlpBias = booleanField(config, 'mlp_bias', false);
  const tied = booleanField(config, 'tie_word_embeddings', false);
  if (heads % kvHeads !== 0) {
    throw problem('model/unsupported-config', `${String(heads)} attention heads do not divide among ${String(kvHeads)}.`);
  }
  const table = rotaryTable({ config, headSize, contextLength });

  const layer = (context: ModelContext, x: Node, index: number): Node => {
    const name = `model.layers.${String(index)}`;
    const norm = (input: Node, which: string) =>
      rmsNorm(input, context.weight(`${name}.${which}.weight`, [hidden]), epsilon);
    const bias = { bias: attentionBias };
    const h = norm(x, 'input_layernorm');
    const { cos, sin } = context.rotary(table);
    const q = context.linear(h, `${name}.self_attn.q_proj`, heads * headSize, bias);
    const k = context.linear(h, `${name}.self_attn.k_proj`, kvHeads * headSize, bias);
    const v = context.linear(h, `${name}.self_attn.v_proj`, kvHeads * headSize, bias);
    const attended = context.attend({
      layer: index,
      q: rope(q, cos, sin, heads),
      k: rope(k, cos, sin, kvHeads),
      v,
      heads,
      kvHeads,
      headSize,
      scale: 1 / Math.sqrt(headSize),
      window: undefined,
      softcap: undefined,
    });
    const y = add(x, context.linear(attended, `${name}.self_attn.o_proj`, hidden, bias));
    const m = norm(y, 'post_attention_layernorm');
    const gate = context.linear(m, `${name}.mlp.gate_proj`, inner, { bias: mlpBias });
    const up = context.linear(m, `${name}.mlp.up_proj`, inner, { bias: mlpBias });
    return add(y, context.linear(mul(silu(gate), up), `${name}.mlp.down_proj`, hidden, { bias: mlpBias }));
  };

  const linearModules = Array.from({ length: layers }, (_, i) => {
    const module = (name: string, inFeatures: number, outFeatures: number): LinearModule => ({
      name: `model.layers.${String(i)}.${name}`,
      inFeatures,
      outFeatures,
    });
    return [
      module('self_attn.q_proj', hidden, heads * headSize),
      module('self_attn.k_proj', hidden, kvHeads * headSize),
      module('self_attn.v_proj', hidden, kvHeads * headSize),
      module('self_attn.o_proj', heads * headSize, hidden),
      module('mlp.gate_proj', hidden, inner),
      module('mlp.up_proj', hidden, inner),
      module('mlp.down_proj', inner, hidden),
    ];
  }).flat();

  return {
    name: 'llama',
    vocabSize,
    hiddenSize: hidden,
    contextLength,
    layers,
    kvHeads,
    headSize,
    linearModules,
    ignoredWeights: tied ? /rotary_emb\.inv_freq$|^lm_head\.weight$/ : /rotary_emb\.inv_freq$/,
    hidden: (context) => {
      let x = gatherRows(context.weight('model.embed_tokens.weight', [vocabSize, hidden]), context.tokens);
      for (let i = 0; i < layers; i++) {
        const before = x;
        x = context.layer(i, () => layer(context, before, i));
      }
      return x;
    },
    logits: (context, x) => {
      const table = context.weight(tied ? 'model.embed_tokens.weight' : 'lm_head.weight', [vocabSize, hidden]);
      return matmul(rmsNorm(x, context.weight('model.norm.weight', [hidden]), epsilon), table, { transposeB: true });
    },
  };
}
