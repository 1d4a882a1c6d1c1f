// What a rank holds of a model in shards, counted by hand for a tiny model.

import { expect, test } from 'vitest';
import { gatheredBytes, keptShare } from '../../../src/trainer/shardMemory.ts';
import { tinyPlan } from '../../support/tinyModel.ts';

type Distributed = NonNullable<Parameters<typeof keptShare>[0]['distributed']>;
const distributed = (strategy: Distributed['strategy'], cpu_offload = false): Distributed => ({
  ...{ processes: 4, strategy, cpu_offload, max_restarts: 3 },
});

test('each GPU keeps its share, and nothing that is laid elsewhere; on the CPU all is counted', () => {
  expect(keptShare({ device: 'cuda' })).toBe(1);
  expect(keptShare({ device: 'cuda', distributed: distributed('ddp') })).toBe(1);
  expect(keptShare({ device: 'cuda', distributed: distributed('zero2') })).toBe(0.25);
  expect(keptShare({ device: 'cuda', distributed: distributed('fsdp', true) })).toBe(0);
  expect(keptShare({ device: 'cpu', distributed: distributed('fsdp') })).toBe(1);
});

test('gathered are two of three layers and the rest, or the whole model, and a layer on its way', () => {
  const outside = 32 * 16 + 7 * 16;
  const layer = 2 * 16 * 16 + 2 * 16 * 8 + 3 * 16 * 24;
  const [some, all] = [outside + 2 * layer, outside + 3 * layer];
  const bytes = (
    strategy: Distributed['strategy'],
    objective: 'sft' | 'dpo' | 'grpo' | 'ppo',
    method: 'lora' | 'full',
    mixed_precision: 'no' | 'bf16' = 'no',
  ): number => {
    const plan = tinyPlan([], method === 'full' ? { method: { kind: 'full' } } : {});
    const config = { distributed: distributed(strategy), objective, training: { mixed_precision } };
    return gatheredBytes(plan, { totalParameters: all }, config);
  };
  expect(bytes('ddp', 'grpo', 'full')).toBe(0);
  expect(bytes('fsdp', 'sft', 'lora')).toBe(4 * (some + layer));
  expect(bytes('fsdp', 'dpo', 'full')).toBe(4 * (some + layer + some + layer));
  expect(bytes('zero2', 'sft', 'lora')).toBe(4 * (all + layer));
  expect(bytes('fsdp', 'grpo', 'lora')).toBe(4 * (all + layer));
  expect(bytes('fsdp', 'ppo', 'full')).toBe(4 * (all + layer + some + layer));
  expect(bytes('fsdp', 'ppo', 'lora', 'bf16')).toBe(2 * (all + layer));
});
