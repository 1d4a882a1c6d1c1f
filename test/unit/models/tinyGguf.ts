// A whole but tiny GGUF model for tests: two Llama blocks and a byte-level tokenizer over a few letters.
import { bool, f32, floatTensor, numbers, string, strings, u32 } from './ggufWriter.ts';
import type { GgufParts, RawTensor, TypedValue } from './ggufWriter.ts';

export const tinyTokens = ['<|end|>', '<|start|>', 'Ġ', 'a', 'b', 'c', '1', '2', 'ab', 'Ġab', '<tool>'];

export const tinyTokenizer: Readonly<Record<string, TypedValue>> = {
  'tokenizer.ggml.model': string('gpt2'),
  'tokenizer.ggml.pre': string('smollm'),
  'tokenizer.ggml.tokens': strings(tinyTokens),
  'tokenizer.ggml.token_type': numbers('i32', [3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 4]),
  'tokenizer.ggml.merges': strings(['a b', 'Ġ ab']),
  'tokenizer.ggml.bos_token_id': u32(1),
  'tokenizer.ggml.eos_token_id': u32(0),
  'tokenizer.ggml.eot_token_id': u32(1),
  'tokenizer.chat_template': string('{{ messages[0].content }}'),
};

export const tinyFields: Readonly<Record<string, TypedValue>> = {
  'general.architecture': string('llama'),
  'llama.block_count': u32(2),
  'llama.context_length': u32(64),
  'llama.embedding_length': u32(8),
  'llama.feed_forward_length': u32(12),
  'llama.attention.head_count': u32(2),
  'llama.attention.head_count_kv': u32(1),
  'llama.attention.layer_norm_rms_epsilon': f32(1e-5),
  'llama.rope.freq_base': f32(10000),
  'llama.rope.dimension_count': u32(4),
  'tokenizer.ggml.add_bos_token': bool(false),
};

export function tinyTensors(): RawTensor[] {
  const block = (i: number) => [
    floatTensor(`blk.${i}.attn_norm.weight`, [8], (x) => x),
    floatTensor(`blk.${i}.attn_q.weight`, [8, 8], (x) => x),
    floatTensor(`blk.${i}.attn_k.weight`, [4, 8], (x) => x),
    floatTensor(`blk.${i}.attn_v.weight`, [4, 8], (x) => x),
    floatTensor(`blk.${i}.attn_output.weight`, [8, 8], (x) => x),
    floatTensor(`blk.${i}.ffn_norm.weight`, [8], (x) => x),
    floatTensor(`blk.${i}.ffn_gate.weight`, [12, 8], (x) => x),
    floatTensor(`blk.${i}.ffn_up.weight`, [12, 8], (x) => x),
    floatTensor(`blk.${i}.ffn_down.weight`, [8, 12], (x) => x),
  ];
  return [
    floatTensor('token_embd.weight', [tinyTokens.length, 8], (x) => x),
    ...block(0),
    ...block(1),
    floatTensor('output_norm.weight', [8], () => 1),
  ];
}

export function tinyGguf(
  changes: Readonly<Record<string, TypedValue | undefined>> = {},
  tensors: readonly RawTensor[] = tinyTensors(),
): GgufParts {
  const fields = Object.entries({ ...tinyFields, ...tinyTokenizer, ...changes });
  const kept = fields.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return { metadata: Object.fromEntries(kept), tensors };
}
