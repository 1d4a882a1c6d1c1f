// What the starter model is: its config, its chat template, and the random weights that pretraining begins with.
import { randomStream } from '../../src/engine/random.ts';
import type { NamedTensor } from '../../src/models/types.ts';
import { endOfText, endOfTurn, startOfTurn } from './corpus.ts';

const layers = 4;

export const starterConfig = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 1024,
  hidden_size: 256,
  intermediate_size: 640,
  num_hidden_layers: layers,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  head_dim: 64,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  max_position_embeddings: 512,
  tie_word_embeddings: true,
  attention_bias: false,
  mlp_bias: false,
  initializer_range: 0.02,
  bos_token_id: 0,
  eos_token_id: 2,
  pad_token_id: 0,
};

/** ChatML; what the assistant says is marked, so that tools know which tokens are its own. */
export const chatTemplate =
  "{%- for message in messages %}{{- '<|im_start|>' + message['role'] + '\\n' }}" +
  "{%- if message['role'] == 'assistant' %}{%- generation %}{{- message['content'] + '<|im_end|>' }}{%- endgeneration %}" +
  "{%- else %}{{- message['content'] + '<|im_end|>' }}{%- endif %}{{- '\\n' }}{%- endfor %}" +
  "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";

export const tokenizerConfig = {
  add_bos_token: false,
  add_prefix_space: false,
  additional_special_tokens: [startOfTurn, endOfTurn],
  bos_token: endOfText,
  eos_token: endOfTurn,
  pad_token: endOfText,
  clean_up_tokenization_spaces: false,
  model_max_length: starterConfig.max_position_embeddings,
  tokenizer_class: 'PreTrainedTokenizerFast',
};

export const generationConfig = {
  bos_token_id: starterConfig.bos_token_id,
  eos_token_id: starterConfig.eos_token_id,
  pad_token_id: starterConfig.pad_token_id,
};

/** Normal with deviation 0.02; what writes into the residual stream has less of it, by 1/√(2 · layers) as in GPT-2. */
export function* initialWeights(seed: number): Iterable<NamedTensor> {
  const {
    vocab_size: vocabulary,
    hidden_size: hidden,
    intermediate_size: inner,
    initializer_range: scale,
  } = starterConfig;
  const attention = starterConfig.num_attention_heads * starterConfig.head_dim;
  const keys = starterConfig.num_key_value_heads * starterConfig.head_dim;
  const normal = (name: string, deviation: number, ...shape: [number, number]): NamedTensor => ({
    name,
    shape,
    data: normals(seed, name, shape[0] * shape[1], deviation),
  });
  const ones = (name: string): NamedTensor => ({ name, shape: [hidden], data: new Float32Array(hidden).fill(1) });
  yield normal('model.embed_tokens.weight', scale, vocabulary, hidden);
  for (let i = 0; i < layers; i++) {
    const at = (part: string): string => `model.layers.${String(i)}.${part}.weight`;
    const small = scale / Math.sqrt(2 * layers);
    yield ones(at('input_layernorm'));
    yield normal(at('self_attn.q_proj'), scale, attention, hidden);
    yield normal(at('self_attn.k_proj'), scale, keys, hidden);
    yield normal(at('self_attn.v_proj'), scale, keys, hidden);
    yield normal(at('self_attn.o_proj'), small, hidden, attention);
    yield ones(at('post_attention_layernorm'));
    yield normal(at('mlp.gate_proj'), scale, inner, hidden);
    yield normal(at('mlp.up_proj'), scale, inner, hidden);
    yield normal(at('mlp.down_proj'), small, hidden, inner);
  }
  yield ones('model.norm.weight');
}

/** Box and Muller's pairs. */
function normals(seed: number, name: string, count: number, deviation: number): Float32Array {
  const random = randomStream(seed, 'weights', name);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random.uniform()));
    const angle = 2 * Math.PI * random.uniform();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}
