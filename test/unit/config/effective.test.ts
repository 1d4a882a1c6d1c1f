// The effective config: nothing open, each value with its source, and itself a config that means the same.
import { describe, expect, test } from 'vitest';
import { effectiveConfig, type EffectiveFacts } from '../../../src/config/effective.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { allFields } from '../../../src/config/schema.ts';

const gpu = { name: 'webgpu', kind: 'gpu', usable: true, detail: 'Radeon 780M' } as const;
const cpu = { name: 'cpu', kind: 'cpu', usable: true } as const;
const facts: EffectiveFacts = { machine: { cores: 8, devices: [gpu, cpu] } };

function decide(rest: string, given: EffectiveFacts = facts, overrides: string[] = [], data = '{train: a.jsonl}') {
  const parsed = parseConfig(`version: 1\nmodel: a/b\ndata: ${data}\n${rest}\n`, 'x', { overrides });
  expect(parsed.problems).toEqual([]);
  const { config, decisions } = effectiveConfig(parsed.config!, given, parsed.positions);
  const decision = (path: string) => decisions.find((one) => one.path === path);
  return { config, decisions, decision };
}

test('the smallest config becomes a whole one', () => {
  expect(decide('').config).toEqual({
    version: 1,
    model: 'a/b',
    engine: 'embedded',
    device: 'webgpu',
    threads: 8,
    method: 'lora',
    objective: 'sft',
    seed: 42,
    data: {
      train: [{ path: 'a.jsonl', weight: 1, format: 'auto' }],
      validation: 0.05,
      format: 'auto',
      template: 'chat',
      train_on: 'assistant',
      max_length: 1024,
      overflow: 'truncate',
      packing: true,
      order: 'random',
    },
    lora: { rank: 16, alpha: 32, dropout: 0.05, target_modules: 'all-linear', use_rslora: false, use_dora: false },
    training: {
      epochs: 3,
      batch_size: 4,
      gradient_accumulation_steps: 1,
      learning_rate: 2e-4,
      lr_scheduler: 'cosine',
      min_lr_ratio: 0.1,
      decay_ratio: 0.2,
      warmup_ratio: 0.03,
      weight_decay: 0.01,
      lora_lr_ratio: 1,
      lora_plus_ratio: 1,
      optimizer: 'adamw',
      adam_beta1: 0.9,
      adam_beta2: 0.999,
      adam_epsilon: 1e-8,
      max_grad_norm: 1,
      mixed_precision: 'no',
      gradient_checkpointing: false,
    },
    evaluation: { every: 50, at_start: true, prompts: [], max_new_tokens: 64 },
    checkpoints: { every: 200, keep: 3, best_by: 'eval_loss' },
  });
});

test('every field of the schema with a default is in it', () => {
  // No objective or method has the blocks of another.
  const rest = 'early_stopping: {}\nmethod: qlora\ndistributed: {processes: 2, slurm: {}}';
  const all = [
    ...['dpo', 'grpo', 'ppo'].map((name) => decide(`${rest}\nobjective: ${name}`)),
    decide('method: prefix'),
  ];
  const paths = new Set(all.flatMap(({ decisions }) => decisions.map(({ path }) => path.replace('[0]', '[]'))));
  const withDefault = allFields().filter((field) => 'default' in field.schema);
  expect(withDefault.length).toBeGreaterThan(35);
  for (const { path } of withDefault) expect(paths, path).toContain(path);
});

test.each([
  ['lora', 'lora: {init_from: ./x, target_modules: [q]}\nearly_stopping: {patience: 1}\nname: n\noutput: o'],
  ['prefix', 'method: prefix\nprefix: {prefix_projection: true}'],
  ['full', 'method: full\ntraining: {max_steps: 5, warmup_steps: 2, gradient_checkpointing: true}'],
])('is a valid config (%s) that decides to itself', (_, rest) => {
  const first = decide(rest).config;
  const parsed = parseConfig(JSON.stringify(first), 'x');
  expect(parsed.problems).toEqual([]);
  expect(effectiveConfig(parsed.config!, facts).config).toEqual(first);
});

test('what is set is kept, and rivals are not filled in', () => {
  const { config } = decide('training: {max_steps: 5, warmup_steps: 2, learning_rate: 1e-5}\nmethod: full\nthreads: 3');
  expect(config.training).toMatchObject({ max_steps: 5, warmup_steps: 2, learning_rate: 1e-5 });
  expect(config.training).not.toHaveProperty('epochs');
  expect(config.training).not.toHaveProperty('warmup_ratio');
  expect(config).not.toHaveProperty('lora');
  expect(config.threads).toBe(3);
});

test('a prefix takes its part of the context, packs nothing, keeps all activations, and learns at larger rates', () => {
  const tight = {
    model: { contextLength: 100, linearModules: [], parameters: 1 },
    memory: { neededBytes: 2, freeBytes: 1 },
  };
  const { config, decision } = decide('method: prefix', { ...facts, ...tight });
  expect(config.data).toMatchObject({ packing: false, max_length: 80 });
  expect(config.training).toMatchObject({ gradient_checkpointing: false, learning_rate: 0.01 });
  expect(config.prefix).toEqual({ num_virtual_tokens: 20, prefix_projection: false });
  expect(config).not.toHaveProperty('lora');
  for (const path of ['data.packing', 'data.max_length', 'training.gradient_checkpointing', 'training.learning_rate'])
    expect(decision(path)?.reason, path).toBeTruthy();
  const projected = decide('method: prefix\nobjective: dpo\nprefix: {prefix_projection: true}');
  expect(projected.config.training.learning_rate).toBe(1e-4);
});

describe('sources', () => {
  test('file, override, default and auto are told apart', () => {
    const { decision } = decide('seed: 1\nlora: {rank: 8}', facts, [
      'training.learning_rate=1e-4',
      'data.packing=false',
    ]);
    expect(decision('seed')).toEqual({ path: 'seed', value: 1, source: 'file' });
    expect(decision('training.learning_rate')).toEqual({
      path: 'training.learning_rate',
      value: 1e-4,
      source: 'override',
    });
    expect(decision('data.packing')?.source).toBe('override');
    expect(decision('data.overflow')).toEqual({ path: 'data.overflow', value: 'truncate', source: 'default' });
    expect(decision('lora.alpha')).toEqual({ path: 'lora.alpha', value: 16, source: 'auto', reason: '2 · rank (8)' });
    expect(decision('data.train[0].path')?.source).toBe('file');
    expect(decision('data.train[0].weight')?.source).toBe('default');
  });

  test('every automatic value has its reason, and only those', () => {
    for (const { source, reason, path } of decide('').decisions)
      expect(reason !== undefined, path).toBe(source === 'auto');
  });
});

describe('what auto becomes', () => {
  test.each([
    ['device: auto', [gpu, cpu], 'webgpu', 'the best usable device (Radeon 780M)'],
    ['device: auto', [cpu], 'cpu', 'no GPU was found'],
    [
      'device: auto',
      [{ ...gpu, usable: false, detail: 'no adapter' }, cpu],
      'cpu',
      'no GPU is usable (webgpu: no adapter)',
    ],
    ['device: auto', [], 'cpu', 'no GPU was found'],
    ['device: gpu', [cpu, gpu], 'webgpu', 'the best usable GPU (Radeon 780M)'],
    ['device: cpu', [gpu, cpu], 'cpu', undefined],
    ['device: cuda', [gpu, cpu], 'cuda', undefined],
  ])('%s with %j is %s', (rest, devices, expected, reason) => {
    const { config, decision } = decide(rest, { machine: { cores: 1, devices } });
    expect(config.device).toBe(expected);
    expect(decision('device')?.reason).toBe(reason);
  });

  const GiB = 2 ** 30;
  test.each([
    [undefined, false, 'off, since the memory of a step was not estimated'],
    [
      { neededBytes: 9 * GiB, freeBytes: 10 * GiB },
      false,
      'a step needs 9.0 GiB without it, not more than 90 % of the 10.0 GiB that are free',
    ],
    [
      { neededBytes: 9.5 * GiB, freeBytes: 10 * GiB },
      true,
      'a step needs 9.5 GiB without it, more than 90 % of the 10.0 GiB that are free',
    ],
  ])('gradient_checkpointing with %j', (memory, expected, reason) => {
    const { config, decision } = decide('', { ...facts, ...(memory ? { memory } : {}) });
    expect(config.training.gradient_checkpointing).toBe(expected);
    expect(decision('training.gradient_checkpointing')).toMatchObject({ source: 'auto', reason });
  });

  test('learning_rate for method full', () => {
    const { config, decision } = decide('method: full');
    expect(config.training.learning_rate).toBe(2e-5);
    expect(decision('training.learning_rate')?.reason).toBe("method full wants about a tenth of lora's 2e-4");
  });

  test('max_length in a short context', () => {
    const model = { contextLength: 512, linearModules: [], parameters: 1 };
    expect(decide('', { ...facts, model }).config.data.max_length).toBe(512);
    expect(decide('', { ...facts, model: { ...model, contextLength: 8192 } }).config.data.max_length).toBe(1024);
    expect(decide('', { ...facts, model }, ['data.max_length=600']).config.data.max_length).toBe(600);
  });

  test('best_by without validation rows', () => {
    expect(decide('', { ...facts, rows: { train: 10, validation: 0 } }).config.checkpoints.best_by).toBe('none');
    expect(decide('', facts, ['data.validation=0']).config.checkpoints.best_by).toBe('none');
    expect(decide('', { ...facts, rows: { train: 10, validation: 1 } }).config.checkpoints.best_by).toBe('eval_loss');
  });

  test('an adapter to start from gives its shape', () => {
    const adapter = { rank: 4, alpha: 4, targetModules: ['q_proj'], useRslora: true, useDora: false };
    const { config, decision } = decide('lora: {init_from: ./x}', { ...facts, adapter });
    expect(config.lora).toEqual({
      rank: 4,
      alpha: 4,
      dropout: 0.05,
      target_modules: ['q_proj'],
      use_rslora: true,
      use_dora: false,
      init_from: './x',
    });
    expect(decision('lora.rank')).toMatchObject({ source: 'auto', reason: 'as in the adapter of lora.init_from' });
    expect(decide('', { ...facts, adapter }).config.lora?.rank).toBe(16);
  });

  test('format and columns of training files', () => {
    const data =
      '{train: [{path: a}, {path: b, format: text}, {path: c, weight: 2, columns: {prompt: q}}], columns: {messages: m}, validation: v.jsonl}';
    const { config, decision } = decide(
      '',
      { ...facts, formats: { a: 'messages', 'v.jsonl': 'instruction' } },
      [],
      data,
    );
    expect(config.data.train).toEqual([
      { path: 'a', weight: 1, format: 'messages', columns: { messages: 'm' } },
      { path: 'b', weight: 1, format: 'text', columns: { messages: 'm' } },
      { path: 'c', weight: 2, format: 'auto', columns: { prompt: 'q' } },
    ]);
    expect(config.data.format).toBe('instruction');
    expect(decision('data.train[0].format')).toMatchObject({ source: 'auto', reason: 'what the rows look like' });
    expect(decision('data.train[1].format')?.source).toBe('file');
    expect(decision('data.train[1].columns.messages')).toMatchObject({
      source: 'auto',
      reason: 'as data.columns says',
    });
    expect(decision('data.train[2].columns.prompt')?.source).toBe('file');
    expect(decision('data.train[2].format')?.reason).toBe('decided when the rows are read');
  });
});

test('an objective that compares has no dropout and, for DPO, a tenth of the learning rate, unless asked for', () => {
  const dpo = decide('objective: dpo');
  expect(dpo.config).toMatchObject({
    engine: 'torch',
    dpo: { loss_type: 'sigmoid', beta: 0.1, label_smoothing: 0 },
    lora: { dropout: 0 },
    training: { learning_rate: 2e-5 },
  });
  expect(dpo.decision('lora.dropout')).toMatchObject({
    source: 'auto',
    reason: expect.stringContaining('dpo') as string,
  });
  expect(dpo.decision('training.learning_rate')).toMatchObject({ source: 'auto' });
  expect(decide('objective: dpo\nmethod: full').config.training.learning_rate).toBe(2e-6);
  const reward = decide('objective: reward').config;
  expect([reward.lora?.dropout, reward.training.learning_rate, reward.dpo]).toEqual([0, 2e-4, undefined]);
  const given = decide(
    'objective: dpo\nlora: {dropout: 0.1}\ntraining: {learning_rate: 1e-4}\ndpo: {beta: 0.5}',
  ).config;
  expect([given.lora?.dropout, given.training.learning_rate, given.dpo?.beta]).toEqual([0.1, 1e-4, 0.5]);
});
