// Proximal policy optimisation: updates against plain PyTorch on the same answers, and a run that raises its reward, stops and
// resumes bit-equal, and leaves a result without the value head.

import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaults } from '../../src/config/schema.generated.ts';
import { packRows } from '../../src/data/packing.ts';
import type { StepResult } from '../../src/engine/session.ts';
import { writeAdapter } from '../../src/models/adapter.ts';
import { openModel } from '../../src/models/openModel.ts';
import { readSafetensors } from '../../src/models/safetensors.ts';
import type { LoadedModel, NamedTensor } from '../../src/models/types.ts';
import { objectivePlan } from '../../src/torch/session/objective.ts';
import { openTorchSession, type TorchPlan } from '../../src/torch/session/torchSession.ts';
import { startWorker, type WorkerProcess } from '../../src/torch/session/workerProcess.ts';
import { summarise } from '../../src/trainer/observed.ts';
import { withoutValueHead } from '../../src/trainer/resultLayout.ts';
import { describeWith, requiredPath, runPython } from '../support/requirements.ts';
import { adamw } from '../support/tinyModel.ts';
import { writeTinyModel } from '../support/tinyModelFolder.ts';
import { eventsOf, liveOnce, makeRun, prepareLongRun, useTorch } from '../support/torchTraining.ts';
import { scratchFolder } from '../support/trainerBundle.ts';

const root = path.resolve(import.meta.dirname, '../..');
const steps = 3;
const lora = { kind: 'lora', rank: 4, alpha: 8, dropout: 0, targetModules: 'all-linear', useRslora: false } as const;

/** Clips so narrow that they take hold, and discounts that differ from 1. */
const cases = [
  {
    name: 'adapters',
    method: lora,
    rate: 0.02,
    ppo: { ...defaults.ppo, num_ppo_epochs: 3, kl_coef: 0.1, cliprange: 0.05, cliprange_value: 0.02, vf_coef: 0.5 },
  },
  {
    name: 'all weights',
    method: { kind: 'full' },
    rate: 0.001,
    ppo: { ...defaults.ppo, num_ppo_epochs: 2, kl_coef: 0.3, gamma: 0.9, lam: 0.8 },
  },
] as const;

const rewards = `
def letters(completions, **_):
    return [sum("a" <= letter <= "m" for letter in text) / max(1, len(text)) for text in completions]
`;

/** Our names of the reference's numbers. */
const names = {
  'policy/loss': 'policy',
  'policy/entropy': 'entropy',
  'policy/clipfrac': 'clipped',
  'value/loss': 'value',
  'value/clipfrac': 'value_clipped',
  'objective/kl': 'kl',
} as const;

describeWith(['python'], 'proximal policy optimisation', () => {
  let folder: string;
  let model: LoadedModel;
  let worker: WorkerProcess;
  beforeAll(async () => {
    folder = await scratchFolder();
    await useTorch(folder);
    await writeTinyModel(path.join(folder, 'model'));
    const asked = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => `${JSON.stringify({ prompt: `say ${from + i}` })}\n`).join('');
    await writeFile(path.join(folder, 'prompts.jsonl'), asked(0, 48));
    await writeFile(path.join(folder, 'others.jsonl'), asked(48, 8));
    await writeFile(path.join(folder, 'rewards.py'), rewards);
    model = await openModel('./model', { baseDirectory: folder });
    const program = path.join(root, 'src/torch/worker');
    worker = startWorker({ python: requiredPath('python'), program, onOutput: () => undefined });
  });
  afterAll(async () => {
    await worker.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = ({ method, ppo }: Pick<TorchPlan, 'method'> & { ppo: (typeof cases)[number]['ppo'] }, weightDecay = 0) =>
    openTorchSession(worker, {
      modelConfig: model.config,
      weights: [...model.weights.values()],
      method,
      optimizer: { ...adamw, weightDecay },
      objective: objectivePlan({ objective: 'ppo', ppo, reward: { timeout: 60, max_length: 8 } }, folder),
      ...{ seed: 1, gradientCheckpointing: false, device: 'cpu', threads: 1, mixedPrecision: 'no' },
    });

  describe('on the same answers', () => {
    const taken: Record<string, StepResult[]> = {};
    const heads: Record<string, Float32Array> = {};
    let told: Record<string, { updates: Record<string, number>[]; head: number[] }>;
    beforeAll(async () => {
      const wanted = [];
      for (const one of cases) {
        const session = await open(one);
        expect(session.warnings).toEqual([]);
        const init = one.method.kind === 'lora' ? path.join(folder, 'init') : null;
        const { adaptedModules: modules } = session.info;
        const settings = { rank: 4, alpha: 8, dropout: 0, useRslora: false, baseModel: model.path, modules };
        if (init !== null) await writeAdapter(init, settings, await all(withoutValueHead(session.trainedTensors())));
        const fed = [];
        const results: StepResult[] = [];
        for (let step = 1; step <= steps; step++) {
          const prompts = [2, 5, 7, 30].map((n) =>
            model.tokenizer.encode(`say ${n * step}`, { addSpecialTokens: false }),
          );
          const asked = prompts.map((ids) => Int32Array.from(ids));
          const drawing = { group: 1, maxNewTokens: 10, temperature: 1, topP: 1, stopTokenIds: [258], seed: step };
          const drawn = await session.answers!.draw(asked, drawing);
          const scores = drawn.map(({ tokens }) => tokens.filter((token) => token < 128).length / 4);
          const rows = drawn.map(({ tokens }, i) => {
            const whole = Int32Array.from([...asked[i]!, ...tokens]);
            const mask = new Uint8Array(whole.length).fill(1, asked[i]!.length);
            return { sampleId: `d:${i}`, tokens: whole, mask, worth: scores[i]! };
          });
          const sequences = packRows(rows, { capacity: 40, packing: true });
          expect(sequences.length).toBeGreaterThan(1);
          results.push(await session.step({ step, sequences, learningRate: one.rate }));
          fed.push({ prompts, answers: drawn.map(({ tokens }) => [...tokens]), scores });
        }
        taken[one.name] = results;
        heads[one.name] = (await all(session.trainedTensors())).find((tensor) => tensor.name === 'v_head.weight')!.data;
        const { num_ppo_epochs: epochs, ...ppo } = one.ppo;
        wanted.push({ ...ppo, name: one.name, init, epochs, rate: one.rate, steps: fed });
      }
      const input = { model: path.join(folder, 'model'), cases: wanted };
      told = await runPython<typeof told>('test/reference/ppo.py', { input });
    });

    test.each(cases)('$name: updates as plain PyTorch makes them', ({ name, ppo }) => {
      for (const [i, { loss, gradNorm, observed = {} }] of taken[name]!.entries()) {
        const peer = told[name]!.updates[(i + 1) * ppo.num_ppo_epochs - 1]!;
        const metrics = summarise(observed);
        expect(Math.abs(loss - peer['loss']!)).toBeLessThan(1e-3 + 2e-3 * Math.abs(peer['loss']!));
        expect(Math.abs(gradNorm / peer['grad_norm']! - 1)).toBeLessThan(1e-2);
        for (const [own, theirs] of Object.entries(names)) {
          const difference = Math.abs(metrics[own]! - peer[theirs]!);
          expect(difference, `${own} of step ${i + 1}`).toBeLessThan(1e-3 + 5e-3 * Math.abs(peer[theirs]!));
        }
        const paid = metrics['objective/scores']! - ppo.kl_coef * metrics['objective/kl']!;
        expect(metrics['objective/rlhf_reward']).toBeCloseTo(paid, 5);
      }
      const last = summarise(taken[name]!.at(-1)!.observed!);
      expect(Math.abs(last['objective/kl']!)).toBeGreaterThan(1e-3);
      if (ppo.cliprange < 0.1)
        for (const part of ['policy', 'value']) expect(last[`${part}/clipfrac`]).toBeGreaterThan(0);
      const size = Math.hypot(...told[name]!.head);
      expect(Math.hypot(...told[name]!.head.map((value, k) => value - heads[name]![k]!)) / size).toBeLessThan(2e-2);
    });
  });

  test('also behind a prefix, whose value head learns as well', async () => {
    const prefix = { kind: 'prefix', virtualTokens: 4, projection: false, encoderSize: 32 } as const;
    const session = await open({ ...cases[0], method: prefix }, 0.01);
    expect(session.warnings).toEqual([]);
    const tokens = Int32Array.from(model.tokenizer.encode('say abc', { addSpecialTokens: false }));
    const rows = [0.5, 2].map((worth, i) => {
      return { sampleId: `d:${i}`, tokens, mask: new Uint8Array(tokens.length).fill(1, 4 - i), worth };
    });
    const sequences = packRows(rows, { capacity: 40, packing: false });
    const values: number[] = [];
    for (let step = 1; step <= 8; step++) {
      const { observed } = await session.step({ step, sequences, learningRate: 0.02 });
      values.push(summarise(observed!)['value/loss']!);
    }
    expect(values.at(-1)).toBeLessThan(0.8 * values[0]!);
  });

  test('a run raises its reward, and becomes the same run when it is stopped and resumed', async () => {
    const config = {
      ...{ version: 1, model: './model', objective: 'ppo', device: 'cpu', threads: 1 },
      data: { train: 'prompts.jsonl', validation: 'others.jsonl', max_length: 64 },
      ppo: { max_completion_length: 6, kl_coef: 0.01, missing_eos_penalty: 0.1 },
      reward: { function: 'rewards.py:letters' },
      training: { max_steps: 14, batch_size: 24, learning_rate: 0.02, lr_scheduler: 'constant' },
      evaluation: { every: 7 },
      checkpoints: { every: 7 },
    };
    const whole = await makeRun(folder, 'whole', config);
    expect(await liveOnce(whole)).toMatchObject({ code: 0 });
    const events = await eventsOf(whole);
    const found = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    const meanOf = (part: typeof found, name: string) =>
      part.reduce((sum, { metrics }) => sum + metrics![name]!, 0) / part.length;
    const [first, last] = [found.slice(0, 4), found.slice(-4)];
    expect(meanOf(last, 'reward/mean')).toBeGreaterThan(meanOf(first, 'reward/mean') + 0.15);
    // Almost no answer ends by itself: the penalty comes off what it is worth.
    expect(meanOf(first, 'reward/mean') - meanOf(first, 'objective/scores')).toBeGreaterThan(0.05);
    const measured = events.flatMap((event) => (event.type === 'evaluated' ? [event] : []));
    expect(measured.at(-1)!.metrics!['reward/mean']).toBeGreaterThan(measured[0]!.metrics!['reward/mean']!);

    const stopped = await makeRun(folder, 'stopped', config);
    expect((await liveOnce(stopped, 4)).code).toBe(130);
    expect((await liveOnce(stopped, 8, prepareLongRun)).code).toBe(130);
    const seen = await eventsOf(stopped);
    expect(seen.filter(({ type }) => type === 'probed')).toHaveLength(1);
    const again = seen.flatMap((event) => (event.type === 'step' ? [event] : []));
    const numbers = (all: typeof found) =>
      all.map(({ step, loss, grad_norm, metrics }) => [step, loss, grad_norm, metrics]);
    expect(numbers(again)).toEqual(numbers(found.slice(0, 8)));
    const checkpoint = (run: string) => path.join(run, 'checkpoints/step-7/adapter_model.safetensors');
    expect(await readFile(checkpoint(stopped))).toEqual(await readFile(checkpoint(whole)));
    const namesIn = async (file: string) => [...(await readSafetensors(file)).entries.keys()];
    expect(await namesIn(checkpoint(whole))).toContain('base_model.model.v_head.weight');
    const result = await namesIn(path.join(whole, 'adapter/adapter_model.safetensors'));
    expect(result.filter((name) => name.includes('v_head'))).toEqual([]);
  });
});

async function all(tensors: AsyncIterable<NamedTensor>): Promise<NamedTensor[]> {
  const found: NamedTensor[] = [];
  for await (const tensor of tensors) found.push(tensor);
  return found;
}
