// SmolLM2-135M against Python: the losses of TRL, the logits of PEFT, the greedy answers of transformers.

import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { benchmarkRows } from '../../bench/rows.mjs';
import { packRows } from '../../src/data/packing.ts';
import type { DataRecord } from '../../src/data/records.ts';
import { encodeRecord } from '../../src/data/template/encodeRecord.ts';
import { resolveTemplate } from '../../src/data/template/templates.ts';
import { loraScale, mergeLora } from '../../src/engine/adapters/merge.ts';
import { onnxExecutor } from '../../src/engine/executors/onnx/executor.ts';
import type { SessionPlan } from '../../src/engine/session.ts';
import { createLocalSession } from '../../src/engine/training/localSession.ts';
import { readAdapter, writeAdapter } from '../../src/models/export.ts';
import { openModel } from '../../src/models/openModel.ts';
import { readTensor } from '../../src/models/safetensors.ts';
import type { LoadedModel, NamedTensor } from '../../src/models/types.ts';
import { describeWith, requiredPath, runPython } from '../support/requirements.ts';
import { adaptedLogits } from '../support/sessionLogits.ts';

const steps = 20;
const rowsPerStep = 2;
const newTokens = 24;
const script = 'test/reference/sft.py';
const executor = onnxExecutor({ provider: 'cpu', threads: 2 });
const heldOutText =
  '<|im_start|>user\nWhich river is the longest in Europe?<|im_end|>\n<|im_start|>assistant\nThe Volga is.<|im_end|>\n';

interface InstructionRow {
  readonly instruction: string;
  readonly input: string;
  readonly output: string;
}

let model: LoadedModel;
let folder: string;

/** The shortest of many rows: on a slow machine PyTorch takes seconds for a long one. */
function shortRows(count: number): string {
  const lines = benchmarkRows(10 * count)
    .trim()
    .split('\n');
  return lines
    .toSorted((a, b) => a.length - b.length)
    .slice(0, count)
    .join('\n');
}

/** Rows as we tokenise them, with TRL's mask. */
async function encodedRows(text: string) {
  const template = await resolveTemplate('chat', {
    tokenizer: model.tokenizer,
    modelTemplate: model.chatTemplate,
    modelName: 'SmolLM2',
    baseDirectory: '.',
  });
  const options = {
    tokenizer: model.tokenizer,
    template,
    trainOn: 'assistant',
    maxLength: 512,
    overflow: 'error',
  } as const;
  return text
    .trim()
    .split('\n')
    .map((line, i) => {
      const row = JSON.parse(line) as InstructionRow;
      const record: DataRecord = { kind: 'instruction', sampleId: `rows.jsonl:${String(i + 1)}`, ...row };
      const { sampleId, tokens, mask } = encodeRecord(record, options);
      // TRL trains everything after the prompt, the newline behind <|im_end|> included; we leave that newline out.
      return { sampleId, tokens, mask: mask.fill(1, mask.indexOf(1)) };
    });
}

function maxDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  let worst = 0;
  a.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - b[i]!))));
  return worst;
}

async function floats(file: string): Promise<Float32Array> {
  const bytes = await readFile(join(folder, file));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

describeWith(['python', 'smollm2'], 'SmolLM2-135M against Python', () => {
  let input: Readonly<Record<string, unknown>>;
  let rows: Awaited<ReturnType<typeof encodedRows>>;
  let heldOut: number[];
  let prompts: number[][];
  let told: { readonly train: number[]; readonly generate: number[][] };
  const stepRows = (step: number) => rows.slice(step * rowsPerStep, (step + 1) * rowsPerStep);

  // Python's libraries take longer to load than most of what is asked of them: they are asked once.
  beforeAll(async () => {
    model = await openModel(requiredPath('smollm2'), { baseDirectory: '.' });
    folder = await mkdtemp(join(tmpdir(), 'finetune-trl-'));
    const text = shortRows(steps * rowsPerStep);
    const data = join(folder, 'rows.jsonl');
    await writeFile(data, text);
    rows = await encodedRows(text);
    const encode = (asked: string) => model.tokenizer.encode(asked, { addSpecialTokens: false });
    heldOut = encode(heldOutText);
    prompts = ['What is the capital of France?', 'Write a haiku about rain.', 'Name three prime numbers.'].map((each) =>
      encode(`<|im_start|>user\n${each}<|im_end|>\n<|im_start|>assistant\n`),
    );
    const batches = Array.from({ length: steps }, (_, i) =>
      stepRows(i).map(({ tokens, mask }) => ({ tokens: [...tokens], mask: [...mask] })),
    );
    input = { model: model.path, data, folder, steps, rowsPerStep, heldOut, batches, prompts, newTokens };
    told = await runPython<typeof told>(script, { input: { ...input, tasks: ['train', 'loop', 'generate'] } });
  });

  test('trains as TRL does: every loss within 0.2 %, the same logits at the end', async () => {
    const start = await readAdapter(join(folder, 'init'));
    const plan: SessionPlan = {
      modelConfig: model.config,
      weights: [...model.weights.values()],
      method: { kind: 'lora', rank: 16, alpha: 32, dropout: 0, targetModules: 'all-linear', useRslora: false },
      optimizer: {
        kind: 'adamw',
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0,
        maxGradNorm: 1,
        loraLrRatio: 1,
        loraPlusRatio: 1,
      },
      seed: 0,
      gradientCheckpointing: false,
      device: 'cpu',
      threads: 2,
    };
    const session = await createLocalSession(plan, executor);
    const initial: NamedTensor[] = [];
    for (const entry of start.weights.values()) {
      initial.push({ name: entry.name, shape: entry.shape, data: await readTensor(entry) });
    }
    await session.restore({ trained: initial, step: 0 });
    for (const [i, theirs] of told.train.entries()) {
      const sequences = packRows(stepRows(i), { capacity: 512, packing: true });
      const { loss } = await session.step({ step: i + 1, sequences, learningRate: 2e-4 });
      expect(
        Math.abs(loss - theirs) / theirs,
        `step ${String(i + 1)}: ${String(loss)}, TRL ${String(theirs)}`,
      ).toBeLessThan(0.002);
    }

    const trained: NamedTensor[] = [];
    for await (const tensor of session.trainedTensors()) trained.push(tensor);
    const whole = {
      sampleId: 'held out',
      tokens: Int32Array.from(heldOut),
      mask: new Uint8Array(heldOut.length).fill(1),
    };
    const { tokenLosses } = await session.evaluate(packRows([whole], { capacity: 0, packing: false }));
    const adapter = join(folder, 'adapter');
    await writeAdapter(adapter, { ...start.settings, modules: session.info.adaptedModules }, trained);
    await session.close();

    const merged = 'model.layers.7.self_attn.q_proj.weight';
    await runPython(script, { input: { ...input, tasks: ['adapter'], adapter, merged } });
    const ours = await adaptedLogits(executor, plan, trained, Int32Array.from(heldOut));
    expect(maxDifference(ours, await floats('loop.bin')), 'our training against PEFT’s').toBeLessThan(1e-3);
    // TRL's own training ends 3e-3 away from PEFT's plain loop, padded or not, as it does from us (all in float32, logits of
    // up to 40); why is not known. It is held to the logits' own size.
    const scale = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const apart = maxDifference(ours, await floats('logits.bin'));
    expect(apart / scale, 'our training against TRL’s').toBeLessThan(1e-3);
    expect(maxDifference(ours, await floats('ours.bin')), 'our adapter in PEFT').toBeLessThan(1e-3);

    const tokenDifference = maxDifference(tokenLosses[0]!, await floats('losses.bin'));
    expect(tokenDifference, 'losses token by token against transformers').toBeLessThan(1e-3);

    const factor = (name: string) =>
      trained.find((t) => t.name === `model.layers.7.self_attn.q_proj.${name}.weight`)!.data;
    const folded = mergeLora(await readTensor(model.weights.get(merged)!), {
      a: factor('lora_A'),
      b: factor('lora_B'),
      rank: 16,
      scale: loraScale({ rank: 16, alpha: 32, useRslora: false }),
    });
    expect(maxDifference(folded, await floats('merged.bin')), 'merged weights against PEFT’s').toBeLessThan(1e-6);
  });

  test('answers as transformers does, token by token, alone and batched', async () => {
    const session = await createLocalSession(
      {
        modelConfig: model.config,
        weights: [...model.weights.values()],
        method: { kind: 'lora', rank: 1, alpha: 1, dropout: 0, targetModules: ['q_proj'], useRslora: false },
        optimizer: {
          kind: 'sgd',
          beta1: 0,
          beta2: 0,
          epsilon: 0,
          weightDecay: 0,
          maxGradNorm: 0,
          loraLrRatio: 1,
          loraPlusRatio: 1,
        },
        seed: 0,
        gradientCheckpointing: false,
        device: 'cpu',
        threads: 2,
      },
      executor,
    );
    const settings = {
      maxNewTokens: newTokens,
      temperature: 0,
      topK: 0,
      topP: 1,
      repetitionPenalty: 1,
      stopTokenIds: [],
      seed: 0,
    };
    const made = prompts.map((): number[] => []);
    for await (const token of session.generate(
      prompts.map((p) => Int32Array.from(p)),
      settings,
    )) {
      made[token.prompt]!.push(token.tokenId);
    }
    expect(made).toEqual(told.generate);
    const alone: number[] = [];
    for await (const token of session.generate([Int32Array.from(prompts[1]!)], settings)) alone.push(token.tokenId);
    expect(alone).toEqual(told.generate[1]);
    await session.close();
  });
});
