// Training on pairs against TRL: DPO and reward models, full and with adapters; that they learn, stop, resume and are saved
// so that transformers and PEFT compute the same scores.

import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TokenisedRow } from '../../src/data/dataset.ts';
import { packRows } from '../../src/data/packing.ts';
import { prepareDataset } from '../../src/data/prepareDataset.ts';
import type { StepResult } from '../../src/engine/session.ts';
import { defaults } from '../../src/config/schema.generated.ts';
import { openModel } from '../../src/models/openModel.ts';
import { misfitOf, openRewardModel } from '../../src/models/rewardModel.ts';
import { readSafetensors, readTensor } from '../../src/models/safetensors.ts';
import type { LoadedModel, NamedTensor } from '../../src/models/types.ts';
import { objectivePlan, type ObjectivePlan } from '../../src/torch/session/objective.ts';
import { openTorchSession, type TorchPlan } from '../../src/torch/session/torchSession.ts';
import { startWorker, type WorkerProcess } from '../../src/torch/session/workerProcess.ts';
import { summarise } from '../../src/trainer/observed.ts';
import { collect } from '../support/collect.ts';
import { describeWith, requiredPath, runPython } from '../support/requirements.ts';
import { adamw } from '../support/tinyModel.ts';
import { writeTinyModel } from '../support/tinyModelFolder.ts';
import { eventsOf, liveOnce, makeRun, useTorch } from '../support/torchTraining.ts';
import { scratchFolder } from '../support/trainerBundle.ts';

const root = path.resolve(import.meta.dirname, '../..');
const [batch, accumulate, steps, rate] = [2, 2, 10, 0.01];
const full = { kind: 'full' } as const;
const lora = { kind: 'lora', rank: 4, alpha: 8, dropout: 0, targetModules: 'all-linear', useRslora: false } as const;

interface Case {
  readonly name: string;
  readonly method: 'full' | 'lora';
  readonly plan: ObjectivePlan;
  readonly peer: Readonly<Record<string, unknown>>;
}

const dpo = (lossType: 'sigmoid' | 'ipo', beta: number, labelSmoothing = 0): ObjectivePlan => ({
  kind: 'dpo',
  beta,
  lossType,
  labelSmoothing,
});
const sigmoid = { objective: 'dpo', loss: 'sigmoid', beta: 0.3, batch, accumulate };
// Its extremes are those of a batch, averaged over batches: the step is one.
const scores = { objective: 'reward', batch: batch * accumulate, accumulate: 1 };
const cases: readonly Case[] = [
  { name: 'dpo-lora', method: 'lora', plan: dpo('sigmoid', 0.3), peer: sigmoid },
  { name: 'dpo-full', method: 'full', plan: dpo('sigmoid', 0.3), peer: sigmoid },
  { name: 'ipo-lora', method: 'lora', plan: dpo('ipo', 0.5), peer: { ...sigmoid, loss: 'ipo', beta: 0.5 } },
  // TRL smooths labels in losses of other names only; with one pair at a time, `aot` is the smoothed sigmoid loss.
  {
    name: 'smoothed-lora',
    method: 'lora',
    plan: dpo('sigmoid', 0.3, 0.2),
    peer: { ...sigmoid, loss: 'aot', smoothing: 0.2, batch: 1, accumulate: 4 },
  },
  { name: 'reward-lora', method: 'lora', plan: { kind: 'reward' }, peer: scores },
  { name: 'reward-full', method: 'full', plan: { kind: 'reward' }, peer: scores },
];

/** The better answer is of letters from the alphabet's beginning, the worse one of letters from its end. */
function pairs(count: number): { prompt: string; chosen: string; rejected: string }[] {
  const word = (from: string, i: number) => [0, 1, 2, 3].map((k) => from[(i * 5 + k * 3) % from.length]).join('');
  return Array.from({ length: count }, (_, i) => ({
    prompt: `say ${i}`,
    chosen: word('abcdefghijklm', i) + 'a'.repeat(i % 3),
    rejected: word('nopqrstuvwxyz', i) + 'z'.repeat((i + 1) % 4),
  }));
}

const asMessages = ({ prompt, chosen, rejected }: ReturnType<typeof pairs>[number]) => ({
  prompt: [{ role: 'user', content: prompt }],
  chosen: [{ role: 'assistant', content: chosen }],
  rejected: [{ role: 'assistant', content: rejected }],
});

/** TRL trains all that follows the prompt, the line end behind the end of turn too; the mask of a run leaves that out. */
function likeTrl({ tokens, mask, rejectedFrom, ...row }: TokenisedRow): TokenisedRow {
  const whole = mask.slice();
  for (const [from, to] of [
    [0, rejectedFrom!],
    [rejectedFrom!, tokens.length],
  ] as const)
    whole.fill(1, mask.indexOf(1, from), to);
  return { ...row, tokens, mask: whole, rejectedFrom: rejectedFrom! };
}

const nf4 = { quantization: { type: 'nf4', double_quant: true } } as const;

describeWith(['python'], 'training on pairs', () => {
  let folder: string;
  let model: LoadedModel;
  let rows: TokenisedRow[];
  let worker: WorkerProcess;
  beforeAll(async () => {
    folder = await scratchFolder();
    await useTorch(folder);
    await writeTinyModel(path.join(folder, 'model'));
    const lines = pairs(batch * accumulate * steps).map((row) => `${JSON.stringify(row)}\n`);
    await writeFile(path.join(folder, 'pairs.jsonl'), lines.join(''));
    model = await openModel('./model', { baseDirectory: folder });
    const prepared = await prepareDataset(
      {
        ...{ baseDirectory: folder, train: 'pairs.jsonl', format: 'auto', columns: {}, rows: 'pair' },
        ...{ template: 'chat', trainOn: 'assistant', maxLength: 200, overflow: 'error' },
        cacheDirectory: path.join(folder, 'cache'),
      },
      model,
    );
    rows = Array.from({ length: prepared.train.length }, (_, i) => prepared.train.row(i));
    prepared.close();
    const program = path.join(root, 'src/torch/worker');
    worker = startWorker({ python: requiredPath('python'), program, onOutput: () => undefined });
  });
  afterAll(async () => {
    await worker.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function* initOf(name: string, method: Case['method']): AsyncGenerator<NamedTensor> {
    const file = method === 'lora' ? 'adapter_model.safetensors' : 'model.safetensors';
    const { entries } = await readSafetensors(path.join(folder, 'peer', name, 'init', file));
    for (const entry of entries.values()) {
      const own = entry.name.replace('base_model.model.', '');
      // A tied head lies in the file once; a model with a score has none.
      if (own !== 'lm_head.weight') yield { name: own, shape: entry.shape, data: await readTensor(entry) };
    }
  }

  const open = (
    objective: ObjectivePlan,
    method: Case['method'],
    first?: AsyncIterable<NamedTensor>,
    changes: Pick<Partial<TorchPlan>, 'mixedPrecision' | 'quantization'> = {},
  ) =>
    openTorchSession(worker, {
      modelConfig: model.config,
      weights: [...model.weights.values()],
      method: method === 'full' ? full : lora,
      optimizer: { ...adamw, weightDecay: 0 },
      ...{ seed: 1, gradientCheckpointing: false, device: 'cpu', threads: 1, mixedPrecision: 'no', objective },
      ...changes,
      ...(first ? { first } : {}),
    });

  const rowsPerStep = batch * accumulate;
  async function train(session: Awaited<ReturnType<typeof open>>, all: readonly TokenisedRow[], from = 1, to = steps) {
    const taken: StepResult[] = [];
    for (let step = from; step <= to; step++) {
      const own = Array.from({ length: rowsPerStep }, (_, i) => all[((step - 1) * rowsPerStep + i) % all.length]!);
      const sequences = packRows(own, { capacity: 256, packing: true });
      taken.push(await session.step({ step, sequences, learningRate: rate }));
    }
    return taken;
  }

  test.each<[string, ObjectivePlan, Case['method'], Partial<TorchPlan>?]>([
    ['dpo with adapters', dpo('sigmoid', 0.1), 'lora'],
    ['dpo of all weights', dpo('sigmoid', 0.1), 'full'],
    ['ipo', dpo('ipo', 0.1), 'lora'],
    ['a reward model with adapters', { kind: 'reward' }, 'lora'],
    ['a reward model of all weights', { kind: 'reward' }, 'full'],
    ['a reward model with adapters in bf16', { kind: 'reward' }, 'lora', { mixedPrecision: 'bf16' }],
    ['a reward model beside 4 bits', { kind: 'reward' }, 'lora', nf4],
  ])('%s learns, and goes on bit-equal from what was put back', async (_name, plan, method, changes) => {
    const accuracyOf = ({ observed = {} }: { observed?: StepResult['observed'] }) => {
      const metrics = summarise(observed);
      return metrics['rewards/accuracies'] ?? metrics['accuracy']!;
    };
    const session = await open(plan, method, undefined, changes);
    const held = packRows(rows.slice(0, 16), { capacity: 256, packing: true });
    const before = await session.evaluate(held);
    await train(session, rows.slice(16), 1, 12);
    const state = {
      trained: await collect(session.trainedTensors()),
      optimizer: await collect(session.optimizerTensors()),
    };
    const rest = await train(session, rows.slice(16), 13, 24);
    const after = await session.evaluate(held);
    expect(after.lossSum).toBeLessThan(0.6 * before.lossSum);
    expect(accuracyOf(before)).toBeLessThan(0.8);
    expect(accuracyOf(after)).toBeGreaterThan(0.9);
    expect(after.rows).toHaveLength(16);
    const again = await open(plan, method, undefined, changes);
    await again.restore({ ...state, step: 12 });
    await again.probeMemory!({ step: 20, sequences: held });
    expect(await train(again, rows.slice(16), 13, 24)).toEqual(rest);
  });

  const config = (objective: string, more: object) => ({
    ...{ version: 1, model: './model', objective, device: 'cpu', threads: 1 },
    data: { train: 'pairs.jsonl', validation: 0.2, max_length: 128 },
    training: { max_steps: 12, batch_size: 4, learning_rate: 0.01 },
    evaluation: { every: 6 },
    checkpoints: { every: 6 },
    ...more,
  });

  test('a run of dpo that is stopped and resumed becomes the run that was never stopped', async () => {
    const dpoConfig = config('dpo', { method: 'full', dpo: { beta: 0.2 } });
    const whole = await makeRun(folder, 'dpo-whole', dpoConfig);
    expect(await liveOnce(whole)).toMatchObject({ code: 0 });
    const stopped = await makeRun(folder, 'dpo-stopped', dpoConfig);
    expect((await liveOnce(stopped, 5)).code).toBe(130);
    expect(await liveOnce(stopped)).toMatchObject({ code: 0 });
    const events = await eventsOf(whole);
    expect(stepsOf(await eventsOf(stopped))).toEqual(stepsOf(events));
    expectProgress(events, 'rewards/accuracies');
    const result = (run: string) => readFile(path.join(run, 'model/model.safetensors'));
    expect(await result(stopped)).toEqual(await result(whole));
  });

  describe('against Python', () => {
    let told: { cases: Record<string, { steps: Record<string, number>[] }>; scores: number[][] };
    let results: readonly (readonly [file: string, method: Case['method'], prefix: string])[];
    const scoredRows = () => rows.slice(0, 3);
    beforeAll(async () => {
      const trained = await makeRun(folder, 'reward-model', config('reward', { method: 'full' }));
      expect(await liveOnce(trained)).toMatchObject({ code: 0 });
      const adapted = await makeRun(folder, 'reward-adapter', config('reward', { lora: { rank: 4 } }));
      expect(await liveOnce(adapted)).toMatchObject({ code: 0 });
      for (const run of [trained, adapted]) expectProgress(await eventsOf(run), 'accuracy');
      results = [
        [path.join(trained, 'model/model.safetensors'), 'full', ''],
        [path.join(adapted, 'adapter/adapter_model.safetensors'), 'lora', 'base_model.model.'],
      ];
      const tokens = scoredRows().map((row) => [...row.tokens.subarray(0, row.rejectedFrom)]);
      const input = {
        model: path.join(folder, 'model'),
        rows: pairs(rows.length).map(asMessages),
        folder: path.join(folder, 'peer'),
        cases: cases.map(({ name, method, peer }) => ({ name, method, steps, rate, ...peer })),
        scored: [
          { kind: 'model', path: path.join(trained, 'model'), tokens },
          { kind: 'adapter', path: path.join(adapted, 'adapter'), tokens },
        ],
      };
      told = await runPython<typeof told>('test/reference/preferences.py', { input });
    });

    test.each(cases)('$name: steps as TRL takes them', async ({ name, method, plan }) => {
      const session = await open(plan, method, initOf(name, method));
      expect(session.warnings).toEqual([]);
      const taken = await train(session, rows.map(likeTrl));
      const peer = told.cases[name]!.steps;
      expect(peer).toHaveLength(steps);
      for (const [i, result] of taken.entries()) {
        const step = peer[i]!;
        near(result.loss, step['loss']!, 5e-3);
        near(result.gradNorm, step['grad_norm']!, 1e-2);
        for (const [metric, value] of Object.entries(summarise(result.observed ?? {}))) {
          const theirs = step[peerNames[metric] ?? metric];
          // What is near 0 is compared by the size of the log-probabilities that it is a difference of.
          if (theirs !== undefined)
            expect(Math.abs(value - theirs), `${metric} of step ${i + 1}`).toBeLessThan(2e-3 + 5e-3 * Math.abs(theirs));
        }
        expect(result.rows.map(({ sampleId }) => sampleId)).toEqual(
          rows.slice(4 * i, 4 * i + 4).map((row) => row.sampleId),
        );
      }
    });

    test('reward models are saved so that transformers and PEFT give the same scores', async () => {
      for (const [i, [file, method, prefix]] of results.entries()) {
        const session = await open({ kind: 'reward' }, method);
        await session.restore({ trained: tensorsIn(file, prefix), step: 0 });
        // Both sides of a pair are the same text here: its score is the mean.
        const { observed } = await session.evaluate(
          packRows(scoredRows().map(twice), { capacity: 256, packing: true }),
        );
        for (const [k, score] of told.scores[i]!.entries()) expect(observed!['reward/mean']![k]).toBeCloseTo(score, 4);
      }
    });

    test('and judge answers of another model with those scores', async () => {
      for (const [i, [file]] of results.entries()) {
        const reward = { model: path.dirname(file), timeout: 60, max_length: 4 };
        const judge = await openRewardModel(reward.model, { baseDirectory: folder });
        expect(misfitOf(judge, model)).toBeUndefined();
        const settings = { objective: 'grpo', grpo: defaults.grpo, reward } as const;
        const { answers } = await open(objectivePlan(settings, folder, judge), 'lora');
        const given = scoredRows().map(({ tokens, rejectedFrom }, k) => {
          return { text: '', length: 4 + 2 * k, tokens: tokens.subarray(0, rejectedFrom), fields: {} };
        });
        const scores = await answers!.score(given, 1);
        expect(Object.keys(scores)).toEqual(['length', 'model']);
        expect(scores['length']).toEqual([0, -0.5, -1]);
        for (const [k, score] of told.scores[i]!.entries()) expect(scores['model']![k]).toBeCloseTo(score, 4);
      }
    });
  });
});

type Events = Awaited<ReturnType<typeof eventsOf>>;

function stepsOf(events: Events): unknown[] {
  return events.flatMap((event) =>
    event.type === 'step' ? [[event.step, event.loss, event.grad_norm, event.metrics]] : [],
  );
}

/** The run's own metric rises on rows that it does not train on, and every step names its rows. */
function expectProgress(events: Events, metric: string): void {
  const evaluations = events.flatMap((event) => (event.type === 'evaluated' ? [event] : []));
  expect(evaluations.map(({ step }) => step)).toEqual([0, 6, 12]);
  expect(evaluations.at(-1)!.metrics![metric]).toBeGreaterThan(evaluations[0]!.metrics![metric]!);
  expect(evaluations[0]!.perplexity).toBeUndefined();
  for (const event of events) {
    if (event.type !== 'step') continue;
    expect(event.rows.every(({ id }) => /^pairs\.jsonl:\d+$/.test(id))).toBe(true);
    expect(event.metrics![metric]).toBeGreaterThanOrEqual(0);
  }
}

/** TRL's names of a reward model's numbers. */
const peerNames: Readonly<Record<string, string>> = {
  'reward/min': 'min_reward',
  'reward/mean': 'mean_reward',
  'reward/max': 'max_reward',
};

function near(value: number, other: number, tolerance: number): void {
  expect(Math.abs(value - other) / Math.abs(other)).toBeLessThan(tolerance);
}

async function* tensorsIn(file: string, prefix: string): AsyncGenerator<NamedTensor> {
  for (const entry of (await readSafetensors(file)).entries.values()) {
    yield { name: entry.name.slice(prefix.length), shape: entry.shape, data: await readTensor(entry) };
  }
}

/** A pair whose sides are both the chosen one. */
function twice({ sampleId, tokens, mask, rejectedFrom }: TokenisedRow): TokenisedRow {
  const [own, learned] = [tokens.subarray(0, rejectedFrom), mask.subarray(0, rejectedFrom)];
  return {
    sampleId,
    tokens: Int32Array.from([...own, ...own]),
    mask: Uint8Array.from([...learned, ...learned]),
    rejectedFrom: rejectedFrom!,
  };
}
