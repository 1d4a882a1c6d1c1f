// Methods that only the torch engine has, against transformers, bitsandbytes and PEFT alone; resumed, and evaluated in between.

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PrefixMethod, TrainingMethod } from '../../src/engine/session.ts';
import { writeAdapter } from '../../src/models/adapter.ts';
import { openModel } from '../../src/models/openModel.ts';
import { readSafetensors, writeSafetensors } from '../../src/models/safetensors.ts';
import { openTorchSession, type TorchPlan, type TorchSession } from '../../src/torch/session/torchSession.ts';
import { prefixSettings, writePrefix } from '../../src/trainer/prefixLayout.ts';
import { startWorker, type WorkerProcess } from '../../src/torch/session/workerProcess.ts';
import { collect } from '../support/collect.ts';
import { describeWith, requiredPath, runPython } from '../support/requirements.ts';
import { adamw, greedy, packed, tinyPlan, tinyRows } from '../support/tinyModel.ts';
import { writeTinyModel } from '../support/tinyModelFolder.ts';

interface Reference {
  readonly cases: readonly { readonly lengths: boolean; readonly steps: readonly [number, number][] }[];
  /** Of finished prefixes: losses of rows, tokens that follow the first, and how far packed rows are from these losses. */
  readonly finished: readonly {
    readonly losses: readonly number[];
    readonly tokens: readonly number[];
    readonly packedError: number;
  }[];
}

type Lora = Extract<TrainingMethod, { kind: 'lora' }>;

const program = path.resolve(import.meta.dirname, '../../src/torch/worker');
const steps = 8;
const rowsPerStep = 4;
const learningRate = 0.01;
const rows = tinyRows(steps * rowsPerStep);

describeWith(['python'], 'methods of the torch engine', () => {
  let folder: string;
  let plan: TorchPlan;
  let worker: WorkerProcess;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'finetune-methods-'));
    const model = await writeTinyModel(path.join(folder, 'model'), { hidden_size: 64, intermediate_size: 96 });
    const modelConfig = JSON.parse(await readFile(path.join(model, 'config.json'), 'utf8')) as Record<string, unknown>;
    const { entries } = await readSafetensors(path.join(model, 'model.safetensors'));
    plan = { ...tinyPlan([...entries.values()]), modelConfig, mixedPrecision: 'no' };
    worker = startWorker({ python: requiredPath('python'), program, onOutput: () => undefined });
  });
  afterAll(async () => {
    await worker.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (changes: Partial<TorchPlan> = {}): Promise<TorchSession> =>
    openTorchSession(worker, { ...plan, ...changes });
  const ofStep = (step: number) => rows.slice((step - 1) * rowsPerStep, step * rowsPerStep);

  /** Steps with an evaluation after each, which must leave no trace. */
  async function train(session: TorchSession, from: number, to: number): Promise<[loss: number, norm: number][]> {
    const taken: [number, number][] = [];
    for (let step = from; step <= to; step++) {
      const own = ofStep(step);
      const sequences = [packed(own.slice(0, 3)), packed(own.slice(3))];
      const { loss, gradNorm } = await session.step({ step, sequences, learningRate });
      taken.push([loss, gradNorm]);
      await session.evaluate([packed(rows.slice(0, 3))]);
    }
    return taken;
  }

  const lora: Lora = { kind: 'lora', rank: 4, alpha: 8, dropout: 0, targetModules: 'all-linear', useRslora: false };
  const nf4 = { quantization: { type: 'nf4', double_quant: true } } as const;
  const fp4 = { quantization: { type: 'fp4', double_quant: false } } as const;
  const prefix: PrefixMethod = { kind: 'prefix', virtualTokens: 5, projection: false, encoderSize: 24 };
  const plain = { method: prefix } as const;
  const projected = { method: { ...prefix, projection: true } } as const;
  const dora = { method: { ...lora, useDora: true } } as const;
  const cases: readonly { name: string; changes: Partial<TorchPlan>; theirs: Record<string, unknown> }[] = [
    { name: 'NF4 with double quantisation', changes: nf4, theirs: { type: 'nf4', doubleQuant: true } },
    { name: 'FP4', changes: fp4, theirs: { type: 'fp4', doubleQuant: false } },
    { name: 'DoRA', changes: dora, theirs: {} },
    { name: 'DoRA beside 4 bits', changes: { ...dora, ...nf4 }, theirs: { type: 'nf4', doubleQuant: true } },
    { name: 'rsLoRA', changes: { method: { ...lora, useRslora: true } }, theirs: {} },
    { name: 'a prefix', changes: plain, theirs: { encoder: 'encoder.safetensors' } },
    { name: 'a projected prefix', changes: projected, theirs: { encoder: 'encoder.safetensors' } },
    { name: 'LoRA+', changes: { optimizer: { ...adamw, loraPlusRatio: 8 } }, theirs: { loraPlusRatio: 8 } },
  ];

  async function save(folderOfIt: string, session: TorchSession, method: TrainingMethod): Promise<void> {
    const model = path.join(folder, 'model');
    await mkdir(folderOfIt, { recursive: true });
    if (method.kind === 'prefix') {
      const opened = await openModel(model, { baseDirectory: folder });
      await writePrefix(folderOfIt, prefixSettings(method, opened, { baseModel: model }), session);
      await writeSafetensors(path.join(folderOfIt, 'encoder.safetensors'), session.trainedTensors());
    } else if (method.kind === 'lora') {
      const { adaptedModules: modules } = session.info;
      await writeAdapter(folderOfIt, { ...method, baseModel: model, modules }, session.trainedTensors());
    }
  }

  test('every step has the loss and the gradient of the libraries alone, from the adapter that is saved', async () => {
    const model = path.join(folder, 'model');
    const base = plan.weights.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
    const actual: Awaited<ReturnType<typeof train>>[] = [];
    const prefixed: { losses: number[]; tokens: number[] }[] = [];
    const asked: Record<string, unknown>[] = [];
    const finished: string[] = [];
    for (const { name, changes, theirs } of cases) {
      const session = await open(changes);
      expect(session.warnings, name).toEqual([]);
      expect(session.info.totalParameters - session.info.trainableParameters, name).toBe(base);
      const adapter = path.join(folder, name);
      await save(adapter, session, changes.method ?? lora);
      asked.push({ adapter, ...theirs });
      actual.push(await train(session, 1, steps));
      if (changes.method?.kind !== 'prefix') continue;
      const trained = `${adapter}, trained`;
      await save(trained, session, changes.method);
      const first = packed(rows.slice(0, 4));
      const losses = (await session.evaluate([first])).rows.map(({ lossSum }) => lossSum);
      prefixed.push({ losses, tokens: await greedyTokens(session, rows[0]!.tokens) });
      finished.push(trained);
    }
    const input = { model, rows, rowsPerStep, learningRate, weightDecay: adamw.weightDecay, cases: asked, finished };
    const { cases: expected, finished: loaded } = await runPython<Reference>(
      new URL('torchMethods.py', import.meta.url),
      { input },
    );
    for (const [c, { name, changes }] of cases.entries()) {
      const theirs = expected[c]!;
      expect(theirs.lengths, name).toBe(changes.method?.kind === 'lora' && changes.method.useDora === true);
      expect(theirs.steps, name).toHaveLength(steps);
      for (const [i, [loss, norm]] of actual[c]!.entries()) {
        expect(Math.abs(loss / theirs.steps[i]![0] - 1), `${name}, loss of step ${i + 1}`).toBeLessThan(1e-3);
        expect(Math.abs(norm / theirs.steps[i]![1] - 1), `${name}, norm of step ${i + 1}`).toBeLessThan(1e-2);
      }
    }
    for (const [i, { losses, tokens, packedError }] of loaded.entries()) {
      for (const [row, loss] of losses.entries()) {
        expect(Math.abs(prefixed[i]!.losses[row]! / loss - 1), `row ${row} behind ${finished[i]!}`).toBeLessThan(1e-4);
      }
      expect(prefixed[i]!.tokens).toEqual(tokens);
      // PEFT's own pass lets packed rows see each other without a word: that is why each row gets a pass of its own.
      expect(packedError).toBeGreaterThan(1e-3);
    }
    expect(loaded).toHaveLength(2);
    // All of these are different methods, whatever their numbers are close to.
    expect(new Set(actual.map((taken) => taken.at(-1)![0])).size).toBe(cases.length);
  });

  test('pairs are compared behind a prefix, and answers drawn and learned from', async () => {
    const pairs = rows.slice(0, 8);
    const dpo = { kind: 'dpo', beta: 0.5, lossType: 'sigmoid', labelSmoothing: 0 } as const;
    const comparing = await open({ ...plain, objective: dpo });
    const sequences = [packed(pairs.slice(0, 4)), packed(pairs.slice(4))];
    const compare = async (step: number) => comparing.step({ step, sequences, learningRate });
    const first = await compare(1);
    expect(first.loss).toBeCloseTo(Math.log(2), 5);
    const chosen = Array.from(first.observed!['logps/chosen']!);
    let last = first;
    for (let step = 2; step <= 12; step++) last = await compare(step);
    expect(last.loss).toBeLessThan(0.9 * first.loss);
    expect(Array.from(last.observed!['rewards/accuracies']!)).toEqual([1, 1, 1, 1]);

    const fresh = await open(plain);
    const alone = await fresh.evaluate([0, 2, 4, 6].map((i) => packed([pairs[i]!])));
    for (const [i, { lossSum }] of alone.rows.entries()) expect(chosen[i]).toBeCloseTo(-lossSum, 3);
    const greedy = await greedyTokens(fresh, rows[0]!.tokens);
    const prompt = rows[0]!.tokens;
    const answered = packed([{ sampleId: 'row:0', tokens: [...prompt, ...greedy], trainedFrom: prompt.length }]);
    const before = await fresh.evaluate([answered]);

    const scoring = { timeout: 60, regex: 'a' };
    const drawing = await open({ ...plain, objective: { kind: 'grpo', beta: 0.1, clip: 0.2, updates: 2, scoring } });
    const settings = { group: 2, maxNewTokens: 6, temperature: 0, topP: 1, stopTokenIds: [], seed: 1 };
    const prompts = [prompt, rows[1]!.tokens].map((tokens) => Int32Array.from(tokens));
    const [answer] = await drawing.answers!.draw(prompts, settings);
    expect([...answer!.tokens]).toEqual(greedy);
    const sequence = { ...answered, worth: Float32Array.of(1) };
    let kl = 0;
    for (let step = 1; step <= 12; step++) {
      const { observed } = await drawing.step({ step, sequences: [sequence], learningRate });
      kl = observed!['kl']![0]!;
    }
    expect(kl).toBeGreaterThan(0);
    const trained = await collect(drawing.trainedTensors());
    const praised = await open(plain);
    await praised.restore({ trained, step: 0 });
    expect((await praised.evaluate([answered])).lossSum).toBeLessThan(0.9 * before.lossSum);
  });

  test.each<[string, Partial<TorchPlan>]>([
    ['QLoRA', nf4],
    ['a prefix', plain],
    ['a projected prefix', projected],
    ['DoRA with dropout', { method: { ...lora, dropout: 0.2, useDora: true } }],
  ])('%s: what is put back goes on bit-equal, and the loss falls', async (_name, changes) => {
    const sequences = [packed(rows.slice(0, 8))];
    const first = await open(changes);
    const before = await first.evaluate(sequences);
    await train(first, 1, 4);
    const state = {
      trained: await collect(first.trainedTensors()),
      optimizer: await collect(first.optimizerTensors()),
    };
    const rest = await train(first, 5, steps);
    expect((await first.evaluate(sequences)).lossSum).toBeLessThan(before.lossSum);
    const second = await open(changes);
    await second.restore({ ...state, step: 4 });
    expect(await train(second, 5, steps)).toEqual(rest);
  });
});

/** Six tokens that the model finds likeliest, one after another. */
async function greedyTokens(session: TorchSession, prompt: readonly number[]): Promise<number[]> {
  const settings = greedy(6);
  const found: number[] = [];
  // A shorter one beside it, so that rows are padded.
  const prompts = [Int32Array.from(prompt), Int32Array.from(prompt.slice(1))];
  for await (const { prompt: index, tokenId } of session.generate(prompts, settings)) {
    if (index === 0) found.push(tokenId);
  }
  return found;
}
