// A whole model folder for process tests: a random two-layer Llama over bytes, with a tokenizer and a ChatML template.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeSafetensors } from '../../src/models/safetensors.ts';
import { randomArray } from './random.ts';

const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];

const template =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

const config = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  hidden_size: 32,
  intermediate_size: 48,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_hidden_layers: 2,
  vocab_size: 256 + specials.length,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  max_position_embeddings: 256,
  tie_word_embeddings: true,
  bos_token_id: 256,
  eos_token_id: 258,
};

/** Writes the model; `changes` to its config make one that does not fit, `labels` one for sequence classification. */
export async function writeTinyModel(
  folder: string,
  changes: Partial<typeof config> = {},
  labels?: number,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const write = (name: string, value: unknown) => writeFile(path.join(folder, name), JSON.stringify(value));
  const full = { ...config, ...changes };
  const names = Object.fromEntries(Array.from({ length: labels ?? 0 }, (_, i) => [i, `LABEL_${i}`]));
  await write('config.json', { ...full, ...(labels === undefined ? {} : { id2label: names }) });
  await write('tokenizer.json', tokenizer());
  await write('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: specials[0],
    eos_token: specials[2],
    pad_token: specials[0],
    chat_template: template,
  });
  const head = labels === undefined ? [] : [scoreHead(labels, full.hidden_size)];
  const all = [...tensors(full), ...head];
  await writeSafetensors(path.join(folder, 'model.safetensors'), all, { metadata: { format: 'pt' } });
  return folder;
}

function scoreHead(labels: number, hidden: number) {
  const shape = [labels, hidden];
  return { name: 'score.weight', shape, data: randomArray(shape, 'score', 0.3) };
}

function tensors(c: typeof config) {
  const kv = (c.hidden_size / c.num_attention_heads) * c.num_key_value_heads;
  const shapes: [name: string, shape: number[]][] = [['model.embed_tokens.weight', [c.vocab_size, c.hidden_size]]];
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const add = (name: string, ...shape: number[]) => shapes.push([`model.layers.${i}.${name}.weight`, shape]);
    add('input_layernorm', c.hidden_size);
    add('self_attn.q_proj', c.hidden_size, c.hidden_size);
    add('self_attn.k_proj', kv, c.hidden_size);
    add('self_attn.v_proj', kv, c.hidden_size);
    add('self_attn.o_proj', c.hidden_size, c.hidden_size);
    add('post_attention_layernorm', c.hidden_size);
    add('mlp.gate_proj', c.intermediate_size, c.hidden_size);
    add('mlp.up_proj', c.intermediate_size, c.hidden_size);
    add('mlp.down_proj', c.hidden_size, c.intermediate_size);
  }
  shapes.push(['model.norm.weight', [c.hidden_size]]);
  return shapes.map(([name, shape]) => {
    const data = randomArray(shape, name, shape.length === 1 ? 0.1 : 0.3);
    return { name, shape, data: shape.length === 1 ? data.map((value) => 1 + value) : data };
  });
}

/** Every byte is a token, under the character that byte-level BPE shows it as. */
function tokenizer() {
  const bytes = byteCharacters();
  const vocab = Object.fromEntries(bytes.map((character, id) => [character, id]));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, i) => ({
      ...{ id: 256 + i, content, single_word: false, lstrip: false, rstrip: false },
      ...{ normalized: false, special: true },
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab, merges: [] },
    },
  };
}

/** The printable stand-ins of the 256 bytes (GPT-2's table). */
function byteCharacters(): string[] {
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

/** Rows in the instruction format, all different. */
export async function writeTinyData(file: string, rows: number): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const lines = Array.from({ length: rows }, (_, i) =>
    JSON.stringify({ instruction: `say ${i}`, output: `${'abcdefg'[i % 7]!.repeat(1 + (i % 5))} ${i}` }),
  );
  await writeFile(file, `${lines.join('\n')}\n`);
}
