// Files that we write, read by Python's libraries, and the other way round: safetensors, the hub's cache, adapters, models.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAdapter, writeAdapter, writeModelFolder } from '../../src/models/export.ts';
import { fetchFromHub } from '../../src/models/hub.ts';
import { readFolderWeights } from '../../src/models/shards.ts';
import { readSafetensors, readTensor, readTensors, writeSafetensors } from '../../src/models/safetensors.ts';
import { parseJsonObject } from '../../src/models/json.ts';
import { loadTokenizer } from '../../src/models/tokenizer.ts';
import { startHub } from '../support/hubServer.ts';
import { describeWith, runPython } from '../support/requirements.ts';
import { temporaryFolder } from '../unit/models/temporary.ts';
import { modelFiles } from '../unit/models/tinyModel.ts';
import { readFile } from 'node:fs/promises';

const path = temporaryFolder();
const hex = (values: Float32Array | Uint16Array) => Buffer.from(values.buffer).toString('hex');

interface SafetensorsAnswer {
  metadata: Record<string, string>;
  tensors: Record<string, { dtype: string; shape: number[]; hex: string }>;
  theirs: Record<string, string>;
  half: string;
  bfloat: string;
}

describeWith(['python'], 'safetensors against Python', () => {
  test('both read what the other wrote, and round alike', async () => {
    // Every exponent of float32, with fractions that round down, up, and to even.
    const bits = new Uint32Array(256 * 8 * 2);
    const fractions = [0, 1, 0x1000, 0x2000, 0x3000, 0x8000, 0x18000, 0x7fffff];
    bits.forEach((_, i) => {
      const sign = i & 1 ? 0x80000000 : 0;
      bits[i] = sign | ((i >> 4) << 23) | fractions[(i >> 1) & 7]!;
    });
    // NaN may have any payload; the two agree on everything else.
    const values = new Float32Array(bits.buffer).filter((value) => !Number.isNaN(value));
    const [ours, theirs] = [path('ours.safetensors'), path('theirs.safetensors')];
    const tensors = [
      { name: 'z', shape: [values.length], data: values },
      { name: 'a.ü', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      { name: 'scalar', shape: [], data: Float32Array.of(7) },
    ];
    await writeSafetensors(ours, tensors, { metadata: { format: 'pt', note: '“q”' } });
    const input = { ours, theirs, values: hex(values) };
    const answer = await runPython<SafetensorsAnswer>('test/reference/models_safetensors.py', { input });
    expect(answer.metadata).toEqual({ format: 'pt', note: '“q”' });
    expect(Object.keys(answer.tensors).sort()).toEqual(['a.ü', 'scalar', 'z']);
    for (const { name, shape, data } of tensors) {
      expect(answer.tensors[name]).toEqual({ dtype: 'torch.float32', shape, hex: hex(data) });
    }
    const opened = await readSafetensors(theirs);
    expect(opened.others).toEqual([{ name: 'mask', dtype: 'BOOL' }]);
    for (const [name, entry] of opened.entries) expect(hex(await readTensor(entry)), name).toBe(answer.theirs[name]);
    for (const [dtype, expected] of [['F16', answer.half] as const, ['BF16', answer.bfloat] as const]) {
      const file = path(`${dtype}.safetensors`);
      await writeSafetensors(file, [tensors[0]!], { dtype });
      const entry = (await readSafetensors(file)).entries.get('z')!;
      const bytes = (await readFile(file)).subarray(entry.offset, entry.offset + entry.byteLength);
      expect(bytes.toString('hex')).toBe(expected);
    }
  });
});

describeWith(['python'], 'the hub’s cache against huggingface_hub', () => {
  test('Python finds what we downloaded, whole and without warnings', async () => {
    const files = await modelFiles(path('source'));
    const [id, commit] = ['some-org/Tiny.Model-1', '0123456789abcdef0123456789abcdef01234567'];
    const hub = await startHub({ id, commit, files });
    const cache = path('hub');
    const folder = await fetchFromHub(
      { id, revision: 'main' },
      { env: { HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint } },
    );
    await hub.close();
    const text = 'ab 12<|end|>';
    const answer = await runPython<Record<string, unknown>>('test/reference/models_hub.py', {
      input: { cache, id, text },
    });
    const parse = (name: string) => parseJsonObject(files[name]!.toString(), name);
    const tokenizer = loadTokenizer(parse('tokenizer.json'), parse('tokenizer_config.json'));
    expect(answer).toEqual({
      ...{ warnings: [], id, commit, refs: ['main'], files: Object.keys(files).sort(), folder, model_type: 'llama' },
      size: Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0),
      ids: tokenizer.encode(text, { addSpecialTokens: true }),
    });
  });
});

interface PeftAnswer {
  worst: number;
  trainable: string[];
  config: Record<string, unknown>;
  full: number;
  shards: string[];
}

describeWith(['python'], 'adapters and models against PEFT and transformers', () => {
  test('a PEFT adapter read and written again computes the same; a sharded model folder loads', async () => {
    const [base, adapter, logits] = [path('base'), path('adapter'), path('logits.bin')];
    const made = await runPython<{ modules: string[] }>('test/reference/models_peft.py', {
      input: { stage: 'make', base, adapter, logits },
    });
    const { settings, weights } = await readAdapter(adapter);
    expect(settings).toMatchObject({ rank: 4, alpha: 8, dropout: 0, useRslora: true, modules: made.modules });
    const ours = path('ours');
    await writeAdapter(
      ours,
      { ...settings, baseModel: base },
      readTensors({ entries: weights, others: [], metadata: {} }),
    );
    const stored = await readFolderWeights(base);
    const full = path('full');
    await writeModelFolder(full, {
      config: parseJsonObject(await readFile(join(base, 'config.json'), 'utf8'), 'config.json'),
      generationConfig: { eos_token_id: 2 },
      tokenizerFiles: new Map(),
      specs: [...stored.weights.values()],
      tensors: readTensors({ entries: stored.weights, others: [], metadata: {} }),
      maxShardBytes: 4000,
    });
    const answer = await runPython<PeftAnswer>('test/reference/models_peft.py', {
      input: { stage: 'load', base, adapter: ours, logits, full },
    });
    expect(answer.worst).toBe(0);
    expect(answer.full).toBe(0);
    expect(answer.trainable).toEqual(made.modules);
    expect(answer.config).toMatchObject({ r: 4, lora_alpha: 8, use_rslora: true, target_modules: made.modules });
    expect(answer.shards.length).toBeGreaterThan(1);
  });
});
