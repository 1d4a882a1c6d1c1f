import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ggufConfig } from '../../../src/models/gguf/config.ts';
import { convertGguf } from '../../../src/models/gguf/convert.ts';
import { readGguf } from '../../../src/models/gguf/file.ts';
import { mergesFromScores } from '../../../src/models/gguf/merges.ts';
import { llama3Table } from '../../../src/models/gguf/ropeScaling.ts';
import { ggufTokenizer } from '../../../src/models/gguf/tokenizer.ts';
import { openModel } from '../../../src/models/openModel.ts';
import { readTensor } from '../../../src/models/safetensors.ts';
import { loadTokenizer } from '../../../src/models/tokenizer.ts';
import { encodeGguf, f32, floatTensor, numbers, string, strings, u32 } from './ggufWriter.ts';
import type { GgufParts } from './ggufWriter.ts';
import { problemOf, temporaryFolder } from './temporary.ts';
import { tinyGguf, tinyTensors, tinyTokens } from './tinyGguf.ts';

const path = temporaryFolder();
let count = 0;

async function save(parts: GgufParts): Promise<string> {
  const file = path(`${count++}.gguf`);
  await writeFile(file, encodeGguf(parts));
  return file;
}

const configOf = async (parts: GgufParts) => ggufConfig(readGguf(await save(parts)), {});

test('a GGUF file opens as a model, with names, config, tokenizer and template', async () => {
  const file = await save(tinyGguf());
  const stages: string[] = [];
  const env = { FINETUNE_CACHE: path('cache') };
  const onProgress = ({ stage, done, total }: { stage: string; done: number; total: number }) =>
    stages.push(`${stage} ${done === total}`);
  const model = await openModel(file, { baseDirectory: path(), env, onProgress });
  expect(model.path).toBe(file);
  expect(model.config).toMatchObject({
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    ...{ hidden_size: 8, intermediate_size: 12, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1 },
    ...{ head_dim: 4, vocab_size: 11, max_position_embeddings: 64, rope_theta: 10000, tie_word_embeddings: true },
    ...{ bos_token_id: 1, eos_token_id: 0, attention_bias: false },
  });
  expect(model.generationConfig).toEqual({ bos_token_id: 1, eos_token_id: [0, 1] });
  expect(model.chatTemplate).toBe('{{ messages[0].content }}');
  expect(model.weights.size).toBe(20);
  expect(model.tokenizer.encode('ab 12<tool><|end|>', { addSpecialTokens: true })).toEqual([8, 2, 6, 7, 10, 0]);
  expect(model.tokenizer.specialTokenIds).toEqual(new Set([0, 1]));
  expect(stages.at(-1)).toBe('convert true');
  expect(stages).toHaveLength(20);
});

test('rows of q and k go back from interleaved pairs to halves, head by head', async () => {
  const model = await openModel(await save(tinyGguf()), {
    baseDirectory: path(),
    env: { FINETUNE_CACHE: path('cache') },
  });
  const rowOrder = async (name: string) => {
    const data = await readTensor(model.weights.get(name)!);
    return Array.from({ length: data.length / 8 }, (_, row) => data[row * 8]! / 8);
  };
  expect(await rowOrder('model.layers.1.self_attn.q_proj.weight')).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  expect(await rowOrder('model.layers.0.self_attn.k_proj.weight')).toEqual([0, 2, 1, 3]);
  expect(await rowOrder('model.layers.0.self_attn.v_proj.weight')).toEqual([0, 1, 2, 3]);
});

test('the conversion is made once, and again when the file changes', async () => {
  const file = await save(tinyGguf());
  const env = { FINETUNE_CACHE: path('once') };
  const first = await convertGguf(file, { env });
  const { mtimeMs } = await stat(join(first, 'model.safetensors'));
  let progress = 0;
  expect(await convertGguf(file, { env, onProgress: () => progress++ })).toBe(first);
  expect(progress).toBe(0);
  expect((await stat(join(first, 'model.safetensors'))).mtimeMs).toBe(mtimeMs);
  await utimes(file, 1, 1);
  expect(await convertGguf(file, { env })).not.toBe(first);
});

test('conversions side by side agree on one folder, and leftovers of killed ones go', async () => {
  const file = await save(tinyGguf());
  const env = { FINETUNE_CACHE: path('race') };
  const folders = await Promise.all([
    convertGguf(file, { env }),
    convertGguf(file, { env }),
    convertGguf(file, { env }),
  ]);
  expect(new Set(folders).size).toBe(1);
  await writeFile(path('race', 'gguf', 'x.tmp-999999999-0'), '');
  await utimes(file, 1, 1);
  await convertGguf(file, { env });
  expect((await readdir(path('race', 'gguf'))).filter((name) => name.includes('tmp'))).toEqual([]);
});

test('an aborted conversion leaves nothing behind', async () => {
  const file = await save(tinyGguf());
  const env = { FINETUNE_CACHE: path('aborted') };
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error('enough'));
  await expect(convertGguf(file, { env, onProgress, signal: controller.signal })).rejects.toThrow('enough');
  expect(await readdir(path('aborted', 'gguf'))).toEqual([]);
});

test.each([
  ['an unknown architecture', { 'general.architecture': string('mamba') }, /architecture mamba/],
  ['no architecture', { 'general.architecture': undefined }, /general\.architecture/],
  ['experts', { 'llama.expert_count': u32(8) }, /experts/],
  ['a missing field', { 'llama.feed_forward_length': undefined }, /llama\.feed_forward_length/],
  ['a field of the wrong type', { 'llama.embedding_length': string('8') }, /llama\.embedding_length/],
  ['more blocks than tensors', { 'llama.block_count': u32(4_000_000_000) }, /block 3999999999/],
  ['an unknown rope scaling', { 'llama.rope.scaling.type': string('magic') }, /rope scaling magic/],
  ['heads that do not divide', { 'llama.attention.head_count': u32(3) }, /3 heads/],
  ['an unknown pre-tokenizer', { 'tokenizer.ggml.pre': string('klingon') }, /klingon/],
  ['an unknown tokenizer kind', { 'tokenizer.ggml.model': string('rwkv') }, /rwkv/],
  ['no tokens', { 'tokenizer.ggml.tokens': undefined }, /tokenizer\.ggml\.tokens/],
  ['an id beyond the vocabulary', { 'tokenizer.ggml.eos_token_id': u32(99) }, /99/],
])('a model that would not be the same is refused: %s', async (_, changes, message) => {
  const file = await save(tinyGguf(changes));
  const found = await problemOf(() => convertGguf(file, { env: { FINETUNE_CACHE: path('refused') } }));
  expect(found).toMatchObject({ code: 'models/unsupported-gguf', file });
  expect(found.message).toMatch(message);
  expect(await readdir(path('refused', 'gguf'))).toEqual([]);
});

test('a tensor that the architecture does not have is refused', async () => {
  const file = await save(tinyGguf({}, [...tinyTensors(), floatTensor('blk.0.ffn_gate_inp.weight', [2], () => 0)]));
  const found = await problemOf(() => convertGguf(file, { env: { FINETUNE_CACHE: path('refused') } }));
  expect(found.message).toMatch(/ffn_gate_inp/);
});

test('the output layer and a sliding window change the config', async () => {
  const output = floatTensor('output.weight', [tinyTokens.length, 8], () => 0);
  expect(await configOf(tinyGguf({}, [...tinyTensors(), output]))).toMatchObject({ tie_word_embeddings: false });
  expect(await configOf(tinyGguf({ 'llama.attention.sliding_window': u32(16) }))).toMatchObject({
    model_type: 'mistral',
    architectures: ['MistralForCausalLM'],
    sliding_window: 16,
  });
});

test('rope scaling: linear, yarn, and Llama 3 from its table', async () => {
  const linear = { 'llama.rope.scaling.type': string('linear'), 'llama.rope.scaling.factor': f32(4) };
  expect((await configOf(tinyGguf(linear)))['rope_scaling']).toEqual({ rope_type: 'linear', factor: 4 });
  const yarn = {
    ...linear,
    'llama.rope.scaling.type': string('yarn'),
    'llama.rope.scaling.original_context_length': u32(16),
  };
  expect((await configOf(tinyGguf(yarn)))['rope_scaling']).toEqual({
    rope_type: 'yarn',
    factor: 4,
    original_max_position_embeddings: 16,
  });
  const gguf = readGguf(
    await save(tinyGguf({ 'llama.rope.freq_base': f32(500000), 'llama.rope.dimension_count': u32(64) })),
  );
  const frequencies = Float32Array.from(llama3Table(64, 500000, 32, 8192));
  expect(ggufConfig(gguf, { frequencies })['rope_scaling']).toEqual({
    rope_type: 'llama3',
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  });
  const found = await problemOf(() => ggufConfig(gguf, { frequencies: frequencies.map((value) => value * 1.01) }));
  expect(found.message).toMatch(/rope_freqs/);
});

test('Phi-3: LongRoPE from its two tables, and partly rotated heads', async () => {
  const renamed = (name: string) => name.replace(/^llama\./, 'phi3.');
  const { metadata } = tinyGguf({
    'general.architecture': string('phi3'),
    'llama.attention.head_count': u32(1),
    'llama.rope.scaling.original_context_length': u32(32),
  });
  const fields = Object.fromEntries(Object.entries(metadata).map(([key, value]) => [renamed(key), value]));
  const gguf = readGguf(await save({ metadata: fields, tensors: tinyTensors() }));
  const tables = { long: Float32Array.of(1, 4), short: Float32Array.of(1, 1.5) };
  expect(ggufConfig(gguf, tables)).toMatchObject({
    model_type: 'phi3',
    head_dim: 8,
    partial_rotary_factor: 0.5,
    original_max_position_embeddings: 32,
    rope_scaling: { type: 'longrope', long_factor: [1, 4], short_factor: [1, 1.5] },
  });
});

test('a SentencePiece vocabulary: prefix space, merges from scores, bytes for the rest', async () => {
  const tokens = ['<unk>', '<s>', '</s>', '<0xC3>', '<0xBC>', '▁', 'a', 'b', 'ab', '▁ab', '▁a'];
  const parts = tinyGguf({
    'tokenizer.ggml.model': string('llama'),
    'tokenizer.ggml.pre': undefined,
    'tokenizer.ggml.merges': undefined,
    'tokenizer.ggml.add_bos_token': undefined,
    'tokenizer.ggml.tokens': strings(tokens),
    'tokenizer.ggml.token_type': numbers('i32', [2, 3, 3, 6, 6, 1, 1, 1, 1, 1, 1]),
    'tokenizer.ggml.scores': numbers('f32', [0, 0, 0, 0, 0, -9, -9, -9, -1, -2, -3]),
    'tokenizer.ggml.bos_token_id': u32(1),
    'tokenizer.ggml.eos_token_id': u32(2),
    'tokenizer.ggml.eot_token_id': undefined,
    'tokenizer.ggml.unknown_token_id': u32(0),
  });
  const { tokenizer, tokenizerConfig } = ggufTokenizer(readGguf(await save(parts)));
  expect(tokenizerConfig).toMatchObject({ add_bos_token: true, bos_token: '<s>', unk_token: '<unk>' });
  const loaded = loadTokenizer(tokenizer, tokenizerConfig);
  expect(loaded.encode('ab aü', { addSpecialTokens: true })).toEqual([1, 9, 10, 3, 4]);
  expect(loaded.decode([1, 9, 10, 3, 4], { skipSpecialTokens: true })).toBe('ab aü');
});

test('merges from scores: best token first, then the longer left part', () => {
  expect(mergesFromScores(['a', 'b', 'ab', 'aba', 'ba'], [0, 0, -2, -1, -2])).toEqual([
    ['ab', 'a'],
    ['a', 'ba'],
    ['a', 'b'],
    ['b', 'a'],
  ]);
});
