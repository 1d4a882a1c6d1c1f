// A whole LoRA step of tiny models by TensorFlow.js and by ONNX Runtime: losses and gradients agree (quality bar 5: 1e-5).

import { beforeAll, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import type { ModelConfig } from '../../../src/engine/architectures/configFields.ts';
import { architectureOf } from '../../../src/engine/architectures/registry.ts';
import { modelWeights } from '../../../src/engine/architectures/weights.ts';
import { onnxExecutor } from '../../../src/engine/executors/onnx/executor.ts';
import { tensorflowExecutor } from '../../../src/engine/executors/tensorflow/executor.ts';
import { dropoutFeeds, sequenceFeeds } from '../../../src/engine/model/feeds.ts';
import { createLocalSession } from '../../../src/engine/training/localSession.ts';
import type { SessionPlan } from '../../../src/engine/session.ts';
import { stepGraph } from '../../../src/engine/training/graph.ts';
import type { WeightDtype } from '../../../src/models/types.ts';
import { collect } from '../../support/collect.ts';
import { relativeDifference } from '../../support/compare.ts';
import { randomArray } from '../../support/random.ts';
import { randomWeights } from '../../support/randomWeights.ts';
import { greedy, packed, tinyConfig, tinyPlan, tinyRows, tinyWeights } from '../../support/tinyModel.ts';

beforeAll(async () => {
  tf.env().set('IS_TEST', true); // no advice on stderr to install the native package
  await tf.setBackend('cpu');
});

const sizes = { ...tinyConfig, num_hidden_layers: 2 };
const gemma3 = { ...sizes, model_type: 'gemma3_text', head_dim: 8, sliding_window: 3, sliding_window_pattern: 2 };
const gpt2 = { model_type: 'gpt2', n_embd: 16, n_head: 4, n_layer: 2, n_positions: 64, vocab_size: 32 };
const phi3 = { ...sizes, model_type: 'phi3', partial_rotary_factor: 0.5 };

it.each<{ name: string; config: ModelConfig; dtype: WeightDtype; dropout: number; checkpointing: boolean }>([
  { name: 'llama', config: tinyConfig, dtype: 'F32', dropout: 0, checkpointing: false },
  { name: 'llama, bf16, dropout', config: tinyConfig, dtype: 'BF16', dropout: 0.3, checkpointing: false },
  { name: 'llama, f16, recomputed', config: tinyConfig, dtype: 'F16', dropout: 0, checkpointing: true },
  { name: 'phi3', config: phi3, dtype: 'F32', dropout: 0, checkpointing: false },
  { name: 'gemma3', config: gemma3, dtype: 'F32', dropout: 0, checkpointing: true },
  { name: 'gpt2', config: gpt2, dtype: 'F32', dropout: 0, checkpointing: false },
])('a LoRA step of $name', async ({ config, dtype, dropout, checkpointing }) => {
  const architecture = architectureOf(config);
  const weights = modelWeights(architecture, await randomWeights(config, dtype));
  const method = { kind: 'lora', rank: 4, alpha: 8, dropout, targetModules: 'all-linear', useRslora: false } as const;
  const { model, outputs } = stepGraph({ architecture, weights, method }, checkpointing);
  const sequence = packed(tinyRows(4));
  const { dims, feeds } = sequenceFeeds(model, sequence);
  feeds.set('lossTargets', sequence.lossTargets);
  feeds.set('lossWeights', randomArray([sequence.lossPositions.length], 'lossWeights'));
  // Small adapters: large ones make the tiny model so steep that float32 itself is off by more than 1e-5.
  for (const { name, shape } of model.parameters) feeds.set(name, randomArray(shape, name, 0.05));
  const key = { seed: 1, step: 1, sequence: 0 };
  for (const [name, mask] of dropoutFeeds(model, sequence.tokens.length, dropout, key)) feeds.set(name, mask);

  const before = tf.memory().numTensors;
  const [onnx, tensorflow] = await Promise.all(
    [onnxExecutor({ provider: 'cpu', threads: 1 }), tensorflowExecutor(tf)].map(async (executor) => {
      const executable = await executor.compile({ graph: model.graph, outputs, weights });
      const results = await executable.run({ dims, feeds });
      await executable.dispose();
      return results;
    }),
  );
  const apart = [...outputs.keys()].map((name) =>
    relativeDifference(onnx!.get(name)!.data, tensorflow!.get(name)!.data),
  );
  expect(Math.max(...apart)).toBeLessThan(1e-5);
  expect(tf.memory().numTensors).toBe(before);
});

it('trains and generates as ONNX Runtime does', async () => {
  const plan = tinyPlan(await tinyWeights());
  const run = async (executor: Parameters<typeof createLocalSession>[1]) => {
    const session = await createLocalSession(plan, executor);
    const numbers: number[] = [];
    for (let step = 1; step <= 3; step++) {
      const { loss, gradNorm } = await session.step({ step, sequences: [packed(tinyRows(3))], learningRate: 0.01 });
      numbers.push(loss, gradNorm);
    }
    const settings = greedy(8);
    const tokens: number[] = [];
    for await (const token of session.generate([Int32Array.of(3, 4, 5), Int32Array.of(6)], settings)) {
      tokens.push(token.tokenId);
    }
    await session.close();
    return { numbers, tokens };
  };
  const before = tf.memory().numTensors;
  const tensorflow = await run(tensorflowExecutor(tf));
  const onnx = await run(onnxExecutor({ provider: 'cpu', threads: 1 }));
  expect(relativeDifference(onnx.numbers, tensorflow.numbers)).toBeLessThan(1e-5);
  expect(tensorflow.tokens).toEqual(onnx.tokens);
  expect(tf.memory().numTensors).toBe(before);
});

it.each<[string, SessionPlan['method']]>([
  [
    'DoRA',
    { kind: 'lora', rank: 2, alpha: 4, dropout: 0, targetModules: 'all-linear', useRslora: false, useDora: true },
  ],
  ['a prefix', { kind: 'prefix', virtualTokens: 4, projection: false, encoderSize: 0 }],
])('answers with %s as ONNX Runtime does', async (_, method) => {
  const plan = { ...tinyPlan(await randomWeights(gpt2)), modelConfig: gpt2, method };
  const run = async (executor: Parameters<typeof createLocalSession>[1]) => {
    const session = await createLocalSession(plan, executor);
    const shapes = await collect(session.trainedTensors());
    const trained = shapes.map(({ name, shape }) => ({ name, shape, data: randomArray(shape, name, 0.5) }));
    await session.restore({ trained, step: 0 });
    const { rows } = await session.evaluate([packed(tinyRows(3))]);
    const tokens = await collect(session.generate([Int32Array.of(3, 4, 5), Int32Array.of(6)], greedy(8)));
    await session.close();
    return { losses: rows.map(({ lossSum }) => lossSum), tokens: tokens.map(({ tokenId }) => tokenId) };
  };
  const tensorflow = await run(tensorflowExecutor(tf));
  const onnx = await run(onnxExecutor({ provider: 'cpu', threads: 1 }));
  expect(relativeDifference(onnx.losses, tensorflow.losses)).toBeLessThan(1e-5);
  expect(tensorflow.tokens).toEqual(onnx.tokens);
});
