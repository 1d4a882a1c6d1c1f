// GPT-2, whose linear layers are stored [in, out]: an adapter trained by the real trainer means the same in PEFT; rows
// and answers end where its table of positions does.
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loraScale, mergeLora } from '../../src/engine/adapters/merge.ts';
import { onnxExecutor } from '../../src/engine/executors/onnx/executor.ts';
import { readAdapter } from '../../src/models/adapter.ts';
import { openModel } from '../../src/models/openModel.ts';
import { readTensor, readTensors, writeSafetensors } from '../../src/models/safetensors.ts';
import type { NamedTensor } from '../../src/models/types.ts';
import { toArray } from '../../src/protocol/series.ts';
import { startRun } from '../../src/runs/startRun.ts';
import { openRun, type OpenedRun } from '../../src/runs/store.ts';
import { randomWeights } from '../support/randomWeights.ts';
import { describeWith, runPython } from '../support/requirements.ts';
import { adaptedLogits } from '../support/sessionLogits.ts';
import { writeTinyData, writeTinyModel } from '../support/tinyModelFolder.ts';
import { scratchFolder } from '../support/trainerBundle.ts';

const modelConfig = {
  ...{ model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], vocab_size: 259, n_positions: 48 },
  ...{ n_embd: 32, n_layer: 2, n_head: 4, bos_token_id: 256, eos_token_id: 258 },
};
const baseConfig = {
  version: 1,
  model: './model',
  device: 'cpu',
  threads: 1,
  data: { train: 'train.jsonl', validation: 0.2 },
  lora: { rank: 4, dropout: 0.1 },
  training: { max_steps: 12, batch_size: 2, learning_rate: 0.01 },
  evaluation: { prompts: ['say 3'], max_new_tokens: 100 },
};

let folder: string;
const at = (...names: string[]): string => path.join(folder, ...names);

async function train(name: string, changes: object): Promise<OpenedRun & { code: number | null }> {
  const configFile = at(`${name}.finetune.json`);
  await writeFile(configFile, JSON.stringify({ ...baseConfig, ...changes }));
  const trainer = path.resolve(import.meta.dirname, '../../dist/trainer.js');
  const env = { ...process.env, FINETUNE_CACHE: at('cache') };
  const run = await startRun({ configFile, name, overrides: [], runsFolder: at('runs'), trainer, env });
  const code = await run.exited;
  return { code, ...(await openRun(run.folder)) };
}

async function floats(file: string): Promise<Float32Array> {
  const bytes = await readFile(at(file));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function maxDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

describeWith(['python'], 'GPT-2 against PEFT', () => {
  beforeAll(async () => {
    folder = await scratchFolder();
    await writeTinyModel(at('model'));
    await writeFile(at('model/config.json'), JSON.stringify(modelConfig));
    const entries = await randomWeights(modelConfig);
    const stored = { entries: new Map(entries.map((entry) => [entry.name, entry])), others: [], metadata: {} };
    await writeSafetensors(at('model/model.safetensors'), readTensors(stored), { metadata: { format: 'pt' } });
    await writeTinyData(at('train.jsonl'), 40);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('an adapter that we trained computes the same in PEFT, added and merged', async () => {
    const run = await train('lora', {});
    expect(run.code).toBe(0);
    const losses = toArray(run.state.steps).map(({ loss }) => loss);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const adapter = path.join(run.folder, 'adapter');
    const text = await readFile(path.join(adapter, 'adapter_config.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ fan_in_fan_out: true, r: 4, lora_alpha: 8 });

    const model = await openModel('./model', { baseDirectory: folder });
    const { settings, weights } = await readAdapter(adapter);
    const trained: NamedTensor[] = [];
    for (const entry of weights.values()) trained.push({ ...entry, data: await readTensor(entry) });
    const plan = {
      modelConfig: model.config,
      weights: [...model.weights.values()],
      method: { kind: 'lora', rank: 4, alpha: 8, dropout: 0, targetModules: settings.modules, useRslora: false },
    } as const;
    const heldOut = Array.from({ length: 48 }, (_, i) => (i * 37) % 256);
    const executor = onnxExecutor({ provider: 'cpu', threads: 1 });
    const ours = await adaptedLogits(executor, plan, trained, Int32Array.from(heldOut));
    const plain = await adaptedLogits(
      executor,
      { ...plan, method: { ...plan.method, targetModules: [] } },
      [],
      Int32Array.from(heldOut),
    );
    expect(maxDifference(ours, plain)).toBeGreaterThan(0.1);

    const merged = 'transformer.h.1.attn.c_attn.weight';
    const input = { tasks: ['adapter'], model: model.path, adapter, folder, heldOut, merged };
    await runPython('test/reference/sft.py', { input });
    expect(maxDifference(ours, await floats('ours.bin'))).toBeLessThan(1e-4);
    const factor = (name: string): Float32Array =>
      trained.find((tensor) => tensor.name === `transformer.h.1.attn.c_attn.${name}.weight`)!.data;
    const folded = mergeLora(await readTensor(model.weights.get(merged)!), {
      a: factor('lora_A'),
      b: factor('lora_B'),
      rank: 4,
      scale: loraScale({ rank: 4, alpha: 8, useRslora: false }),
      storedTransposed: true,
    });
    expect(maxDifference(folded, await floats('merged.bin'))).toBeLessThan(1e-6);
  });

  test('rows are cut at the context, answers end there, and what would be longer is refused', async () => {
    const long = Array.from({ length: 8 }, (_, i) =>
      JSON.stringify({ instruction: `say ${i}`, output: 'x'.repeat(200) }),
    );
    await writeFile(at('long.jsonl'), long.join('\n'));
    const cut = await train('cut', { data: { train: 'long.jsonl', validation: 0 }, training: { max_steps: 1 } });
    expect(cut.code).toBe(0);
    expect(cut.state.started?.config['data']).toMatchObject({ max_length: 48 });
    const beyond = await train('beyond', { data: { ...baseConfig.data, max_length: 64 } });
    expect([beyond.code, beyond.state.failed?.cause.code]).toEqual([2, 'config/max-length-beyond-context']);
    const prompt = await train('prompt', { evaluation: { prompts: ['short', 'x'.repeat(60)] } });
    expect([prompt.code, prompt.state.failed?.cause.message]).toEqual([
      1,
      expect.stringMatching(/^`evaluation\.prompts\[1\]` has \d+ tokens.*context.*48/),
    ]);
  });
});
