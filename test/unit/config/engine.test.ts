// Which engine runs a config, and what is said when it cannot.

import { expect, test } from 'vitest';
import { checkConfig } from '../../../src/config/check.ts';
import { effectiveConfig } from '../../../src/config/effective.ts';
import type { MachineFacts } from '../../../src/config/facts.ts';
import type { FinetuneConfig } from '../../../src/config/schema.generated.ts';

const config = (changes: Partial<FinetuneConfig> = {}): FinetuneConfig => ({
  version: 1,
  model: './m',
  data: { train: 'a.jsonl' },
  ...changes,
});
const cpu = { name: 'cpu', kind: 'cpu', usable: true } as const;
const machine: MachineFacts = { cores: 2, devices: [cpu] };
const card: MachineFacts = { cores: 2, devices: [{ name: 'cuda', kind: 'gpu', usable: true, bfloat16: true }, cpu] };
const decided = (changes: Partial<FinetuneConfig>, facts = machine) => {
  const { engine, device, training } = effectiveConfig(config(changes), { machine: facts }).config;
  return [engine, device, training.mixed_precision];
};
const codes = (changes: Partial<FinetuneConfig>, facts = machine) =>
  checkConfig(config(changes), { machine: facts }).map(({ code }) => code);

test('auto takes torch only for what only torch does', () => {
  expect(decided({})).toEqual(['embedded', 'cpu', 'no']);
  expect(decided({ engine: 'torch' })).toEqual(['torch', 'cpu', 'no']);
  expect(decided({ training: { mixed_precision: 'bf16' } })).toEqual(['torch', 'cpu', 'bf16']);
  expect(decided({ method: 'qlora' })).toEqual(['torch', 'cpu', 'no']);
  expect(decided({ method: 'prefix' })).toEqual(['torch', 'cpu', 'no']);
  // A block that the method does not read decides nothing.
  expect(decided({ method: 'full', lora: { use_dora: true } })).toEqual(['embedded', 'cpu', 'no']);
  expect(decided({ objective: 'dpo' })).toEqual(['torch', 'cpu', 'no']);
  expect(decided({ distributed: { processes: 2 } })).toEqual(['torch', 'cpu', 'no']);
  expect(decided({ lora: { use_dora: true } })).toEqual(['torch', 'cpu', 'no']);
  expect(decided({ engine: 'torch' }, card)).toEqual(['torch', 'cuda', 'bf16']);
  expect(decided({ engine: 'torch', training: { mixed_precision: 'no' } }, card)).toEqual(['torch', 'cuda', 'no']);
});

test('an environment that is missing is an error of the field that wants it', () => {
  const missing = { ...machine, torchMissing: 'Run `finetune setup torch`.' };
  expect(codes({}, missing)).toEqual([]);
  expect(codes({ engine: 'torch' }, missing)).toEqual(['config/torch-missing']);
  expect(codes({ training: { mixed_precision: 'bf16' } }, missing)).toEqual(['config/torch-missing']);
  expect(codes({ objective: 'reward' }, missing)).toEqual(['config/torch-missing']);
  expect(codes({ distributed: { processes: 2 } }, missing)).toEqual(['config/torch-missing']);
  expect(codes({ engine: 'embedded', training: { mixed_precision: 'bf16' } })).toEqual(['config/needs-torch']);
});

test('a device of the other engine is not usable', () => {
  expect(codes({ engine: 'torch', device: 'webgpu' })).toEqual(['config/device-unavailable']);
  expect(codes({ engine: 'embedded', device: 'mps' })).toEqual(['config/device-unavailable']);
});

test('processes share the cores, fit on the GPUs, and have rows to compute', () => {
  const threads = (changes: Partial<FinetuneConfig>, cores: number) =>
    effectiveConfig(config(changes), { machine: { cores, devices: [cpu] } }).config.threads;
  expect(threads({ distributed: { processes: 2 } }, 8)).toBe(4);
  expect(threads({ distributed: { processes: 4 } }, 2)).toBe(1);
  expect(threads({ distributed: { processes: 2 }, threads: 8 }, 8)).toBe(8);
  const two: MachineFacts = { cores: 8, devices: [{ name: 'cuda', kind: 'gpu', usable: true, count: 2 }, cpu] };
  expect(codes({ distributed: { processes: 2 } }, two)).toEqual([]);
  expect(codes({ distributed: { processes: 4 } }, two)).toEqual(['config/too-many-processes']);
  expect(codes({ distributed: { processes: 4 }, device: 'cpu' }, two)).toEqual([]);
  expect(codes({ distributed: { processes: 32 }, device: 'cpu' }, two)).toEqual(['config/idle-processes']);
});
