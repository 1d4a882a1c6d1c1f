// A trainer process around the arithmetic session: everything is real but the model. Bundled by the tests that start it.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { planOrder } from '../../src/data/order.ts';
import { writeSafetensors } from '../../src/models/safetensors.ts';
import { problem } from '../../src/protocol/problem.ts';
import type { PrepareRun } from '../../src/trainer/preparedRun.ts';
import { trainerProcess } from '../../src/trainer/trainerProcess.ts';
import { createArithmeticSession } from './arithmeticSession.ts';
import { adapterLayout, countingRows, vocabulary } from './trainingSetup.ts';

/** What a test writes as its config. */
export interface ArithmeticConfig {
  readonly steps: number;
  readonly stepMilliseconds?: number;
  readonly seed?: number;
  readonly checkpointEvery?: number;
  readonly output?: string;
  /** Throws this in the given step. */
  readonly failAt?: { readonly step: number; readonly message: string };
  /** Throws this while preparing. */
  readonly badConfig?: string;
  readonly nanAt?: number;
}

const prepare: PrepareRun = async ({ runFolder, manifest }) => {
  const text = await readFile(path.join(runFolder, 'config.json'), 'utf8');
  const config = JSON.parse(text) as ArithmeticConfig;
  if (config.badConfig !== undefined) throw problem('config/test', config.badConfig, { file: manifest.config_file });
  const session = createArithmeticSession({
    vocabulary,
    seed: config.seed ?? 1,
    stepMilliseconds: config.stepMilliseconds ?? 0,
    onStep(step) {
      if (config.failAt?.step === step) throw new Error(config.failAt.message);
      return step === config.nanAt ? Number.NaN : undefined;
    },
  });
  const train = countingRows(19);
  const validation = countingRows(5, 'validation.jsonl');
  const order = planOrder({ rows: train.length, rowsPerStep: 4, order: 'random', seed: 42 });
  const hash = '0'.repeat(64);
  return {
    config: { ...config },
    decisions: [],
    plan: {
      total_steps: config.steps,
      epochs: config.steps / order.stepsPerEpoch,
      steps_per_epoch: order.stepsPerEpoch,
      rows_per_step: 4,
      train_rows: train.length,
      validation_rows: validation.length,
      train_tokens: train.totals.tokens,
      trained_tokens: train.totals.trainedTokens,
      learning_rate: 0.1,
    },
    model: { architecture: 'bigram', total_parameters: 64, trainable_parameters: 64, context_length: 64 },
    device: 'cpu',
    threads: 1,
    estimates: {},
    hashes: {
      config: hash,
      model_config: hash,
      weights: hash,
      tokenizer: hash,
      template: hash,
      data: hash,
      mask: hash,
    },
    versions: {},
    session,
    train,
    validation,
    order,
    schedule: {
      kind: 'cosine',
      learningRate: 0.1,
      totalSteps: config.steps,
      warmupSteps: 2,
      minLrRatio: 0,
      decaySteps: 0,
    },
    settings: {
      totalSteps: config.steps,
      capacity: 16,
      evaluateEvery: 7,
      isLikelihood: true,
      evaluateAtStart: true,
      checkpointEvery: config.checkpointEvery ?? 3,
      keepBest: true,
      earlyStopping: undefined,
    },
    watch: {
      prompts: [{ text: '01', tokens: Int32Array.of(0, 1) }],
      settings: {
        maxNewTokens: 4,
        temperature: 0,
        topK: 0,
        topP: 1,
        repetitionPenalty: 1,
        stopTokenIds: [],
        seed: 0,
      },
      decode: (tokens) => tokens.join(''),
    },
    checkpoints: { keep: 2, keepBest: true },
    maxRestarts: 0,
    layout: adapterLayout,
    result: {
      kind: 'adapter',
      write: (folder) =>
        writeSafetensors(path.join(folder, adapterLayout.trainedFile), session.trainedTensors(), {
          metadata: { format: 'pt' },
        }),
    },
    output: config.output,
    warnings: [],
    advice: {},
    close: () => undefined,
  };
};

await trainerProcess(process.argv.slice(2), prepare);
