// A training session on a tiny Llama: what must be equal is equal, and what must be learned is learned.

import { beforeAll, describe, expect, it } from 'vitest';
import { onnxExecutor } from '../../../src/engine/executors/onnx/executor.ts';
import type { SessionPlan, TrainingSession } from '../../../src/engine/session.ts';
import { createLocalSession } from '../../../src/engine/training/localSession.ts';
import { readTensor } from '../../../src/models/safetensors.ts';
import type { NamedTensor, WeightEntry } from '../../../src/models/types.ts';
import type { PackedSequence } from '../../../src/protocol/sequence.ts';
import { collect } from '../../support/collect.ts';
import { randomArray } from '../../support/random.ts';
import { randomWeights } from '../../support/randomWeights.ts';
import { greedy, packed, tinyConfig, tinyPlan, tinyRows, tinyWeights } from '../../support/tinyModel.ts';

let weights: WeightEntry[];
beforeAll(async () => {
  weights = await tinyWeights();
});

const open = (changes: Partial<SessionPlan> = {}): Promise<TrainingSession> =>
  createLocalSession(tinyPlan(weights, changes), onnxExecutor({ provider: 'cpu', threads: 1 }));

/** Losses of `steps` steps over the same layout of rows. */
async function train(session: TrainingSession, layout: (step: number) => readonly PackedSequence[], from = 1, to = 6) {
  const losses: number[] = [];
  for (let step = from; step <= to; step++) {
    losses.push((await session.step({ step, sequences: layout(step), learningRate: 0.01 })).loss);
  }
  return losses;
}

const rows = tinyRows(4);
const together = () => [packed(rows)];
const apart = () => rows.map((row) => packed([row]));

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number) {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!) / Math.abs(expected[i]!)).toBeLessThan(tolerance));
}

describe.each([
  { name: 'lora', method: tinyPlan([]).method },
  { name: 'full', method: { kind: 'full' as const } },
])('$name', ({ method }) => {
  it('learns rows by heart', async () => {
    const losses = await train(await open({ method }), together, 1, 60);
    expect(losses.at(-1)!).toBeLessThan(0.35 * losses[0]!);
  });

  it('gives the same losses packed, one row at a time and in other company', async () => {
    const one = await train(await open({ method }), together);
    expectClose(await train(await open({ method }), apart), one, 1e-5);
    const pairs = () => [packed([rows[3]!, rows[0]!]), packed([rows[2]!, rows[1]!])];
    expectClose(await train(await open({ method }), pairs), one, 1e-5);
  });

  it('gives the same losses with gradient checkpointing', async () => {
    const kept = await train(await open({ method }), together);
    expectClose(await train(await open({ method, gradientCheckpointing: true }), together), kept, 1e-5);
  });

  it('goes on bit-equal from its state', async () => {
    const whole = await open({ method });
    const expected = (await train(whole, together, 1, 8)).slice(4);
    const first = await open({ method });
    await train(first, together, 1, 4);
    const state = {
      trained: await collect(first.trainedTensors()),
      optimizer: await collect(first.optimizerTensors()),
      step: 4,
    };
    const second = await open({ method, seed: 1 });
    await second.restore(state);
    expect(await train(second, together, 5, 8)).toEqual(expected);
    const weightsOf = async (session: TrainingSession) =>
      (await collect(session.trainedTensors())).map((t: NamedTensor) => [
        t.name,
        Buffer.from(t.data.buffer).toString('hex'),
      ]);
    expect(await weightsOf(second)).toEqual(await weightsOf(whole));
  });
});

describe('losses', () => {
  it('start at those of the base model with LoRA, and are told by row', async () => {
    const base = await (await open({ method: { kind: 'full' } })).evaluate(apart());
    const lora = await (await open()).evaluate(together());
    expectClose([lora.lossSum], [base.lossSum], 1e-5);
    expect(lora.rows.map((r) => r.sampleId)).toEqual(rows.map((r) => r.sampleId));
    lora.rows.forEach((row, i) => expectClose([row.lossSum], [base.rows[i]!.lossSum], 1e-5));
  });

  it('are told token by token, in the order of the sequence, alone or packed', async () => {
    const session = await open();
    const untrained = { ...apart()[0]!, lossPositions: new Int32Array(), lossTargets: new Int32Array() };
    const alone = await session.evaluate([untrained, ...apart()]);
    expect(alone.tokenLosses.map((losses) => losses.length)).toEqual([0, ...apart().map((s) => s.lossTargets.length)]);
    const packedTogether = (await session.evaluate(together())).tokenLosses.flatMap((losses) => [...losses]);
    expectClose(
      packedTogether,
      alone.tokenLosses.flatMap((losses) => [...losses]),
      1e-5,
    );
    alone.rows.forEach((row, i) => {
      expectClose([row.lossSum], [alone.tokenLosses[i + 1]!.reduce((sum, loss) => sum + loss, 0)], 1e-6);
    });
  });

  it('leave the weights alone when they are not finite', async () => {
    const session = await open();
    const before = await collect(session.trainedTensors());
    const poisoned = before.map((t) => ({ ...t, data: t.name.includes('lora_B') ? t.data.map(() => NaN) : t.data }));
    await session.restore({ trained: poisoned, step: 0 });
    const result = await session.step({ step: 1, sequences: together(), learningRate: 0.1 });
    expect(result.loss).toBeNaN();
    const after = await collect(session.trainedTensors());
    expect(after[0]!.data).toEqual(poisoned[0]!.data);
  });

  it('refuse a state of another run', async () => {
    const session = await open();
    const stranger = { name: 'model.layers.9.lora_A.weight', shape: [1], data: new Float32Array(1) };
    await expect(session.restore({ trained: [stranger], step: 1 })).rejects.toThrow(/does not belong to this run/);
  });
});

describe('dropout', () => {
  const method = {
    ...(tinyPlan([]).method as { kind: 'lora' } & Extract<SessionPlan['method'], { kind: 'lora' }>),
    dropout: 0.5,
  };

  it('is decided by seed and step, and off in evaluation', async () => {
    const first = await train(await open({ method }), together);
    expect(await train(await open({ method }), together)).toEqual(first);
    const plain = await train(await open(), together);
    expect(first[0]).toBeCloseTo(plain[0]!, 5); // B is zero at first, so the adapter does not show
    expect(first[2]).not.toBeCloseTo(plain[2]!, 5);
    const session = await open({ method });
    await train(session, together);
    expect((await session.evaluate(together())).lossSum).toBe((await session.evaluate(together())).lossSum);
  });
});

describe('bfloat16 weights', () => {
  it('compute as their float32 values do', async () => {
    const half = await tinyWeights('BF16');
    const session = await createLocalSession(tinyPlan(half), onnxExecutor({ provider: 'cpu', threads: 1 }));
    const losses = await train(session, together);
    expectClose(losses, await train(await open(), together), 0.02);
    expect(losses.every(Number.isFinite)).toBe(true);
  });
});

const gpt2 = { model_type: 'gpt2', n_embd: 16, n_head: 4, n_layer: 2, n_positions: 64, vocab_size: 32 };

describe.each([
  ['llama', tinyConfig],
  ['gpt2', gpt2],
])('the context of %s', (_name, modelConfig) => {
  const openModel = async (): Promise<TrainingSession> =>
    open({ modelConfig, weights: await randomWeights(modelConfig) });
  const row = (length: number): PackedSequence =>
    packed([rows[0]!, { sampleId: 'long.jsonl:3', tokens: new Array<number>(length).fill(5), trainedFrom: 2 }]);
  const prompt = (length: number): Int32Array => new Int32Array(length).fill(3);
  const settings = {
    maxNewTokens: 100,
    temperature: 0,
    topK: 0,
    topP: 1,
    repetitionPenalty: 1,
    stopTokenIds: [],
    seed: 0,
  };
  const tooLong = { problems: [expect.objectContaining({ code: 'engine/beyond-context' })] };

  it('takes a row that fills it and refuses a longer one, naming it', async () => {
    const session = await openModel();
    const take = (length: number) => session.step({ step: 1, sequences: [row(length)], learningRate: 0.01 });
    expect((await take(64)).loss).toBeGreaterThan(0);
    await expect(take(65)).rejects.toThrow(/^long\.jsonl:3 has more than 64 tokens/);
    await expect(session.evaluate([row(65)])).rejects.toMatchObject(tooLong);
  });

  it('ends answers where it is full, beside shorter ones', async () => {
    const session = await openModel();
    const tokens = await collect(session.generate([prompt(60), prompt(10)], settings));
    expect([0, 1].map((at) => tokens.filter((token) => token.prompt === at).length)).toEqual([4, 54]);
    const alone = await collect(session.generate([prompt(10)], settings));
    expect(tokens.filter((token) => token.prompt === 1).map((token) => token.tokenId)).toEqual(
      alone.map((token) => token.tokenId),
    );
    await expect(collect(session.generate([prompt(64)], settings))).rejects.toMatchObject(tooLong);
  });
});

describe('generation', () => {
  const settings = greedy(12);
  const prompts = rows.map((row) => Int32Array.from(row.tokens));

  /** Greedy continuation without a cache: the whole text again for each token. */
  async function slowly(session: TrainingSession, prompt: Int32Array): Promise<number[]> {
    let tokens = [...prompt];
    for (let i = 0; i < settings.maxNewTokens; i++) {
      const candidates = Array.from({ length: tinyConfig.vocab_size }, (_, id) => ({
        sampleId: String(id),
        tokens: [...tokens, id],
        trainedFrom: tokens.length,
      }));
      const { rows: losses } = await session.evaluate([packed(candidates)]);
      const best = losses.reduce((a, b) => (b.lossSum < a.lossSum ? b : a));
      tokens = [...tokens, Number(best.sampleId)];
    }
    return tokens.slice(prompt.length);
  }

  it.each([
    ['all tokens before', tinyConfig],
    ['a few', { ...tinyConfig, model_type: 'mistral', sliding_window: 5 }],
    ['more than the shorter rows have', { ...tinyConfig, model_type: 'mistral', sliding_window: 40 }],
  ])(
    'with a cache and in company chooses the tokens of a plain forward pass, where tokens see %s',
    async (_, config) => {
      const session = await open({ modelConfig: config });
      await train(session, together, 1, 10);
      const made = prompts.map((): number[] => []);
      for await (const token of session.generate(prompts, settings)) made[token.prompt]!.push(token.tokenId);
      for (const [i, prompt] of prompts.entries()) expect(made[i]).toEqual(await slowly(session, prompt));
    },
  );

  it('ends at a stop token and is repeatable when sampled', async () => {
    const session = await open();
    const sampled = { ...settings, temperature: 1, topK: 8, topP: 0.9, stopTokenIds: [3, 7, 11] };
    const once = await collect(session.generate(prompts, sampled));
    expect(await collect(session.generate(prompts, sampled))).toEqual(once);
    for (const prompt of prompts.keys()) {
      const own = once.filter((t) => t.prompt === prompt);
      expect(own.filter((t) => t.finished)).toEqual([own.at(-1)]);
      const stopped = own.findIndex((t) => sampled.stopTokenIds.includes(t.tokenId));
      expect(own).toHaveLength(stopped < 0 ? settings.maxNewTokens : stopped + 1);
    }
  });
});

describe('what is only asked', () => {
  const method = {
    kind: 'lora',
    rank: 4,
    alpha: 8,
    dropout: 0,
    targetModules: 'all-linear',
    useRslora: false,
  } as const;
  const prefix = { kind: 'prefix', virtualTokens: 6, projection: false, encoderSize: 0 } as const;
  // keys and values, three layers, two heads of 4
  const values = randomArray([6, 2 * 3 * 8], 'prefix', 1);
  const openPrefix = async (changes: Partial<SessionPlan> = {}): Promise<TrainingSession> => {
    const session = await open({ method: prefix, ...changes });
    const [tensor] = await collect(session.trainedTensors());
    await session.restore({ trained: [{ ...tensor!, data: values }], step: 0 });
    return session;
  };

  it('DoRA whose lengths are those of the weights is LoRA, and twice the lengths are another model', async () => {
    const lora = await open({ method });
    await train(lora, together, 1, 5);
    const adapter = await collect(lora.trainedTensors());
    const lengths = await lengthsOf(weights, adapter, 2);
    const dora = await open({ method: { ...method, useDora: true } });
    await dora.restore({ trained: [...adapter, ...lengths], step: 0 });
    const expected = (await lora.evaluate(together())).rows.map(({ lossSum }) => lossSum);
    expectClose(
      (await dora.evaluate(together())).rows.map(({ lossSum }) => lossSum),
      expected,
      1e-5,
    );
    const doubled = lengths.map((tensor) => ({ ...tensor, data: tensor.data.map((length) => 2 * length) }));
    await dora.restore({ trained: [...adapter, ...doubled], step: 0 });
    const other = (await dora.evaluate(together())).lossSum;
    expect(Math.abs(other / expected.reduce((a, b) => a + b, 0) - 1)).toBeGreaterThan(0.01);
  });

  it('rows behind a prefix have the same losses packed and alone, and others than without it', async () => {
    const session = await openPrefix();
    const alone = (await session.evaluate(apart())).rows.map(({ lossSum }) => lossSum);
    expectClose(
      (await session.evaluate(together())).rows.map(({ lossSum }) => lossSum),
      alone,
      1e-5,
    );
    const without = (await (await open()).evaluate(apart())).rows.map(({ lossSum }) => lossSum);
    expect(without.every((loss, i) => Math.abs(loss / alone[i]! - 1) > 1e-3)).toBe(true);
  });

  it('a prefix takes up places of the context', async () => {
    const session = await openPrefix();
    expect(session.info.contextLength).toBe(64 - 6);
    const tokens = await collect(session.generate([new Int32Array(50).fill(3)], greedy(100)));
    expect(tokens).toHaveLength(8);
    await expect(collect(session.generate([new Int32Array(58)], greedy(1)))).rejects.toThrow(/context has 58/);
    const long = packed([{ sampleId: 'long', tokens: new Array<number>(59).fill(5), trainedFrom: 2 }]);
    await expect(session.evaluate([long])).rejects.toThrow(/more than 58 tokens/);
  });

  it.each<[string, SessionPlan['method']]>([
    ['DoRA', { ...method, useDora: true }],
    ['a prefix', prefix],
  ])('%s is not trained here, in words', async (_, wanted) => {
    const session = await open({ method: wanted });
    const step = session.step({ step: 1, sequences: together(), learningRate: 0.01 });
    await expect(step).rejects.toMatchObject({
      problems: [expect.objectContaining({ code: 'engine/not-trained-here' })],
    });
  });
});

/** Lengths of the rows of W + scale · B·A, element by element in double precision. */
async function lengthsOf(
  stored: readonly WeightEntry[],
  adapter: readonly NamedTensor[],
  scale: number,
): Promise<NamedTensor[]> {
  const byName = new Map(adapter.map((tensor) => [tensor.name, tensor]));
  const lengths: NamedTensor[] = [];
  for (const entry of stored) {
    const module = entry.name.replace(/\.weight$/, '');
    const [a, b] = ['A', 'B'].map((part) => byName.get(`${module}.lora_${part}.weight`));
    if (!a || !b) continue;
    const weight = await readTensor(entry);
    const [rows, width] = entry.shape;
    const rank = a.shape[0]!;
    const element = (o: number, i: number): number => {
      const ranks = Array.from({ length: rank }, (_, r) => b.data[o * rank + r]! * a.data[r * width! + i]!);
      return weight[o * width! + i]! + scale * ranks.reduce((sum, x) => sum + x, 0);
    };
    const data = Float32Array.from({ length: rows! }, (_, o) =>
      Math.hypot(...Array.from({ length: width! }, (_, i) => element(o, i))),
    );
    lengths.push({ name: `${module}.lora_magnitude_vector`, shape: [rows!], data });
  }
  return lengths;
}
