// The torch engine against the embedded one on a tiny Llama: one worker process takes all of these sessions in turn.

import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onnxExecutor } from '../../src/engine/executors/onnx/executor.ts';
import type { OptimizerSettings, SessionPlan, TrainingSession } from '../../src/engine/session.ts';
import { createLocalSession } from '../../src/engine/training/localSession.ts';
import type { NamedTensor, WeightEntry } from '../../src/models/types.ts';
import { openTorchSession, type TorchSession } from '../../src/torch/session/torchSession.ts';
import { startWorker, type WorkerProcess } from '../../src/torch/session/workerProcess.ts';
import { collect } from '../support/collect.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { adamw, packed, tinyPlan, tinyRows, tinyWeights } from '../support/tinyModel.ts';

const program = path.resolve(import.meta.dirname, '../../src/torch/worker');
const rows = tinyRows(24);

interface Taken {
  readonly loss: number;
  readonly gradNorm: number;
}

/** Steps of four rows in two sequences each, at changing learning rates. */
async function train(session: TrainingSession, from: number, to: number): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (let step = from; step <= to; step++) {
    const at = (i: number) => rows[(4 * step + i) % rows.length]!;
    const sequences = [packed([at(0), at(1), at(2)]), packed([at(3)])];
    const { loss, gradNorm } = await session.step({ step, sequences, learningRate: 0.02 / (1 + (step % 5)) });
    taken.push({ loss, gradNorm });
  }
  return taken;
}

const distance = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);

describeWith(['python'], 'the torch engine', () => {
  let weights: WeightEntry[];
  let worker: WorkerProcess;
  let output = '';
  beforeAll(async () => {
    weights = await tinyWeights();
    worker = startWorker({ python: requiredPath('python'), program, onOutput: (text) => (output += text) });
  });
  afterAll(() => worker.close());

  const open = (changes: Partial<SessionPlan> = {}, mixedPrecision: 'no' | 'bf16' = 'no'): Promise<TorchSession> =>
    openTorchSession(worker, { ...tinyPlan(weights, changes), mixedPrecision });
  const embedded = (changes: Partial<SessionPlan> = {}) =>
    createLocalSession(tinyPlan(weights, changes), onnxExecutor({ provider: 'cpu', threads: 1 }));

  const full = { kind: 'full' } as const;
  const lora = { kind: 'lora', rank: 4, alpha: 8, dropout: 0, targetModules: 'all-linear', useRslora: false } as const;
  const optimizer = (changes: Partial<OptimizerSettings>) => ({ optimizer: { ...adamw, ...changes } });
  test.each<[string, Partial<SessionPlan>]>([
    ['LoRA', {}],
    ['LoRA on two layers, rsLoRA', { method: { ...lora, targetModules: ['q_proj', 'down_proj'], useRslora: true } }],
    ['LoRA+ with decay', optimizer({ loraPlusRatio: 4, loraLrRatio: 0.5, weightDecay: 0.1 })],
    ['full', { method: full }],
    ['full with decay, no clipping', { method: full, ...optimizer({ weightDecay: 0.3, maxGradNorm: 0 }) }],
    ['full by SGD with decay', { method: full, ...optimizer({ kind: 'sgd', weightDecay: 0.1 }) }],
    ['gradient checkpointing', { gradientCheckpointing: true }],
  ])('%s: 20 steps as the embedded engine takes them', async (_name, changes) => {
    const ours = await embedded(changes);
    const theirs = await open(changes);
    expect(theirs.warnings).toEqual([]);
    const other = { adaptedModules: expect.any(Array) as unknown, longestSharing: expect.any(Number) as unknown };
    expect(theirs.info).toEqual({ ...ours.info, ...other });
    expect(theirs.info.adaptedModules.toSorted()).toEqual(ours.info.adaptedModules.toSorted());
    const [expected, actual] = [await train(ours, 1, 20), await train(theirs, 1, 20)];
    for (const [i, { loss, gradNorm }] of actual.entries()) {
      expect(distance(loss, expected[i]!.loss)).toBeLessThan(1e-3);
      expect(distance(gradNorm, expected[i]!.gradNorm)).toBeLessThan(1e-2);
    }
    if (changes.optimizer?.kind !== 'sgd') expect(actual.at(-1)!.loss).toBeLessThan(actual[0]!.loss);
    const sequences = [packed(rows.slice(0, 5))];
    const [a, b] = [await theirs.evaluate(sequences), await ours.evaluate(sequences)];
    expect(distance(a.lossSum, b.lossSum)).toBeLessThan(1e-3);
    const [x, y] = [a.tokenLosses[0]!, b.tokenLosses[0]!];
    expect(x).toHaveLength(sequences[0]!.lossTargets.length);
    x.forEach((loss, i) => expect(Math.abs(loss - y[i]!)).toBeLessThan(2e-3));
    expect(a.rows.map((row) => row.sampleId)).toEqual(b.rows.map((row) => row.sampleId));
    const names = async (tensors: AsyncIterable<NamedTensor>) =>
      (await collect(tensors)).map(({ name, shape }) => `${name} ${shape.join('x')}`).toSorted();
    expect(await names(theirs.trainedTensors())).toEqual(await names(ours.trainedTensors()));
    expect(await names(theirs.optimizerTensors())).toEqual(await names(ours.optimizerTensors()));
    await ours.close();
  });

  test.each<[string, Partial<SessionPlan>]>([
    ['LoRA with dropout', { method: { ...lora, dropout: 0.3 } }],
    ['full', { method: full }],
    ['dropout under gradient checkpointing', { method: { ...lora, dropout: 0.3 }, gradientCheckpointing: true }],
  ])('%s: what is put back goes on bit-equal', async (_name, changes) => {
    const first = await open(changes);
    await train(first, 1, 5);
    const state = {
      trained: await collect(first.trainedTensors()),
      optimizer: await collect(first.optimizerTensors()),
    };
    const rest = await train(first, 6, 12);
    const ended = await collect(first.trainedTensors());
    const second = await open(changes);
    await second.restore({ ...state, step: 5 });
    await second.probeMemory!({ step: 9, sequences: [packed([rows[3]!]), packed(rows.slice(0, 8))] });
    expect(await train(second, 6, 12)).toEqual(rest);
    expect(await collect(second.trainedTensors())).toEqual(ended);
  });

  test.each<[string, Partial<SessionPlan>, Record<string, unknown>, number]>([
    ['a model that looks back over all of a row', {}, {}, Infinity],
    ['a window', {}, { model_type: 'mistral', sliding_window: 6 }, 6],
    ['a window that the config leaves to transformers', {}, { model_type: 'mistral' }, 4096],
    ['dropout', { method: { ...lora, dropout: 0.1 } }, {}, 0],
  ])('says which rows share beginnings: %s', async (_name, changes, changed, longest) => {
    const plan = tinyPlan(weights, changes);
    const { info } = await open({ ...changes, modelConfig: { ...plan.modelConfig, ...changed } });
    expect(info.longestSharing).toBe(longest);
  });

  test('answers greedily as the embedded engine does, alone and in company', async () => {
    const prompts = [rows[0]!, rows[1]!, rows[2]!].map(({ tokens }) => Int32Array.from(tokens));
    const settings = {
      maxNewTokens: 12,
      temperature: 0,
      topK: 0,
      topP: 1,
      repetitionPenalty: 1,
      stopTokenIds: [3],
      seed: 1,
    };
    const tokensOf = async (session: TrainingSession) =>
      (await collect(session.generate(prompts, settings))).map(({ prompt, tokenId, finished }) => [
        prompt,
        tokenId,
        finished,
      ]);
    const theirs = await open();
    expect(await tokensOf(theirs)).toEqual(await tokensOf(await embedded()));
    for await (const token of theirs.generate(prompts, settings)) if (token.prompt === 1) break;
    expect((await train(theirs, 1, 1))[0]!.loss).toBeGreaterThan(0);
  });

  test('bfloat16 stays near 32 bits and is told apart from it', async () => {
    const rough = await open({}, 'bf16');
    expect(rough.warnings).toEqual([]);
    const [a, b] = [await train(rough, 1, 6), await train(await open(), 1, 6)];
    for (const [i, { loss }] of a.entries()) expect(distance(loss, b[i]!.loss)).toBeLessThan(0.05);
    expect(a).not.toEqual(b);
  });

  test('a loss that is no number leaves the weights as they are', async () => {
    const session = await open();
    const before = await collect(session.trainedTensors());
    const broken = before.map((t) => ({ ...t, data: t.data.map(() => NaN) }));
    await session.restore({ trained: broken, step: 0 });
    const [taken] = await train(session, 1, 1);
    expect(taken!.loss).toBeNaN();
    await session.restore({ trained: before, step: 0 });
    expect(Number.isFinite((await train(session, 1, 1))[0]!.loss)).toBe(true);
  });

  test('says in words what is wrong', async () => {
    const session = await open();
    const foreign = [{ name: 'nobody.lora_A.weight', shape: [1], data: new Float32Array(1) }];
    await expect(session.restore({ trained: foreign, step: 0 })).rejects.toThrow(/does not belong to this run/);
    await expect(worker.ask('step', { step: 1, learningRate: 1 }, [new Uint8Array(3)])).rejects.toThrow(
      /worker failed/,
    );
    // What libraries print went to standard error; the channel still works.
    expect(output).toContain('Traceback');
    expect((await train(session, 1, 1))[0]!.loss).toBeGreaterThan(0);
  });
});
