// What may change when a run goes on, and that a config with other values of it decides the same steps.
import { expect, test } from 'vitest';
import { decisivePart, mayChange } from '../../../src/config/changeable.ts';
import type { EffectiveConfig } from '../../../src/config/effectiveTypes.ts';

const training = { batch_size: 8, gradient_accumulation_steps: 1, gradient_checkpointing: false, learning_rate: 1 };
const config = {
  ...{ version: 1, model: 'm', lora: { rank: 8 }, reward: { function: 'a.py:b', timeout: 60 } },
  ...{ training, checkpoints: { keep: 2, every: 10 }, data: { train: [{ path: 'a.jsonl' }] } },
} as unknown as EffectiveConfig;

test('what makes a step smaller or keeps less may change, alone and together', () => {
  expect(mayChange(['training.gradient_checkpointing'])).toBe(true);
  expect(mayChange(['training.batch_size', 'training.gradient_accumulation_steps', 'distributed.processes'])).toBe(
    true,
  );
  expect(mayChange(['training.batch_size', 'data.max_length'])).toBe(false);
  expect(mayChange(['training'])).toBe(false);
});

test('the decisive part stays as long as the steps do', () => {
  const decisive = (change: object): string => JSON.stringify(decisivePart({ ...config, ...change }));
  const smaller = { ...training, batch_size: 2, gradient_accumulation_steps: 4, gradient_checkpointing: true };
  const same = { training: smaller, checkpoints: { keep: 1, every: 10 }, distributed: { processes: 2 } };
  expect(decisive(same)).toBe(decisive({}));
  expect(decisive({ reward: { function: 'a.py:b', timeout: 600 } })).toBe(decisive({}));
  expect(decisive({ training: { ...smaller, batch_size: 4 } })).not.toBe(decisive({}));
  expect(decisive({ training: { ...training, learning_rate: 2 } })).not.toBe(decisive({}));
  expect(decisive({ checkpoints: { keep: 2, every: 5 } })).not.toBe(decisive({}));
  expect(decisive({ data: { train: [{ path: 'b.jsonl' }] } })).not.toBe(decisive({}));
});
