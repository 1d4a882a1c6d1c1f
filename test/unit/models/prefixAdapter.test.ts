import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAdapter } from '../../../src/models/openAdapter.ts';
import { prefixTensor, readPrefixAdapter, writePrefixAdapter } from '../../../src/models/prefixAdapter.ts';
import { readTensor } from '../../../src/models/safetensors.ts';
import { problemOf, temporaryFolder } from './temporary.ts';

const path = temporaryFolder();
let count = 0;

const settings = {
  ...{ virtualTokens: 2, projection: true, encoderSize: 7, layers: 3, kvHeads: 2, headSize: 4 },
  ...{ baseModel: 'org/name', revision: 'v1' },
};
const prefix = { name: prefixTensor, shape: [2, 48], data: Float32Array.from({ length: 96 }, (_, i) => i) };

async function make(change: Record<string, unknown> = {}, tensors = [prefix]): Promise<string> {
  const folder = path(`p${count++}`);
  await writePrefixAdapter(folder, settings, tensors);
  const file = join(folder, 'adapter_config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...config, ...change }));
  return folder;
}

test('a prefix comes back as it was written, also beside the value head of a checkpoint of PPO', async () => {
  const head = { name: 'v_head.weight', shape: [1, 3], data: new Float32Array(3) };
  for (const folder of [await make(), await make({}, [prefix, head])]) {
    const opened = await openAdapter(folder);
    expect(opened).toMatchObject({ kind: 'prefix', settings });
    expect([...opened.weights.keys()]).toEqual([prefixTensor]);
    expect(await readTensor(opened.weights.get(prefixTensor)!)).toEqual(prefix.data);
  }
});

test.each([
  ['a shape of other sizes', { num_layers: 2 }, /is \[2, 48\], and its config makes it \[2, 32\]/],
  ['sizes as text', { num_virtual_tokens: '2' }, /`num_virtual_tokens` is no whole number above 0/],
  ['no heads', { num_attention_heads: 0 }, /num_attention_heads/],
  ['a width that heads cannot share', { num_attention_heads: 3 }, /cannot be shared by 3 heads/],
])('a broken prefix is refused: %s', async (_, change, message) => {
  const folder = await make(change);
  const found = await problemOf(() => readPrefixAdapter(folder));
  expect(found.code).toBe('models/broken-adapter');
  expect(found.message).toMatch(message);
});

test('what is no prefix of such a model is refused', async () => {
  const other = await make({}, [{ ...prefix, name: 'other' }]);
  expect((await problemOf(() => readPrefixAdapter(other))).message).toMatch(/no tensor `prompt_embeddings`/);
  const both = await make({ num_transformer_submodules: 2 });
  expect((await problemOf(() => readPrefixAdapter(both))).code).toBe('models/unsupported-adapter');
  expect((await problemOf(() => openAdapter(path('none')))).code).toBe('models/not-an-adapter');
});
