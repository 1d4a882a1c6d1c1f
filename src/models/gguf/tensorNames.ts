// GGUF tensor names → Hugging Face names, with what llama.cpp's converter did to the values and must be undone.
import type { MetadataFields } from './metadata.ts';

/** How stored values become those of the Hugging Face model. */
export type TensorChange =
  | { readonly kind: 'none' }
  /** Rotary halves were interleaved per head: rows (head, d/2, 2) go back to (head, 2, d/2). */
  | { readonly kind: 'unpermute'; readonly heads: number }
  /** Gemma's norms are stored as weight + 1. */
  | { readonly kind: 'subtract-one' }
  /** GPT-2 keeps [in, out] where GGUF has [out, in]. */
  | { readonly kind: 'transpose' };

export interface TensorTarget {
  readonly name: string;
  readonly change: TensorChange;
}

/** Tensors that are no weights: frequency tables, read when the config is made, and old rotary buffers. */
const tables =
  /^(rope_freqs|rope_factors_long|rope_factors_short)\.weight$|^blk\.\d+\.(attn_rot_embd|rope_freqs)\.weight$/;

/** Hugging Face name of a part of a block, by architecture; `post_*` norms shift Gemma 2 and 3's meanings. */
const decoderParts: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_qkv: 'self_attn.qkv_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

const gemma2Parts: Readonly<Record<string, string>> = {
  ...decoderParts,
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};

const partsByArchitecture: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  llama: decoderParts,
  qwen2: decoderParts,
  qwen3: decoderParts,
  phi3: { ...decoderParts, ffn_up: 'mlp.gate_up_proj' },
  gemma: decoderParts,
  gemma2: gemma2Parts,
  gemma3: gemma2Parts,
  gpt2: {
    attn_norm: 'ln_1',
    attn_qkv: 'attn.c_attn',
    attn_output: 'attn.c_proj',
    ffn_norm: 'ln_2',
    ffn_up: 'mlp.c_fc',
    ffn_down: 'mlp.c_proj',
  },
};

const decoderOuter = { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' };
const gpt2Outer = {
  token_embd: 'transformer.wte',
  position_embd: 'transformer.wpe',
  output_norm: 'transformer.ln_f',
  output: 'lm_head',
};

/** Architectures whose files can be read. */
export const architectures = Object.keys(partsByArchitecture);

/**
 * Target of a tensor, or undefined for a table that is no weight. Throws `models/unsupported-gguf` for a name that the
 * architecture does not have: leaving it out would silently change the model.
 */
export function tensorTarget(
  { name: ggufName, shape }: { readonly name: string; readonly shape: readonly number[] },
  fields: MetadataFields,
): TensorTarget | undefined {
  if (tables.test(ggufName)) return undefined;
  const { architecture } = fields;
  const name = huggingFaceName(ggufName, architecture);
  if (name === undefined) throw fields.fail(`Tensor \`${ggufName}\` is unknown for the architecture ${architecture}`);
  const change = changeOf(ggufName, fields);
  if (change.kind === 'unpermute' && (shape[0] ?? 1) % (2 * change.heads) !== 0) {
    throw fields.fail(`Tensor \`${ggufName}\` [${shape.join(', ')}] does not divide into ${change.heads} heads`);
  }
  return { name, change };
}

function huggingFaceName(ggufName: string, architecture: string): string | undefined {
  const parsed = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(ggufName);
  if (!parsed) return undefined;
  const [, block, part = '', suffix = ''] = parsed;
  const outer: Readonly<Record<string, string>> = architecture === 'gpt2' ? gpt2Outer : decoderOuter;
  const names = block === undefined ? outer : (partsByArchitecture[architecture] ?? {});
  if (!Object.hasOwn(names, part)) return undefined;
  const stem = architecture === 'gpt2' ? 'transformer.h' : 'model.layers';
  return `${block === undefined ? '' : `${stem}.${block}.`}${String(names[part])}.${suffix}`;
}

function changeOf(ggufName: string, fields: MetadataFields): TensorChange {
  switch (fields.architecture) {
    case 'llama': {
      const heads = fields.count('.attention.head_count');
      if (/\.attn_q\.(weight|bias)$/.test(ggufName)) return { kind: 'unpermute', heads };
      if (!/\.attn_k\.(weight|bias)$/.test(ggufName)) return { kind: 'none' };
      return { kind: 'unpermute', heads: fields.optionalCount('.attention.head_count_kv') ?? heads };
    }
    case 'gemma':
    case 'gemma2':
    case 'gemma3':
      return { kind: /norm\.weight$/.test(ggufName) ? 'subtract-one' : 'none' };
    case 'gpt2':
      return { kind: /\.(attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/.test(ggufName) ? 'transpose' : 'none' };
    default:
      return { kind: 'none' };
  }
}

/** Shape after the change. */
export function changedShape(shape: readonly number[], change: TensorChange): readonly number[] {
  return change.kind === 'transpose' ? [...shape].reverse() : shape;
}

/** Values after the change; `shape` is the stored one. */
export function applyChange(data: Float32Array, shape: readonly number[], change: TensorChange): Float32Array {
  switch (change.kind) {
    case 'none':
      return data;
    case 'subtract-one':
      return data.map((value) => value - 1);
    case 'transpose':
      return transpose(data, shape);
    case 'unpermute':
      return unpermute(data, shape, change.heads);
  }
}

function transpose(data: Float32Array, shape: readonly number[]): Float32Array {
  const [rows = 1, columns = 1] = shape;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column]!;
  }
  return out;
}

function unpermute(data: Float32Array, shape: readonly number[], heads: number): Float32Array {
  const rows = shape[0] ?? 1;
  const width = data.length / rows;
  const half = rows / heads / 2;
  const out = new Float32Array(data.length);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < half; i++) {
      for (let part = 0; part < 2; part++) {
        const from = ((head * half + i) * 2 + part) * width;
        out.set(data.subarray(from, from + width), ((head * 2 + part) * half + i) * width);
      }
    }
  }
  return out;
}
