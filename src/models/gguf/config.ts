// config.json in the Hugging Face vocabulary, made from GGUF metadata.
import type { JsonObject } from '../json.ts';
import type { GgufFile } from './file.ts';
import { metadataFields } from './metadata.ts';
import type { MetadataFields } from './metadata.ts';
import { ropeScaling } from './ropeScaling.ts';
import type { FrequencyTables } from './ropeScaling.ts';
import { architectures } from './tensorNames.ts';

const modelClasses: Readonly<Record<string, string>> = {
  llama: 'LlamaForCausalLM',
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
  phi3: 'Phi3ForCausalLM',
  gemma: 'GemmaForCausalLM',
  gemma2: 'Gemma2ForCausalLM',
  gemma3: 'Gemma3ForCausalLM',
  gpt2: 'GPT2LMHeadModel',
};

/**
 * The config of a GGUF model. `tables` are its rotary frequency tables, if it has any.
 * Throws `models/unsupported-gguf` for an unknown architecture, a missing field or one that changes the model in a way
 * that the config cannot say (mixture of experts, an unknown rope scaling).
 */
export function ggufConfig(gguf: GgufFile, tables: FrequencyTables): JsonObject {
  const fields = metadataFields(gguf);
  const { architecture } = fields;
  if (!architectures.includes(architecture)) {
    throw fields.fail(`The architecture ${architecture} is not supported; these are: ${architectures.join(', ')}`);
  }
  if ((fields.optionalNumber('.expert_count') ?? 0) > 0)
    throw fields.fail('Mixture-of-experts models are not supported');
  const blocks = fields.count('.block_count');
  if (!gguf.tensors.has(`blk.${blocks - 1}.attn_norm.weight`))
    throw fields.fail(`The tensors of block ${blocks - 1} are missing`);
  return {
    architectures: [modelClasses[architecture]],
    model_type: architecture === 'gemma3' ? 'gemma3_text' : architecture,
    ...(architecture === 'gpt2' ? gpt2Config(fields) : decoderConfig(gguf, fields, tables)),
    vocab_size: vocabularySize(gguf, fields),
    tie_word_embeddings: !gguf.tensors.has('output.weight'),
    ...tokenIds(fields),
    torch_dtype: 'float32',
  };
}

function decoderConfig(gguf: GgufFile, fields: MetadataFields, tables: FrequencyTables): JsonObject {
  const heads = fields.count('.attention.head_count');
  const hidden = fields.count('.embedding_length');
  const rotary = fields.optionalCount('.rope.dimension_count');
  // Old Llama files state the head size only as the number of rotated dimensions.
  const headSize =
    fields.optionalCount('.attention.key_length') ??
    (fields.architecture === 'llama' ? rotary : undefined) ??
    hidden / heads;
  const valueSize = fields.optionalCount('.attention.value_length') ?? headSize;
  if (valueSize !== headSize) throw fields.fail('Keys and values of different sizes are not supported');
  return {
    hidden_size: hidden,
    intermediate_size: fields.count('.feed_forward_length'),
    num_hidden_layers: fields.count('.block_count'),
    num_attention_heads: heads,
    num_key_value_heads: fields.optionalCount('.attention.head_count_kv') ?? heads,
    head_dim: headSize,
    rms_norm_eps: fields.number('.attention.layer_norm_rms_epsilon'),
    max_position_embeddings: fields.count('.context_length'),
    rope_theta: fields.optionalNumber('.rope.freq_base') ?? 10000,
    ...ropeScaling(fields, tables, headSize),
    ...architectureFields(gguf, fields, { hidden, heads, headSize, rotary: rotary ?? headSize }),
  };
}

interface Sizes {
  readonly hidden: number;
  readonly heads: number;
  readonly headSize: number;
  readonly rotary: number;
}

function architectureFields(gguf: GgufFile, fields: MetadataFields, sizes: Sizes): JsonObject {
  const window = fields.optionalNumber('.attention.sliding_window');
  switch (fields.architecture) {
    case 'llama':
      return {
        hidden_act: 'silu',
        attention_bias: gguf.tensors.has('blk.0.attn_q.bias'),
        mlp_bias: gguf.tensors.has('blk.0.ffn_up.bias'),
        ...(window ? { model_type: 'mistral', architectures: ['MistralForCausalLM'], sliding_window: window } : {}),
      };
    case 'phi3':
      return {
        hidden_act: 'silu',
        sliding_window: window || null,
        partial_rotary_factor: sizes.rotary / sizes.headSize,
      };
    case 'gemma':
      return { hidden_act: 'gelu_pytorch_tanh', hidden_activation: 'gelu_pytorch_tanh' };
    case 'gemma2':
      return { ...gemmaFields(fields, sizes, 46), ...slidingLayers(fields, window ?? 4096, 2) };
    case 'gemma3':
      return {
        ...gemmaFields(fields, sizes, 62),
        ...slidingLayers(fields, window ?? 1024, 6),
        rope_local_base_freq: fields.optionalNumber('.rope.freq_base_swa') ?? 10000,
        // Scaling counts for the layers that see everything only.
        rope_theta: fields.optionalNumber('.rope.freq_base') ?? 1_000_000,
      };
    default:
      return { hidden_act: 'silu', use_sliding_window: false };
  }
}

/** The 27B models (told by their number of layers) scale attention by the width of a head in the residual stream. */
function gemmaFields(fields: MetadataFields, sizes: Sizes, layersOf27b: number): JsonObject {
  const wide = fields.count('.block_count') === layersOf27b;
  return {
    hidden_activation: 'gelu_pytorch_tanh',
    query_pre_attn_scalar: wide ? sizes.hidden / sizes.heads : sizes.headSize,
    attn_logit_softcapping: fields.optionalNumber('.attn_logit_softcapping') ?? null,
    final_logit_softcapping: fields.optionalNumber('.final_logit_softcapping') ?? null,
  };
}

/** Every `period`-th layer sees everything, the others a window. */
function slidingLayers(fields: MetadataFields, window: number, period: number): JsonObject {
  const layers = fields.count('.block_count');
  return {
    sliding_window: window,
    layer_types: Array.from({ length: layers }, (_, i) =>
      (i + 1) % period === 0 ? 'full_attention' : 'sliding_attention',
    ),
  };
}

function gpt2Config(fields: MetadataFields): JsonObject {
  return {
    n_embd: fields.count('.embedding_length'),
    n_layer: fields.count('.block_count'),
    n_head: fields.count('.attention.head_count'),
    n_inner: fields.optionalCount('.feed_forward_length') ?? null,
    n_positions: fields.count('.context_length'),
    n_ctx: fields.count('.context_length'),
    layer_norm_epsilon: fields.optionalNumber('.attention.layer_norm_epsilon') ?? 1e-5,
    activation_function: 'gelu_new',
  };
}

/** The embedding's rows, which may be more than the tokenizer's tokens. */
function vocabularySize(gguf: GgufFile, fields: MetadataFields): number {
  const rows = gguf.tensors.get('token_embd.weight')?.shape[0];
  if (rows === undefined) throw fields.fail('Tensor `token_embd.weight` is missing: this file holds no language model');
  return rows;
}

function tokenIds(fields: MetadataFields): JsonObject {
  const ids: Record<string, number> = {};
  for (const [name, key] of Object.entries({ bos_token_id: 'bos', eos_token_id: 'eos', pad_token_id: 'padding' })) {
    const id = fields.optionalNumber(`tokenizer.ggml.${key}_token_id`);
    if (id !== undefined) ids[name] = id;
  }
  return ids;
}
