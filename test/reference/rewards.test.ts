// Learning from rewards: GRPO against TRL on the same answers, a run that raises its reward, stops and resumes bit-equal, and
// a reward function that fails.

import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkRun } from '../../src/cli/check/checkRun.ts';
import { packRows } from '../../src/data/packing.ts';
import type { StepResult } from '../../src/engine/session.ts';
import { writeAdapter } from '../../src/models/adapter.ts';
import { openModel } from '../../src/models/openModel.ts';
import type { LoadedModel, NamedTensor } from '../../src/models/types.ts';
import type { ObjectivePlan } from '../../src/torch/session/objective.ts';
import { openTorchSession } from '../../src/torch/session/torchSession.ts';
import { readManifest, writeManifest } from '../../src/runs/manifest.ts';
import { startWorker, type WorkerProcess } from '../../src/torch/session/workerProcess.ts';
import { groupAdvantages } from '../../src/trainer/drawnAnswers.ts';
import { summarise } from '../../src/trainer/observed.ts';
import { describeWith, requiredPath, runPython } from '../support/requirements.ts';
import { adamw } from '../support/tinyModel.ts';
import { writeTinyModel } from '../support/tinyModelFolder.ts';
import { eventsOf, liveOnce, makeRun, prepareLongRun, useTorch } from '../support/torchTraining.ts';
import { scratchFolder } from '../support/trainerBundle.ts';

const root = path.resolve(import.meta.dirname, '../..');
const [group, rate] = [4, 0.02];
const lora = { kind: 'lora', rank: 4, alpha: 8, dropout: 0, targetModules: 'all-linear', useRslora: false } as const;

const cases = [
  { name: 'held near the reference', beta: 0.2, updates: 1, clip: 0.2, steps: 4 },
  { name: 'clipped', beta: 0, updates: 3, clip: 0.05, steps: 3 },
] as const;

/** Prefers the first half of the alphabet, and says what it was given. */
const rewards = `
def letters(completions, prompt, **_):
    print("judging", len(completions))
    assert len(prompt) == len(completions)
    return [sum("a" <= letter <= "m" for letter in text) / max(1, len(text)) for text in completions]

def picky(completions, prompt, **_):
    assert not any("%" in text for text in prompt), "no answer to that"
    return [0.0 for _ in completions]

def broken(completions, **_):
    return [1 / 0 for _ in completions]
`;

describeWith(['python'], 'learning from rewards', () => {
  let folder: string;
  let model: LoadedModel;
  let worker: WorkerProcess;
  beforeAll(async () => {
    folder = await scratchFolder();
    await useTorch(folder);
    await writeTinyModel(path.join(folder, 'model'));
    await writeTinyModel(path.join(folder, 'judge'), {}, 1);
    const lines = Array.from({ length: 24 }, (_, i) => `${JSON.stringify({ prompt: `say ${i}`, right: 'a' })}\n`);
    await writeFile(path.join(folder, 'prompts.jsonl'), lines.join(''));
    await writeFile(path.join(folder, 'rewards.py'), rewards);
    model = await openModel('./model', { baseDirectory: folder });
    const program = path.join(root, 'src/torch/worker');
    worker = startWorker({ python: requiredPath('python'), program, onOutput: () => undefined });
  });
  afterAll(async () => {
    await worker.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (objective: ObjectivePlan) =>
    openTorchSession(worker, {
      modelConfig: model.config,
      weights: [...model.weights.values()],
      method: lora,
      optimizer: { ...adamw, weightDecay: 0 },
      ...{ seed: 1, gradientCheckpointing: false, device: 'cpu', threads: 1, mixedPrecision: 'no', objective },
    });

  describe('on the same answers', () => {
    const taken: Record<string, StepResult[]> = {};
    let told: Record<string, Record<string, number>[]>;
    beforeAll(async () => {
      const wanted = [];
      for (const { name, beta, updates, clip, steps } of cases) {
        const session = await open({ kind: 'grpo', beta, clip, updates, scoring: { timeout: 60, regex: '[a-m]' } });
        const init = path.join(folder, 'init', name);
        const { adaptedModules: modules } = session.info;
        const settings = { rank: 4, alpha: 8, dropout: 0, useRslora: false, baseModel: model.path, modules };
        await writeAdapter(init, settings, await all(session.trainedTensors()));
        const fed = [];
        taken[name] = [];
        for (let step = 1; step <= steps; step++) {
          const prompts = [2, 5].map((n) => model.tokenizer.encode(`say ${n * step}`, { addSpecialTokens: false }));
          const asked = prompts.map((ids) => Int32Array.from(ids));
          const settings = { group, maxNewTokens: 10, temperature: 1, topP: 1, stopTokenIds: [258], seed: step };
          const drawn = await session.answers!.draw(asked, settings);
          expect(await session.answers!.draw(asked, settings)).toEqual(drawn);
          const worth = drawn.map(({ tokens }) => tokens.filter((token) => token < 128).length);
          const advantages = groupAdvantages(worth, group);
          const rows = drawn.map(({ tokens }, i) => {
            const prompt = asked[Math.floor(i / group)]!;
            const whole = Int32Array.from([...prompt, ...tokens]);
            const mask = new Uint8Array(whole.length).fill(1, prompt.length);
            return { sampleId: `d:${i}`, tokens: whole, mask, worth: advantages[i]! };
          });
          const sequences = packRows(rows, { capacity: 64, packing: true });
          taken[name].push(await session.step({ step, sequences, learningRate: rate }));
          const answers = drawn.map(({ tokens }) => [...tokens]);
          fed.push({ prompts: asked.map((ids) => [...ids]), answers, rewards: worth });
        }
        wanted.push({ name, init, beta, iterations: updates, epsilon: clip, group, rate, steps: fed });
      }
      const input = { model: path.join(folder, 'model'), folder: path.join(folder, 'peer'), cases: wanted };
      told = await runPython<typeof told>('test/reference/rewards.py', { input });
    });

    test.each(cases)('$name: updates as TRL makes them', ({ name, updates, beta }) => {
      for (const [i, { loss, gradNorm, observed = {} }] of taken[name]!.entries()) {
        const peer = told[name]![(i + 1) * updates - 1]!;
        const metrics = summarise(observed);
        // The loss is a difference of advantages and lies near 0: its size is that of an advantage.
        expect(Math.abs(loss - peer['loss']!)).toBeLessThan(5e-4);
        expect(Math.abs(gradNorm / peer['grad_norm']! - 1)).toBeLessThan(1e-2);
        expect(Math.abs(metrics['entropy']! / peer['entropy']! - 1)).toBeLessThan(5e-3);
        expect(metrics['clip_ratio']!).toBeCloseTo(peer['clip_ratio/region_mean']!, 2);
        if (beta > 0) expect(metrics['kl']!).toBeCloseTo(peer['kl']!, 3);
      }
      const last = summarise(taken[name]!.at(-1)!.observed!);
      expect(beta > 0 ? last['kl'] : last['clip_ratio']).toBeGreaterThan(0);
    });
  });

  const config = (reward: object, more: object = {}) => ({
    ...{ version: 1, model: './model', objective: 'grpo', device: 'cpu', threads: 1, reward },
    data: { train: 'prompts.jsonl', validation: 0.2, max_length: 64 },
    grpo: { num_generations: 8, max_completion_length: 8 },
    training: { max_steps: 20, batch_size: 4, learning_rate: 0.02, lr_scheduler: 'constant' },
    evaluation: { every: 10 },
    checkpoints: { every: 10 },
    ...more,
  });

  test('a run raises its reward, and becomes the same run when it is stopped and resumed', async () => {
    const wanted = config({ function: 'rewards.py:letters' });
    const whole = await makeRun(folder, 'whole', wanted);
    expect(await liveOnce(whole)).toMatchObject({ code: 0 });
    const events = await eventsOf(whole);
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    const started = events.find((event) => event.type === 'started');
    expect(started?.estimates.seconds).toBeGreaterThan(0);
    const rewardOf = (part: typeof steps) =>
      part.reduce((sum, { metrics }) => sum + metrics!['reward/mean']!, 0) / part.length;
    expect(rewardOf(steps.slice(-4))).toBeGreaterThan(rewardOf(steps.slice(0, 4)) + 0.3);
    expect(steps[0]!.rows.map(({ id }) => id)).toHaveLength(4);
    expect(new Set(steps[0]!.rows.map(({ id }) => id)).size).toBe(4);
    const measured = events.flatMap((event) => (event.type === 'evaluated' ? [event] : []));
    expect(measured.at(-1)!.metrics!['reward/mean']).toBeGreaterThan(measured[0]!.metrics!['reward/mean']!);
    expect(measured.at(-1)!.loss).toBeCloseTo(-measured.at(-1)!.metrics!['reward/mean']!, 6);

    const stopped = await makeRun(folder, 'stopped', wanted);
    expect((await liveOnce(stopped, 6)).code).toBe(130);
    expect(await liveOnce(stopped, Infinity, prepareLongRun)).toMatchObject({ code: 0 });
    const seen = await eventsOf(stopped);
    const [probed, ...further] = seen.flatMap((event) => (event.type === 'probed' ? [event] : []));
    expect(further).toEqual([]);
    const again = seen.flatMap((event) => (event.type === 'step' ? [event] : []));
    expect(probed!.step).toBeGreaterThan(6);
    // As many of the longest answers as the longest sequence can have.
    expect(probed!.tokens).toBeGreaterThan(8 * 8);
    const numbers = (all: typeof steps) =>
      all.map(({ step, loss, grad_norm, metrics }) => [step, loss, grad_norm, metrics]);
    expect(numbers(again)).toEqual(numbers(steps));
    const adapter = (run: string) => readFile(path.join(run, 'adapter/adapter_model.safetensors'));
    expect(await adapter(stopped)).toEqual(await adapter(whole));

    // Two processes begin it, and one goes on.
    const shared = await makeRun(folder, 'shared', { ...wanted, distributed: { processes: 2 } });
    expect((await liveOnce(shared, 4)).code).toBe(130);
    const manifest = await readManifest(shared);
    await writeManifest(shared, { ...manifest, overrides: ['distributed.processes=1'] });
    expect((await liveOnce(shared, 8)).code).toBe(130);
    const told = await eventsOf(shared);
    const start = told.find((event) => event.type === 'evaluated')!;
    expect(start.loss).toBe(measured[0]!.loss);
    expect(start.metrics).toEqual(measured[0]!.metrics);
    const own = told.flatMap((event) => (event.type === 'step' ? [event] : []));
    expect(own.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const [i, step] of own.entries()) {
      expect(step.rows.map(({ id }) => id).toSorted()).toEqual(steps[i]!.rows.map(({ id }) => id).toSorted());
      expect(step.loss).toBeCloseTo(steps[i]!.loss, 5);
      expect(Math.abs(step.grad_norm / steps[i]!.grad_norm - 1)).toBeLessThan(1e-3);
      for (const [name, value] of Object.entries(steps[i]!.metrics!))
        expect(step.metrics![name], `${name} of step ${i + 1}`).toBeCloseTo(value, 4);
      expect('memory/rank_1' in step.metrics!).toBe(i < 4);
    }
  });

  test('a reward model, a wanted length and a function together raise the reward of a model that is trained whole', async () => {
    const reward = { model: './judge', max_length: 6, function: 'rewards.py:letters' };
    const training = { max_steps: 20, batch_size: 4, learning_rate: 0.004, lr_scheduler: 'constant' };
    const run = await makeRun(folder, 'judged', config(reward, { method: 'full', training }));
    expect(await liveOnce(run)).toMatchObject({ code: 0 });
    const steps = (await eventsOf(run)).flatMap((event) => (event.type === 'step' ? [event.metrics!] : []));
    for (const metrics of steps) {
      const parts = ['model', 'length', 'letters'].map((name) => metrics[`rewards/${name}`]!);
      expect(parts.reduce((a, b) => a + b)).toBeCloseTo(metrics['reward/mean']!, 5);
    }
    const meanOf = (part: typeof steps) => part.reduce((sum, m) => sum + m['reward/mean']!, 0) / part.length;
    expect(meanOf(steps.slice(-4))).toBeGreaterThan(meanOf(steps.slice(0, 4)) + 0.3);
  });

  test('a model that is no reward model is refused at its line', async () => {
    const file = path.join(folder, 'no-judge.finetune.json');
    await writeFile(file, JSON.stringify(config({ model: './model' }), undefined, 1));
    const { problems } = await checkRun(file, { overrides: [], configOnly: false });
    const [found] = problems.filter(({ severity }) => severity === 'error');
    expect(found).toMatchObject({ code: 'config/reward-model-unusable', place: { file, line: 8 } });
    expect(found!.message).toContain('has no head for scores');
  });

  test('a reward function that fails ends the run with its place and what to do', async () => {
    const run = await makeRun(folder, 'broken', config({ function: 'rewards.py:broken' }));
    expect((await liveOnce(run)).code).toBe(1);
    const failed = (await eventsOf(run)).find((event) => event.type === 'failed');
    expect(failed?.cause.code).toBe('torch/reward-failed');
    expect(failed?.cause.message).toBe(
      'The reward cannot be told: rewards.py:broken failed: ZeroDivisionError: division by zero (rewards.py, line 12).',
    );
    expect(failed?.remedies[0]?.text).toContain('reward.function');
  });

  test('one that fails for one of two processes ends both with the same words', async () => {
    // The second prompt, which the second process answers, is the only one that the function does not take.
    const lines = ['a', '%'].map((prompt) => `${JSON.stringify({ prompt })}\n`);
    await writeFile(path.join(folder, 'two.jsonl'), lines.join(''));
    const wanted = config({ function: 'rewards.py:picky' }, { distributed: { processes: 2, max_restarts: 2 } });
    const data = { train: 'two.jsonl', order: 'as_is', max_length: 64 };
    const training = { max_steps: 1, batch_size: 2 };
    const run = await makeRun(folder, 'picky', { ...wanted, data, training, evaluation: { at_start: false } });
    expect((await liveOnce(run)).code).toBe(1);
    const events = await eventsOf(run);
    const failed = events.find((event) => event.type === 'failed');
    expect(failed?.cause.message).toBe(
      'The reward cannot be told: rewards.py:picky failed: AssertionError: no answer to that (rewards.py, line 8).',
    );
    expect(failed?.evidence.join('\n')).toContain('Rank 1 of 2 (process');
    // A new start would end the same way.
    expect(JSON.stringify(events)).not.toContain('trainer/restarted');
  });
});

async function all(tensors: AsyncIterable<NamedTensor>): Promise<NamedTensor[]> {
  const found: NamedTensor[] = [];
  for await (const tensor of tensors) found.push(tensor);
  return found;
}
