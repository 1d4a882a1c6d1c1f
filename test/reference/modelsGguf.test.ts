// GGUF reading against gguf-py and transformers: blocks, every architecture, a real file.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { convertGguf } from '../../src/models/gguf/convert.ts';
import { readGguf, readGgufTensor } from '../../src/models/gguf/file.ts';
import { openModel } from '../../src/models/openModel.ts';
import { readSafetensors, readTensor } from '../../src/models/safetensors.ts';
import { describeWith, requiredPath, runPython } from '../support/requirements.ts';
import { temporaryFolder } from '../unit/models/temporary.ts';

const path = temporaryFolder();
const environment = () => ({ FINETUNE_CACHE: path('cache') });

/** Largest difference over all tensors that both have; names and shapes must be equal. */
async function compareWeights(ours: string, theirs: string): Promise<number> {
  const [a, b] = [await readSafetensors(ours), await readSafetensors(theirs)];
  expect([...a.entries.keys()].sort()).toEqual([...b.entries.keys()].sort());
  let worst = 0;
  for (const [name, entry] of a.entries) {
    const other = b.entries.get(name)!;
    expect(entry.shape, name).toEqual(other.shape);
    const [x, y] = [await readTensor(entry), await readTensor(other)];
    for (let i = 0; i < x.length; i++) {
      const difference = Math.abs(x[i]! - y[i]!);
      if (!(difference <= worst)) worst = difference;
    }
  }
  return worst;
}

describeWith(['python'], 'GGUF against gguf-py', () => {
  test.each([1, 2, 3])('random blocks of every type, bit for bit (seed %i)', async (seed) => {
    const [file, values] = [path(`quants${seed}.gguf`), path(`quants${seed}.bin`)];
    const input = { seed, file, values };
    const lengths = await runPython<Record<string, number>>('test/reference/models_quants.py', { input });
    const expected = await readFile(values);
    const gguf = readGguf(file);
    let at = 0;
    for (const [name, length] of Object.entries(lengths)) {
      const out = await readGgufTensor(gguf, gguf.tensors.get(name)!);
      const same = Buffer.from(out.buffer).equals(expected.subarray(at, at + length * 4));
      expect({ name, same, length: out.length }).toEqual({ name, same: true, length });
      at += length * 4;
    }
    expect(at).toBe(expected.length);
  });
});

describeWith(['python'], 'GGUF models of every architecture against transformers', () => {
  const names = ['llama', 'qwen2', 'qwen3', 'phi3', 'gemma', 'gemma2', 'gemma3_text', 'gpt2'];
  let converted: Record<string, string> = {};
  let logits: Record<string, { worst: number; missing: string[]; unexpected: string[] }> = {};

  beforeAll(async () => {
    await runPython('test/reference/models_gguf.py', { input: { folder: path('archs') } });
    const pairs = names.map(async (name) => {
      const folder = await convertGguf(path('archs', name, 'model.gguf'), { env: environment() });
      return [name, folder] as const;
    });
    converted = Object.fromEntries(await Promise.all(pairs));
    const input = Object.fromEntries(
      names.map((name) => [name, { folder: converted[name], logits: path('archs', name, 'logits.bin') }]),
    );
    logits = await runPython('test/reference/models_logits.py', { input });
  });

  test.each(names)('%s: weights come back to the names and values they had', async (name) => {
    const theirs = path('archs', name, 'model.safetensors');
    const worst = await compareWeights(join(converted[name]!, 'model.safetensors'), theirs);
    // Gemma's norms lose the last bits on their way through weight + 1.
    expect(worst).toBeLessThanOrEqual(name.startsWith('gemma') ? 1.2e-7 : 0);
  });

  test.each(names)('%s: with our config transformers computes the same logits', (name) => {
    const { worst, missing, unexpected } = logits[name]!;
    expect({ missing: missing.filter((key) => key !== 'lm_head.weight'), unexpected }).toEqual({
      missing: [],
      unexpected: [],
    });
    expect(worst).toBeLessThanOrEqual(1e-5);
  });
});

describeWith(['smollm2', 'smollm2-gguf'], 'the real SmolLM2 GGUF file against what transformers made of it', () => {
  const texts = [
    'Hello, world! How are you?',
    'def add(a: int, b: int) -> int:\n    return a + b  # sum\n\n\tif x == 10_000:\n        pass',
    'naïve café — “quotes” … Ünïcödé ΑΒΓ привет 你好世界 こんにちは 한국어 العربية',
    'emoji 🙂👩‍👩‍👧‍👦🏳️‍🌈 and \u0301combining e\u0301',
    '1234567890 3.14159 1e-5 2024-01-31 0xFF',
    ' leading, trailing and  double   spaces \n\n\n and\ttabs\r\n',
    "I'm you're he'll WE'VE don't",
    '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
    'https://example.com/a?b=c&d=%20#x {"json": [1, 2, {"k": null}]}',
  ];

  test('weights bit for bit', async () => {
    const folder = await convertGguf(requiredPath('smollm2-gguf'), { env: environment() });
    const theirs = join(requiredPath('smollm2'), 'model.safetensors');
    expect(await compareWeights(join(folder, 'model.safetensors'), theirs)).toBe(0);
  });

  test('config, template and tokens', async () => {
    const options = { baseDirectory: path(), env: environment() };
    const ours = await openModel(requiredPath('smollm2-gguf'), options);
    const theirs = await openModel(requiredPath('smollm2'), options);
    const { rope_parameters: rope, ...rest } = theirs.config;
    const derived = ['_model_name_or_path', 'dtype', 'transformers_version', 'attention_dropout', 'initializer_range'];
    const unused = ['pretraining_tp', 'use_cache', 'unk_token_id'];
    const left = [...derived, ...unused];
    const config = Object.fromEntries(Object.entries(rest).filter(([key]) => !left.includes(key)));
    expect(Object.keys(config)).toHaveLength(18);
    expect(ours.config).toMatchObject(config);
    expect(rope).toEqual({ rope_type: 'default', rope_theta: ours.config['rope_theta'] });
    expect(ours.chatTemplate).toBe(theirs.chatTemplate);
    for (const text of texts) {
      const ids = ours.tokenizer.encode(text, { addSpecialTokens: true });
      expect(ids, text).toEqual(theirs.tokenizer.encode(text, { addSpecialTokens: true }));
      expect(ours.tokenizer.decode(ids)).toBe(theirs.tokenizer.decode(ids));
    }
    for (const name of ['bosTokenId', 'eosTokenId', 'padTokenId'] as const) {
      expect(ours.tokenizer[name]).toBe(theirs.tokenizer[name]);
    }
  });
});
