// Several processes of the torch engine against one: the same rows, and so the same losses, gradients and weights.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packRows } from '../../src/data/packing.ts';
import type { SessionPlan, TrainingSession } from '../../src/engine/session.ts';
import { readSafetensors, writeSafetensors } from '../../src/models/safetensors.ts';
import type { NamedTensor, WeightEntry } from '../../src/models/types.ts';
import type { PackedSequence } from '../../src/protocol/sequence.ts';
import type { ObjectivePlan, ScoringPlan } from '../../src/torch/session/objective.ts';
import { meet, startRanks } from '../../src/torch/session/ranks.ts';
import { openTorchSession, type Sharding, type TorchSession } from '../../src/torch/session/torchSession.ts';
import type { WorkerGroup } from '../../src/torch/session/workerGroup.ts';
import { createControl } from '../../src/trainer/control.ts';
import { drawStep, groupAdvantages, type DrawnAnswersPlan } from '../../src/trainer/drawnAnswers.ts';
import { summarise } from '../../src/trainer/observed.ts';
import { collect } from '../support/collect.ts';
import { isAlive, ranksOf } from '../support/childProcesses.ts';
import { randomArray } from '../support/random.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { packed, tinyConfig, tinyPlan, tinyRows, tinyWeights } from '../support/tinyModel.ts';
import { scratchFolder } from '../support/trainerBundle.ts';

const program = path.resolve(import.meta.dirname, '../../src/torch/worker');
const rows = tinyRows(24);

/** Steps of five rows in three sequences of very different lengths, and one of a single row, which leaves a rank idle. */
async function train(session: TrainingSession, from: number, to: number) {
  const taken: { loss: number; gradNorm: number; ids: string[] }[] = [];
  for (let step = from; step <= to; step++) {
    const at = (i: number) => rows[(5 * step + i) % rows.length]!;
    const sequences =
      step % 4 === 0 ? [packed([at(0)])] : [packed([at(0), at(1), at(2)]), packed([at(3)]), packed([at(4)])];
    const {
      loss,
      gradNorm,
      rows: found,
    } = await session.step({ step, sequences, learningRate: 0.02 / (1 + (step % 5)) });
    taken.push({ loss, gradNorm, ids: found.map(({ sampleId }) => sampleId) });
  }
  return taken;
}

/**
 * Steps of five, four and one prompts, and what was drawn and came of it. The last leaves a rank without any, and without
 * a sequence too.
 */
async function learn(
  session: TrainingSession,
  { group, worthOf }: Pick<DrawnAnswersPlan, 'group' | 'worthOf'>,
  from = 1,
) {
  const settings = { maxNewTokens: 8, temperature: 1, topP: 0.95, stopTokenIds: [3, 4, 5, 6] };
  const decode = (tokens: readonly number[]): string => tokens.join(' ');
  const plan = { ...{ answers: session.answers!, group, worthOf, settings, decode }, seed: 1, closing: [] };
  const control = createControl(
    () => undefined,
    () => Promise.resolve(),
  );
  const taken = [];
  for (const [i, count] of [...[5, 4, 1].entries()].slice(from - 1)) {
    const prompts = rows.slice(4 * i, 4 * i + count).map(({ sampleId, tokens }, k) => {
      // Only one of them has the second column, and the function is called with it on every rank.
      const fields = { place: k, ...(k === 0 ? { bonus: 2 } : {}) };
      return { sampleId, tokens: Int32Array.from(tokens), mask: new Uint8Array(tokens.length), fields };
    });
    const drawn = await drawStep(plan, prompts, i + 1, control);
    const sequences = packRows(drawn.rows, { capacity: i === 2 ? 400 : 40, packing: true });
    const { observed, ...step } = await session.step({ step: i + 1, sequences, learningRate: 0.01 });
    const { lossSum } = await session.evaluate(sequences);
    const { metrics: _, ...came } = step;
    taken.push({ drawn, step: came, lossSum, told: summarise({ ...drawn.observed, ...observed }) });
  }
  return taken;
}

const rewards = `
def judge(completions, place, bonus, **_):
    return [len(set(text.split())) + (more or 0) - one for text, one, more in zip(completions, place, bonus)]
`;

const shardings = {
  ddp: undefined,
  zero2: { wholeBetweenPasses: true, cpuOffload: false },
  fsdp: { wholeBetweenPasses: false, cpuOffload: false },
};

const distance = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);
const furthest = (a: readonly NamedTensor[], b: readonly NamedTensor[]): number =>
  Math.max(...a.flatMap(({ data }, i) => Array.from(data, (value, j) => Math.abs(value - b[i]!.data[j]!))));

describeWith(['python'], 'two ranks of the torch engine', () => {
  let weights: WeightEntry[];
  let one: WorkerGroup;
  let two: WorkerGroup;
  let output = '';
  let scoring: ScoringPlan;
  beforeAll(async () => {
    weights = await tinyWeights();
    const folder = await scratchFolder();
    const [function_, judge] = ['rewards.py', 'judge.safetensors'].map((name) => path.join(folder, name));
    await writeFile(function_!, rewards);
    const shape = [1, tinyConfig.hidden_size];
    await writeSafetensors(judge!, [{ name: 'score.weight', shape, data: randomArray(shape, 'score', 0.3) }]);
    const head = (await readSafetensors(judge!)).entries.values();
    scoring = {
      ...{ timeout: 60, function: { file: function_!, name: 'judge' }, length: { max: 5 } },
      model: { modelConfig: tinyConfig, weights: [...weights, ...head] },
    };
    const options = { python: requiredPath('python'), program, onOutput: (text: string) => void (output += text) };
    one = startRanks(options, { processes: 1 });
    two = startRanks(options, { processes: 2 });
    await meet(two, { device: 'cpu' });
  }, 240_000);
  afterAll(() => Promise.all([one.close(), two.close()]));

  const open = (
    group: WorkerGroup,
    changes: Partial<SessionPlan> = {},
    strategy: keyof typeof shardings = 'ddp',
    mixedPrecision: 'no' | 'bf16' = 'no',
  ): Promise<TorchSession> =>
    openTorchSession(group, { ...tinyPlan(weights, changes), mixedPrecision, sharding: shardings[strategy] });
  const full = { kind: 'full' } as const;
  const lora = { kind: 'lora', rank: 4, alpha: 8, dropout: 0, targetModules: 'all-linear', useRslora: false } as const;

  const checkpointed = { gradientCheckpointing: true };
  test.each<[string, keyof typeof shardings, Partial<SessionPlan>]>([
    ['LoRA', 'ddp', {}],
    ['full', 'ddp', { method: full }],
    ['LoRA', 'fsdp', checkpointed],
    ['full', 'fsdp', { method: full, ...checkpointed }],
    ['full', 'zero2', { method: full }],
  ])('%s by %s: 4 steps as one process takes them', async (_name, strategy, changes) => {
    const [alone, together] = [await open(one, changes), await open(two, changes, strategy)];
    expect(together.warnings).toEqual([]);
    expect(together.info).toEqual(alone.info);
    const [expected, actual] = [await train(alone, 1, 4), await train(together, 1, 4)];
    for (const [i, { loss, gradNorm, ids }] of actual.entries()) {
      expect(distance(loss, expected[i]!.loss)).toBeLessThan(1e-5);
      expect(distance(gradNorm, expected[i]!.gradNorm)).toBeLessThan(1e-4);
      expect(ids).toEqual(expected[i]!.ids);
    }
    const [a, b] = [await collect(together.trainedTensors()), await collect(alone.trainedTensors())];
    expect(a.map(({ name, shape }) => [name, shape])).toEqual(b.map(({ name, shape }) => [name, shape]));
    expect(furthest(a, b)).toBeLessThan(1e-4);
    const sequences = [packed(rows.slice(0, 5)), packed([rows[6]!]), packed(rows.slice(7, 9))];
    const [ours, theirs] = [await together.evaluate(sequences), await alone.evaluate(sequences)];
    expect(ours.rows.map(({ sampleId }) => sampleId)).toEqual(theirs.rows.map(({ sampleId }) => sampleId));
    expect(distance(ours.lossSum, theirs.lossSum)).toBeLessThan(1e-5);
  });

  const dpo = { kind: 'dpo', beta: 0.2, lossType: 'sigmoid', labelSmoothing: 0 } as const;
  test.each<[string, keyof typeof shardings, ObjectivePlan, Partial<SessionPlan>]>([
    ['LoRA', 'fsdp', dpo, checkpointed],
    ['full', 'fsdp', dpo, { method: full, ...checkpointed }],
    ['full', 'zero2', dpo, { method: full }],
    ['LoRA', 'fsdp', { kind: 'reward' }, checkpointed],
    ['LoRA', 'zero2', { kind: 'reward' }, {}],
    ['full', 'fsdp', { kind: 'reward' }, { method: full, ...checkpointed }],
    ['full', 'zero2', { kind: 'reward' }, { method: full }],
  ])('pairs, %s by %s, %j: judged as by one process', async (_name, strategy, objective, changes) => {
    const planOf = (sharding?: Sharding) =>
      ({ ...tinyPlan(weights, changes), mixedPrecision: 'no', objective, sharding }) as const;
    const alone = await openTorchSession(one, planOf());
    const together = await openTorchSession(two, planOf(shardings[strategy]));
    expect(together.info).toEqual(alone.info);
    // Three sequences of several pairs, of which one rank has two; and a single pair, which leaves a rank idle.
    const stepsOf = (from: number): PackedSequence[][] => [
      [
        packed(rows.slice(from, from + 4)),
        packed(rows.slice(from + 4, from + 6)),
        packed(rows.slice(from + 6, from + 8)),
      ],
      [packed(rows.slice(from + 8, from + 10))],
    ];
    const batches = [...stepsOf(0), ...stepsOf(10), ...stepsOf(0)];
    for (const [i, sequences] of batches.entries()) {
      const asked = { step: i + 1, sequences, learningRate: 0.02 };
      const [expected, actual] = [await alone.step(asked), await together.step(asked)];
      expect(distance(actual.loss, expected.loss)).toBeLessThan(1e-5);
      expect(distance(actual.gradNorm, expected.gradNorm)).toBeLessThan(1e-4);
      const [ours, theirs] = [summarise(actual.observed!), summarise(expected.observed!)];
      expect(Object.keys(ours)).toEqual(Object.keys(theirs));
      for (const [name, value] of Object.entries(ours)) expect(value, name).toBeCloseTo(theirs[name]!, 4);
      // Were the reference of DPO the model itself, or a head never learned, the loss would stay where it began.
      if (i > 0) expect(Math.abs(actual.loss - Math.log(2))).toBeGreaterThan(1e-3);
    }
    const [ours, theirs] = [await together.evaluate(batches[0]!), await alone.evaluate(batches[0]!)];
    expect(distance(ours.lossSum, theirs.lossSum)).toBeLessThan(1e-4);
    const [a, b] = [await collect(together.trainedTensors()), await collect(alone.trainedTensors())];
    expect(furthest(a, b)).toBeLessThan(1e-4);
  });

  test.each(['ddp', 'fsdp'] as const)(
    '%s: a state goes on bit-equal in two processes, and nearly so in one',
    async (s) => {
      const plan = { method: { ...lora, dropout: 0.3 } };
      const first = await open(two, plan, s);
      await train(first, 1, 2);
      const state = {
        trained: await collect(first.trainedTensors()),
        optimizer: await collect(first.optimizerTensors()),
      };
      const rest = await train(first, 3, 5);
      const second = await open(two, plan, s);
      await second.restore({ ...state, step: 2 });
      const before = (await second.memory()).peakBytes;
      // One rank has two of them, the other one; then one has none.
      for (const taken of [rows.slice(0, 3), rows.slice(0, 1)]) {
        await second.probeMemory!({ step: 4, sequences: taken.map((row) => packed([row])) });
      }
      expect((await second.memory()).peakBytes).toBeGreaterThan(before);
      expect(await train(second, 3, 5)).toEqual(rest);
      const alone = await open(one, plan);
      await alone.restore({ ...state, step: 2 });
      // The masks of dropout belong to a sequence's place in the step, whoever computes it.
      for (const [i, { loss }] of (await train(alone, 3, 5)).entries()) {
        expect(distance(loss, rest[i]!.loss)).toBeLessThan(1e-5);
      }
    },
  );

  test('shards in bfloat16 stay near 32 bits, and prompts are answered from shards as from a whole model', async () => {
    const rough = await open(two, {}, 'fsdp', 'bf16');
    expect(rough.warnings).toEqual([]);
    const exact = await open(one);
    const [a, b] = [await train(rough, 1, 4), await train(exact, 1, 4)];
    for (const [i, { loss }] of a.entries()) expect(distance(loss, b[i]!.loss)).toBeLessThan(0.05);
    expect(a).not.toEqual(b);
    for (const objective of [{ kind: 'reward' } as const, objectiveOf('grpo'), objectiveOf('ppo')]) {
      const plan = { ...tinyPlan(weights), mixedPrecision: 'bf16', objective } as const;
      const [half, whole] = [{ ...plan, sharding: shardings.fsdp }, plan];
      const worth = Float32Array.of(1, -0.5, 0.5, -1);
      const asked = { step: 1, sequences: [{ ...packed(rows.slice(0, 4)), worth }], learningRate: 0 };
      const ours = await (await openTorchSession(two, half)).step(asked);
      const theirs = await (await openTorchSession(one, whole)).step(asked);
      expect(Math.abs(ours.loss - theirs.loss), objective.kind).toBeLessThan(0.05);
      expect(distance(ours.gradNorm, theirs.gradNorm), objective.kind).toBeLessThan(0.1);
    }
    const prompts = [rows[0]!, rows[1]!].map(({ tokens }) => Int32Array.from(tokens));
    const asked = {
      maxNewTokens: 6,
      temperature: 0,
      topK: 0,
      topP: 1,
      repetitionPenalty: 1,
      stopTokenIds: [3],
      seed: 1,
    };
    const whole = await open(two, {}, 'fsdp');
    expect(await collect(whole.generate(prompts, asked))).toEqual(
      await collect((await open(one)).generate(prompts, asked)),
    );
    // What was gathered for the answers is let go before the weights change.
    const [c, d] = [await train(whole, 1, 2), await train(await open(one), 1, 2)];
    expect(distance(c[1]!.loss, d[1]!.loss)).toBeLessThan(1e-5);
  });

  const [beta, updates] = [0.2, 2];
  const clips = { cliprange: 0.1, cliprangeValue: 0.2, vfCoef: 0.5 };
  const drawings: Readonly<Record<'grpo' | 'ppo', Pick<DrawnAnswersPlan, 'group' | 'worthOf'>>> = {
    grpo: { group: 4, worthOf: (all) => groupAdvantages(all, 4) },
    ppo: { group: 1, worthOf: (all) => [...all] },
  };
  const objectiveOf = (kind: 'grpo' | 'ppo'): ObjectivePlan =>
    kind === 'grpo'
      ? { kind, beta, updates, clip: 0.1, scoring }
      : { kind, klCoef: beta, gamma: 0.9, lam: 0.8, ...clips, updates, scoring };
  test.each<['grpo' | 'ppo', string, keyof typeof shardings, Partial<SessionPlan>]>([
    ['grpo', 'LoRA', 'ddp', {}],
    ['grpo', 'LoRA', 'fsdp', checkpointed],
    ['grpo', 'full', 'fsdp', { method: full, ...checkpointed }],
    ['grpo', 'full', 'zero2', { method: full }],
    ['ppo', 'LoRA', 'ddp', {}],
    ['ppo', 'LoRA', 'fsdp', checkpointed],
    ['ppo', 'full', 'fsdp', { method: full, ...checkpointed }],
    ['ppo', 'full', 'zero2', { method: full }],
  ])('%s, %s by %s: drawn, judged and learned from as by one process', async (kind, _name, strategy, changes) => {
    const plan = { ...tinyPlan(weights, changes), mixedPrecision: 'no', objective: objectiveOf(kind) } as const;
    const alone = await openTorchSession(one, plan);
    const together = await openTorchSession(two, { ...plan, sharding: shardings[strategy] });
    expect(together.warnings).toEqual([]);
    const [expected, actual] = [await learn(alone, drawings[kind]), await learn(together, drawings[kind])];
    for (const [i, { drawn, step, told, lossSum }] of actual.entries()) {
      const peer = expected[i]!;
      expect(Math.abs(lossSum - peer.lossSum)).toBeLessThan(1e-4 * (1 + Math.abs(peer.lossSum)));
      expect(drawn.rows.map(({ tokens }) => [...tokens])).toEqual(peer.drawn.rows.map(({ tokens }) => [...tokens]));
      expect(step.rows.map(({ sampleId }) => sampleId)).toEqual(peer.step.rows.map(({ sampleId }) => sampleId));
      expect(Math.abs(step.loss - peer.step.loss)).toBeLessThan(1e-5 * (1 + Math.abs(peer.step.loss)));
      expect(distance(step.gradNorm, peer.step.gradNorm)).toBeLessThan(1e-4);
      expect(Object.keys(told).toSorted()).toEqual(Object.keys(peer.told).toSorted());
      for (const [name, value] of Object.entries(told)) expect(value, name).toBeCloseTo(peer.told[name]!, 5);
    }
    // What is saved is whole, the head for values too.
    const [a, b] = [await collect(together.trainedTensors()), await collect(alone.trainedTensors())];
    expect(a.map(({ name, shape }) => [name, shape])).toEqual(b.map(({ name, shape }) => [name, shape]));
    expect(furthest(a, b)).toBeLessThan(1e-4);
    // Answers of one prompt differ, and so do those of the steps.
    const texts = actual.flatMap(({ drawn }) => drawn.rows.map(({ tokens }) => tokens.join(' ')));
    expect(new Set(texts).size).toBeGreaterThan(0.9 * texts.length);
  });

  test.each(['grpo', 'ppo'] as const)(
    '%s in shards: a state goes on bit-equal in two, nearly so in one',
    async (kind) => {
      const plan = { ...tinyPlan(weights), mixedPrecision: 'no', objective: objectiveOf(kind) } as const;
      const sharded = { ...plan, sharding: shardings.fsdp };
      const first = await openTorchSession(two, sharded);
      await learn(first, drawings[kind], 2);
      const state = {
        trained: await collect(first.trainedTensors()),
        optimizer: await collect(first.optimizerTensors()),
      };
      const rest = await learn(first, drawings[kind]);
      const second = await openTorchSession(two, sharded);
      await second.restore({ ...state, step: 2 });
      expect(await learn(second, drawings[kind])).toEqual(rest);
      const alone = await openTorchSession(one, plan);
      await alone.restore({ ...state, step: 2 });
      for (const [i, { drawn, step }] of (await learn(alone, drawings[kind])).entries()) {
        expect(drawn.rows.map(({ tokens }) => tokens)).toEqual(rest[i]!.drawn.rows.map(({ tokens }) => tokens));
        expect(Math.abs(step.loss - rest[i]!.step.loss)).toBeLessThan(1e-5 * (1 + Math.abs(step.loss)));
      }
    },
  );

  test.each(['ddp', 'fsdp'] as const)(
    '%s: a loss that is no number leaves the weights as they are',
    async (strategy) => {
      const session = await open(two, {}, strategy);
      const before = await collect(session.trainedTensors());
      await session.restore({ trained: before.map((t) => ({ ...t, data: t.data.map(() => NaN) })), step: 0 });
      expect((await train(session, 1, 1))[0]!.loss).toBeNaN();
      await session.restore({ trained: before, step: 0 });
      expect(Number.isFinite((await train(session, 1, 1))[0]!.loss)).toBe(true);
    },
  );

  test('each rank tells its memory and prints under its name; the world is as large as planned', async () => {
    const session = await open(two);
    const { metrics } = await session.step({ step: 1, sequences: [packed([rows[0]!])], learningRate: 0.01 });
    expect(Object.keys(metrics!)).toEqual(['memory/rank_0', 'memory/rank_1']);
    const { peakBytes } = await session.memory();
    expect(peakBytes).toBeGreaterThan(metrics!['memory/rank_0']! + metrics!['memory/rank_1']!);
    expect(output).toContain('[rank 1] rank 1 of 2 is on');
  });

  // The last test: it ends the group.
  test('a rank that hangs is told within 10 seconds with what the others wait in, and nothing is left', async () => {
    const session = await open(two);
    const ranks = await ranksOf(process.pid);
    const stopped = ranks.find(({ name }) => name === 'Rank 1 of 2')!;
    process.kill(stopped.pid, 'SIGSTOP');
    const begun = performance.now();
    const hang = train(session, 1, 100);
    await expect(hang).rejects.toThrow(`Rank 1 of 2 (process ${stopped.pid}) gives no sign of life`);
    expect(performance.now() - begun).toBeLessThan(10_000);
    const why: unknown = await hang.catch((error: unknown) => error);
    expect(JSON.stringify(why)).toContain('was at: all_reduce of gradients, bucket 1 of 1');
    expect(ranks.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });
});
