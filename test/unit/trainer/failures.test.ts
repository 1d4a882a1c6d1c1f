// Errors in a person's words: causes, evidence, and remedies with what they save.
import { describe, expect, test } from 'vitest';
import type { EventDraft } from '../../../src/protocol/events.ts';
import { problem, ProblemError } from '../../../src/protocol/problem.ts';
import { initialRunState, reduceRun } from '../../../src/protocol/runState.ts';
import {
  brokenWeights,
  explainFailure,
  nonFiniteLoss,
  type FailureContext,
  type MemorySettings,
} from '../../../src/trainer/failures.ts';
import { numbered, started } from '../../support/runEvents.ts';

const evaluatedAt = (step: number, loss: number): EventDraft => ({
  ...{ type: 'evaluated', step, loss, rows: 8, trained_tokens: 400, seconds: 1, best: false },
  worst_rows: [],
});
const checkpointAt = (step: number): EventDraft => ({
  ...{ type: 'checkpoint', step, seconds: 1, reason: 'scheduled' },
  ...{ path: `checkpoints/step-${step}`, bytes: 1, removed: [] },
});

const config = {
  batchSize: 4,
  accumulation: 2,
  maxLength: 1024,
  gradientCheckpointing: false,
  rank: 16,
  learningRate: 2e-4,
  trainOn: 'assistant',
  warmupRatio: 0.03,
  maxGradNorm: 1,
};

/** Memory that grows with each setting by a known amount. */
const estimateMemory = (s: MemorySettings): number =>
  s.batchSize * s.maxLength * (s.gradientCheckpointing ? 10 : 40) + (s.rank ?? 0) * 100;

const context: FailureContext = { runFolder: '/runs/a', step: 7, config, estimateMemory };

function systemError(code: string, text = code): Error {
  return Object.assign(new Error(`${code}: ${text}, open '/disk/x'`), { code, path: '/disk/x' });
}

describe('out of memory', () => {
  const messages = [
    'std::bad_alloc',
    'Non-zero status code returned while running Gemm node. Failed to allocate memory for requested buffer of size 1073741824',
    'Array buffer allocation failed',
    'Worker terminated due to reaching memory limit: JS heap out of memory',
  ];
  test.each(messages)('is known by "%s"', (message) => {
    expect(explainFailure(new Error(message), context).cause.code).toBe('training/out-of-memory');
  });

  test('the three settings that save most come first, each with its saving', () => {
    const { remedies } = explainFailure(new Error('bad_alloc'), context);
    expect(remedies.map(({ set, saves }) => [set, saves?.memory_bytes])).toEqual([
      [{ 'training.gradient_checkpointing': true }, 4 * 1024 * 30],
      [{ 'training.batch_size': 2, 'training.gradient_accumulation_steps': 4 }, 2 * 1024 * 40],
      [{ 'data.max_length': 512 }, 4 * 512 * 40],
    ]);
  });

  test('a smaller batch makes the same steps also where it cannot be halved', () => {
    const odd = { ...context, config: { ...config, batchSize: 9, accumulation: 1 } };
    const { remedies } = explainFailure(new Error('bad_alloc'), odd);
    expect(remedies.map(({ set }) => set)).toContainEqual({
      ...{ 'training.batch_size': 3, 'training.gradient_accumulation_steps': 3 },
    });
  });

  test('settings that are at their end already are not proposed', () => {
    const smallest = { ...config, batchSize: 1, maxLength: 128, gradientCheckpointing: true };
    const { remedies } = explainFailure(new Error('bad_alloc'), { ...context, config: smallest });
    expect(remedies.map(({ set }) => set)).toEqual([{ 'lora.rank': 8 }]);
  });

  test('before anything is known there is still advice', () => {
    expect(explainFailure(new Error('bad_alloc'), { runFolder: '/r' }).remedies).toHaveLength(1);
  });
});

test('a full disk names the place and says that checkpoints are safe', () => {
  for (const error of [
    systemError('ENOSPC'),
    systemError('EDQUOT'),
    problem('models/disk-full', 'The disk is full.', { file: '/disk/x' }),
  ]) {
    const failure = explainFailure(error, context);
    expect(failure.cause).toMatchObject({ code: 'training/disk-full', place: { file: '/disk/x' } });
    expect(failure.evidence.join(' ')).toContain('half-written');
  }
});

test.each(['EACCES', 'EROFS', 'ENOTDIR', 'EPERM'])('%s: the folder that cannot be written is named', (code) => {
  const failure = explainFailure(systemError(code), context);
  expect(failure.cause).toMatchObject({ code: 'training/unwritable', message: '/disk/x cannot be written.' });
});

describe('a loss that is not finite', () => {
  const row = (sampleId: string, lossSum: number) => ({ sampleId, lossSum, trainedTokens: 2 });
  const result = {
    loss: Number.NaN,
    gradNorm: Number.NaN,
    learningRate: 1e-4,
    tokens: 9,
    trainedTokens: 4,
    rows: [row('a:1', 3), row('a:2', Number.NaN)],
  };

  test('names the step and the rows to blame, and lowers the learning rate', () => {
    const failure = explainFailure(nonFiniteLoss(12, result, 1e-4), context);
    expect(failure.cause.message).toBe('Training diverged: Step 12: the loss is NaN.');
    expect(failure.evidence).toContain('Rows of this step: a:2');
    expect(failure.remedies[0]?.set).toEqual({ 'training.learning_rate': 5e-5 });
  });

  test('proposes only what changes something', () => {
    const names = (given: { warmupRatio?: number | undefined; maxGradNorm?: number }): string[] => {
      const failure = explainFailure(nonFiniteLoss(12, result, 1e-4), { ...context, config: { ...config, ...given } });
      return failure.remedies.flatMap(({ set }) => Object.keys(set ?? {}));
    };
    const rate = 'training.learning_rate';
    expect(names({})).toEqual([rate, 'training.warmup_ratio', 'training.max_grad_norm']);
    expect(names({ maxGradNorm: 0 })).toEqual([rate, 'training.warmup_ratio', 'training.max_grad_norm']);
    // warmup_steps and warmup_ratio exclude each other.
    expect(names({ warmupRatio: undefined, maxGradNorm: 0.3 })).toEqual([rate]);
    expect(names({ warmupRatio: 0.1, maxGradNorm: 0.2 })).toEqual([rate]);
  });

  test('weights that an evaluation found broken are told, with the checkpoint from before', () => {
    const state = numbered([
      started,
      evaluatedAt(4, 2.5),
      checkpointAt(4),
      evaluatedAt(8, Number.NaN),
      checkpointAt(8),
      evaluatedAt(12, Number.NaN),
      checkpointAt(12),
    ]).reduce(reduceRun, initialRunState);
    const broken = brokenWeights(state);
    expect(broken).toEqual({ evaluatedAt: 8, checkpointBefore: 4 });
    const failure = explainFailure(nonFiniteLoss(13, result, 1e-4), { ...context, broken: broken! });
    expect(failure.evidence.at(-1)).toMatch(/^The evaluation after step 8 was not a number either/);
    expect(failure.remedies.map(({ text }) => text).join()).toContain('goes on from the checkpoint of step 4');
    const healthy = numbered([started, evaluatedAt(4, Number.NaN), evaluatedAt(8, 2)]).reduce(
      reduceRun,
      initialRunState,
    );
    expect(brokenWeights(healthy)).toBeUndefined();
    expect(brokenWeights(initialRunState)).toBeUndefined();
  });

  test('names all rows of the step when only the gradient broke', () => {
    const error = nonFiniteLoss(
      3,
      { ...result, loss: 2, gradNorm: Infinity, rows: [row('a:1', 3), row('a:2', 4)] },
      1e-4,
    );
    const failure = explainFailure(error, context);
    expect(failure.cause.message).toContain('gradient norm is Infinity');
    expect(failure.evidence).toContain('Rows of this step: a:1, a:2');
  });
});

test('a known problem keeps its words, place and details, with advice that only the trainer has', () => {
  const error = problem('data/nothing-trained', 'No token would be trained.', { file: 'a.jsonl', line: 3 }, [
    'All 4 rows.',
  ]);
  const failure = explainFailure(error, context);
  expect(failure).toMatchObject({
    cause: {
      code: 'data/nothing-trained',
      message: 'No token would be trained.',
      place: { file: 'a.jsonl', line: 3 },
      details: ['All 4 rows.'],
    },
    evidence: [],
    remedies: [{ set: { 'data.train_on': 'all' } }, { set: { 'data.max_length': 2048 } }],
  });
});

test('further problems are evidence, each with its place', () => {
  const row = {
    code: 'data/wrong-type',
    severity: 'error',
    message: 'A list.',
    place: { file: 'a.jsonl', line: 3, column: 8 },
  } as const;
  const { cause, evidence } = explainFailure(
    new ProblemError([{ ...row, place: { file: 'a.jsonl', line: 1 } }, row]),
    context,
  );
  expect([cause.place?.line, evidence]).toEqual([1, ['a.jsonl:3:8: A list.']]);
});

test('what nobody foresaw is told in one line, without a trace', () => {
  const failure = explainFailure(new TypeError('x is not a function\n    at y.ts:1'), context);
  expect(failure.cause.message).toBe('The run ended with an unexpected error: x is not a function');
  expect(JSON.stringify(failure)).not.toContain('at y.ts');
  expect(explainFailure('a string', context).cause.message).toContain('a string');
});
