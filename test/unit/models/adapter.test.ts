import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configJson } from '../../../src/models/configJson.ts';
import { planShards, readAdapter, writeAdapter } from '../../../src/models/export.ts';
import type { AdapterSettings } from '../../../src/models/export.ts';
import { readTensor, writeSafetensors } from '../../../src/models/safetensors.ts';
import { problemOf, temporaryFolder } from './temporary.ts';

const path = temporaryFolder();
let count = 0;

const settings: AdapterSettings = {
  ...{ rank: 2, alpha: 4, dropout: 0.1, useRslora: true, baseModel: 'org/name' },
  modules: ['model.layers.0.self_attn.q_proj', 'model.layers.1.mlp.down_proj'],
};
const tensors = settings.modules.flatMap((module, i) => [
  { name: `${module}.lora_A.weight`, shape: [2, 3], data: Float32Array.from({ length: 6 }, (_, k) => k + i) },
  { name: `${module}.lora_B.weight`, shape: [4, 2], data: Float32Array.from({ length: 8 }, (_, k) => -k - i) },
]);

async function make(change: Record<string, unknown> = {}): Promise<string> {
  const folder = path(`a${count++}`);
  await writeAdapter(folder, settings, tensors);
  const file = join(folder, 'adapter_config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...config, ...change }));
  return folder;
}

test('an adapter comes back as it was written', async () => {
  const { settings: read, weights } = await readAdapter(await make());
  expect(read).toEqual(settings);
  expect([...weights.keys()]).toEqual(tensors.map((tensor) => tensor.name));
  for (const { name, data } of tensors) expect(await readTensor(weights.get(name)!)).toEqual(data);
});

test('DoRA comes back with the lengths of its outputs, one for each', async () => {
  const lengths = (count: number) =>
    settings.modules.map((module) => ({
      ...{ name: `${module}.lora_magnitude_vector`, shape: [count] },
      data: Float32Array.from({ length: count }, (_, k) => 1 + k),
    }));
  const folder = path(`a${count++}`);
  const dora = { ...settings, useDora: true };
  await writeAdapter(folder, dora, [...tensors, ...lengths(4)]);
  const { settings: read, weights } = await readAdapter(folder);
  expect(read).toEqual(dora);
  expect(await readTensor(weights.get(lengths(4)[1]!.name)!)).toEqual(lengths(4)[1]!.data);
  await writeAdapter(folder, dora, [...tensors, ...lengths(3)]);
  expect((await problemOf(() => readAdapter(folder))).message).toMatch(/\(\[3\]\) are not one for each output/);
  await writeAdapter(folder, settings, [...tensors, ...lengths(4)]);
  expect((await problemOf(() => readAdapter(folder))).message).toMatch(/magnitude_vector` is no part/);
});

test('the value head that a checkpoint of PPO has beside its adapter is passed over', async () => {
  const folder = path(`a${count++}`);
  await writeAdapter(folder, settings, [
    ...tensors,
    { name: 'v_head.weight', shape: [1, 3], data: new Float32Array(3) },
  ]);
  expect([...(await readAdapter(folder)).weights.keys()]).toEqual(tensors.map((tensor) => tensor.name));
});

test.each([
  ['another method', { peft_type: 'IA3' }, /IA3/],
  ['a prefix', { peft_type: 'PREFIX_TUNING' }, /is a prefix/],
  ['trained biases', { bias: 'all' }, /bias/],
  ['saved modules', { modules_to_save: ['lm_head'] }, /modules_to_save/],
  ['ranks by layer', { rank_pattern: { q_proj: 4 } }, /rank_pattern/],
  ['alphas by layer', { alpha_pattern: { q_proj: 4 } }, /alpha_pattern/],
])('an adapter that would compute something else is refused: %s', async (_, change, message) => {
  const folder = await make(change);
  const found = await problemOf(() => readAdapter(folder));
  expect(found).toMatchObject({ code: 'models/unsupported-adapter', file: join(folder, 'adapter_config.json') });
  expect(found.message).toMatch(message);
});

test.each([
  ['rank as text', { r: '2' }, /`r`/],
  ['rank of another adapter', { r: 8 }, /rank 8/],
  ['alpha of 0', { lora_alpha: 0 }, /lora_alpha/],
  ['dropout of 2', { lora_dropout: 2 }, /lora_dropout/],
  ['rslora as text', { use_rslora: 'yes' }, /use_rslora/],
  ['DoRA as text', { use_dora: 'yes' }, /use_dora/],
  ['DoRA without its lengths', { use_dora: true }, /lora_magnitude_vector` is missing/],
])('a broken adapter is refused: %s', async (_, change, message) => {
  const folder = await make(change);
  const found = await problemOf(() => readAdapter(folder));
  expect(found.code).toBe('models/broken-adapter');
  expect(found.message).toMatch(message);
});

test('harmless values of fields not used here are accepted', async () => {
  const change = { modules_to_save: [], bias: 'none', layers_to_transform: [0], loftq_config: {}, corda_config: null };
  expect((await readAdapter(await make(change))).weights.size).toBe(4);
});

test('tensors that are no LoRA pair are refused', async () => {
  const folder = await make();
  const file = join(folder, 'adapter_model.safetensors');
  const one = { name: 'base_model.model.x.lora_A.weight', shape: [2, 3], data: new Float32Array(6) };
  await writeSafetensors(file, [one]);
  expect((await problemOf(() => readAdapter(folder))).message).toMatch(/x\.lora_B\.weight` is missing/);
  await writeSafetensors(file, [{ ...one, name: 'base_model.model.x.lora_embedding_A' }]);
  expect((await problemOf(() => readAdapter(folder))).message).toMatch(/lora_embedding_A/);
  expect((await problemOf(() => readAdapter(path('none')))).code).toBe('models/not-an-adapter');
});

test('shards are filled up to the limit, a bigger tensor alone', () => {
  const spec = (name: string, size: number) => ({ name, shape: [size] });
  const specs = [spec('a', 2), spec('b', 2), spec('c', 9), spec('d', 1)];
  const names = planShards(specs, 4, 16).map((shard) => shard.map((item) => item.name).join(''));
  expect(names).toEqual(['ab', 'c', 'd']);
  expect(planShards(specs, 4, 1e9)).toHaveLength(1);
});

test('whole values of fractional config fields keep their point', () => {
  const config = {
    rms_norm_eps: 1e-5,
    final_logit_softcapping: 30,
    hidden_size: 32,
    rope_scaling: { factor: 8 },
    x: '\u00005.0',
  };
  const text = configJson(config);
  expect(text).toMatch(/"final_logit_softcapping": 30\.0,/);
  expect(text).toMatch(/"factor": 8\.0\n/);
  expect(text).toMatch(/"hidden_size": 32,/);
  expect(JSON.parse(configJson({ ...config, x: 'plain' }))).toEqual({ ...config, x: 'plain' });
});
