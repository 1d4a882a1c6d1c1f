// Memory of the torch engine's steps: within the measured error of peaks that its worker had (docs/torch.md).

import { expect, test } from 'vitest';
import type { SessionPlan, TrainingMethod } from '../../../src/engine/session.ts';
import type { ObjectivePlan } from '../../../src/torch/session/objective.ts';
import { torchStepBytes } from '../../../src/trainer/torchMemory.ts';
import { tinyPlan } from '../../support/tinyModel.ts';

const smolLm2 = {
  model_type: 'llama',
  hidden_size: 576,
  intermediate_size: 1536,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  num_hidden_layers: 30,
  vocab_size: 49152,
  rms_norm_eps: 1e-5,
  rope_theta: 100000,
  max_position_embeddings: 8192,
  tie_word_embeddings: true,
};
const lora: TrainingMethod = {
  ...{ kind: 'lora', rank: 16, alpha: 32, dropout: 0.05, targetModules: 'all-linear', useRslora: false },
};

const stepBytes = (
  changes: Partial<SessionPlan>,
  tokens: number,
  trainedTokens: number,
  objective: ObjectivePlan['kind'] = 'sft',
): number => {
  const size = { tokens, trainedTokens, rows: 1, longestRow: tokens };
  return torchStepBytes(tinyPlan([], { modelConfig: smolLm2, method: lora, ...changes }), size, objective);
};

// Peak of the worker after three sequences, less what it had before and the gradients.
test('three passes over 128 tokens with LoRA', () => {
  const measured = 625e6;
  expect(stepBytes({}, 128, 64) / measured).toBeGreaterThan(0.85);
  expect(stepBytes({}, 128, 64) / measured).toBeLessThan(1.3);
});

test('what decides is what each method keeps', () => {
  const dropped = stepBytes({}, 384, 64);
  expect(stepBytes({ method: { ...lora, dropout: 0 } }, 384, 64)).toBeLessThan(0.8 * dropped);
  expect(stepBytes({ method: { ...lora, targetModules: ['q_proj', 'v_proj'] } }, 384, 64)).toBeLessThan(0.7 * dropped);
  expect(stepBytes({ gradientCheckpointing: true }, 384, 64)).toBeLessThan(0.5 * dropped);
  // Logits are computed at trained places alone: 2.6 copies of 49,152 numbers for each, and of 16 MiB of them at a time.
  expect(stepBytes({}, 384, 80) - dropped).toBeCloseTo(16 * 2.6 * 4 * 49152, -3);
  expect(stepBytes({}, 384, 320) - dropped).toBeCloseTo(2.6 * (2 ** 24 - 64 * 4 * 49152), -3);
  expect(stepBytes({}, 384, 384)).toBe(stepBytes({}, 384, 350));
  expect(stepBytes({}, 384, 384, 'grpo')).toBe(stepBytes({}, 384, 384));
  expect(stepBytes({}, 384, 384) - stepBytes({}, 384, 384, 'reward')).toBeCloseTo(2.6 * 2 ** 24, -3);
  // With few tokens the update of the embedding needs more than the passes.
  const full = { method: { kind: 'full' } } as const;
  expect(stepBytes(full, 4, 2)).toBe(3 * 4 * 49152 * 576);
  expect(stepBytes(full, 512, 64)).toBeGreaterThan(stepBytes(full, 4, 2));
  // A head that is trained has larger pieces: it computes their logits once more.
  expect(stepBytes(full, 512, 512) - stepBytes(full, 512, 64)).toBeCloseTo(2.6 * (2 ** 26 - 64 * 4 * 49152), -3);
});
