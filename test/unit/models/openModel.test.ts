import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openModel } from '../../../src/models/openModel.ts';
import { readSafetensors, readTensors, writeSafetensors } from '../../../src/models/safetensors.ts';
import { writeModelFolder } from '../../../src/models/export.ts';
import { problemOf, temporaryFolder } from './temporary.ts';
import { modelFiles, writeModel } from './tinyModel.ts';

const path = temporaryFolder();
let files: Record<string, Buffer>;
let count = 0;

beforeAll(async () => {
  files = await modelFiles(path('source'));
});

const json = (value: unknown) => JSON.stringify(value);
const offline = { HF_HUB_OFFLINE: '1', HF_HOME: '/nowhere' };
const open = (reference: string) => openModel(reference, { baseDirectory: path(), env: offline });
const make = (changes: Record<string, Buffer | string | undefined> = {}) =>
  writeModel(path(`m${count++}`), files, changes);

test('a folder opens by absolute and relative path, with the same hashes', async () => {
  const folder = await make();
  const absolute = await open(folder);
  const relative = await open(`./${folder.split(/[/\\]/).at(-1)!}/`);
  expect(absolute.path).toBe(folder);
  expect(relative.path).toBe(folder);
  expect(relative.hashes).toEqual(absolute.hashes);
  expect([...absolute.tokenizerFiles.keys()].sort()).toEqual([
    'chat_template.jinja',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
});

test('each hash follows its own part', async () => {
  const base = (await open(await make())).hashes;
  const changed = async (changes: Record<string, string>) => {
    const { hashes } = await open(await make(changes));
    return Object.entries(hashes).flatMap(([name, hash]) => (hash === base[name as keyof typeof base] ? [] : [name]));
  };
  expect(await changed({ 'config.json': json({ model_type: 'llama' }) })).toEqual(['config']);
  expect(await changed({ 'chat_template.jinja': 'x' })).toEqual(['template']);
  expect(await changed({ 'tokenizer_config.json': json({ eos_token: 'a' }) })).toEqual(['tokenizer']);
});

test.each([
  ['a field of tokenizer_config.json', { 'tokenizer_config.json': json({ chat_template: 'T' }) }],
  [
    'named templates',
    {
      'tokenizer_config.json': json({
        chat_template: [
          { name: 'tool_use', template: 'no' },
          { name: 'default', template: 'T' },
        ],
      }),
    },
  ],
  [
    'chat_template.json',
    { 'chat_template.json': json({ chat_template: 'T' }), 'tokenizer_config.json': json({ chat_template: 'old' }) },
  ],
  ['chat_template.jinja', { 'chat_template.jinja': 'T', 'chat_template.json': json({ chat_template: 'old' }) }],
])('the chat template is found in %s', async (_, changes) => {
  expect((await open(await make({ 'chat_template.jinja': undefined, ...changes }))).chatTemplate).toBe('T');
});

test('special tokens come from special_tokens_map.json where the config has none', async () => {
  const model = await open(
    await make({
      'tokenizer_config.json': undefined,
      'special_tokens_map.json': json({ eos_token: { content: '<|end|>' } }),
    }),
  );
  expect(model.tokenizer.eosTokenId).toBe(0);
});

test('shards are read through their index', async () => {
  const single = await open(await make());
  const source = { entries: single.weights, others: [], metadata: {} };
  const folder = path('sharded');
  const specs = [...single.weights.values()];
  await writeModelFolder(folder, { ...single, specs, tensors: readTensors(source), maxShardBytes: 1000 });
  const sharded = await open(folder);
  expect([...sharded.weights.keys()]).toEqual([...single.weights.keys()]);
  expect(new Set([...sharded.weights.values()].map((entry) => entry.file)).size).toBeGreaterThan(2);
  for await (const { name, data } of readTensors({ entries: sharded.weights, others: [], metadata: {} })) {
    expect(data).toEqual((await collect(source)).get(name));
  }
});

async function collect(source: Parameters<typeof readTensors>[0]): Promise<Map<string, Float32Array>> {
  const all = new Map<string, Float32Array>();
  for await (const { name, data } of readTensors(source)) all.set(name, data);
  return all;
}

test.each([
  ['outside the folder', { a: '../x.safetensors' }, 'models/broken-index'],
  ['no safetensors', { a: 'pytorch_model.bin' }, 'models/broken-index'],
  ['missing', { a: 'model-1.safetensors' }, 'models/shards-missing'],
  ['no names', {}, 'models/broken-index'],
  ['a tensor that the shard lacks', { a: 'model.safetensors' }, 'models/broken-index'],
])('an index is refused: %s', async (_, weight_map, code) => {
  const folder = await make({ 'model.safetensors.index.json': json({ weight_map }) });
  expect((await problemOf(() => open(folder))).code).toBe(code);
});

test.each([
  ['no config', { 'config.json': undefined }, 'models/not-a-model', /config\.json/],
  ['an adapter', { 'config.json': undefined, 'adapter_config.json': '{}' }, 'models/not-a-model', /adapter/],
  ['only GGUF', { 'config.json': undefined, 'x.gguf': '' }, 'models/not-a-model', /x\.gguf/],
  ['broken config', { 'config.json': '{"a": 1,}' }, 'models/invalid-json', /JSON/],
  ['no weights', { 'model.safetensors': undefined }, 'models/no-weights', /model\.safetensors/],
  [
    'pickled weights',
    { 'model.safetensors': undefined, 'pytorch_model.bin': '' },
    'models/pickled-weights',
    /run code/,
  ],
  ['cut weights', { 'model.safetensors': 'abc' }, 'models/truncated', /3 bytes/],
  [
    'quantised weights',
    { 'config.json': json({ quantization_config: { quant_method: 'gptq' } }) },
    'models/quantised-weights',
    /gptq/,
  ],
  ['no tokenizer', { 'tokenizer.json': undefined }, 'models/no-tokenizer', /tokenizer\.json/],
  [
    'only SentencePiece',
    { 'tokenizer.json': undefined, 'tokenizer.model': '' },
    'models/no-tokenizer',
    /save_pretrained/,
  ],
])('a folder is refused: %s', async (_, changes, code, message) => {
  const folder = await make(changes);
  const found = await problemOf(() => open(folder));
  expect(found.code).toBe(code);
  expect(found.message).toMatch(message);
  expect(found.file).toContain(folder);
});

test('masks stored beside the weights are left out; GPT-2’s bare names get their outer module', async () => {
  const folder = await make({ 'config.json': json({ model_type: 'gpt2' }) });
  const tensor = (name: string) => ({ name, shape: [1], data: Float32Array.of(1) });
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    ['wte.weight', 'h.0.attn.bias', 'h.0.ln_1.bias'].map(tensor),
  );
  const { weights } = await open(folder);
  expect([...weights.keys()]).toEqual(['transformer.wte.weight', 'transformer.h.0.ln_1.bias']);
  expect((await readSafetensors(join(folder, 'model.safetensors'))).entries.size).toBe(3);
});

test('a path that does not exist names what is near', async () => {
  await mkdir(path('models', 'smollm'), { recursive: true });
  await writeFile(path('models', 'qwen.gguf'), '');
  const slip = await problemOf(() => open('models/smolm'));
  expect(slip.code).toBe('models/not-found');
  expect(slip.message).toContain(`Did you mean ${path('models', 'smollm')}?`);
  expect((await problemOf(() => open('./models/other'))).message).toMatch(/holds qwen\.gguf, smollm/);
  expect((await problemOf(() => open('/no/such/place/at-all'))).message).toMatch(/no model at .*no/);
});

test('what looks like a hub id and lies near no path is one', async () => {
  await mkdir(path('Qwen', 'Qwen3-1.7B'), { recursive: true });
  expect((await problemOf(() => open('Qwen/Qwen3-0.6B'))).code).toBe('models/hub-offline');
  expect((await problemOf(() => open('org/name@v2'))).code).toBe('models/hub-offline');
});

test('a file that is no model says what to name instead', async () => {
  const folder = await make();
  expect((await problemOf(() => open(join(folder, 'model.safetensors')))).message).toMatch(/folder/);
  expect((await problemOf(() => open(join(folder, 'config.json')))).code).toBe('models/not-a-model');
});
