// What an objective computes of a step, by which its time is estimated.

import { expect, test } from 'vitest';
import { defaults } from '../../../src/config/schema.generated.ts';
import { objectivePlan, passesOf } from '../../../src/torch/session/objective.ts';

const reward = { timeout: 60, regex: 'a' };

test.each([
  ['sft', objectivePlan({ objective: 'sft' }, '.'), { once: 0, each: 3, updates: 1 }],
  [
    'dpo, beside its reference',
    objectivePlan({ objective: 'dpo', dpo: defaults.dpo }, '.'),
    { once: 0, each: 4, updates: 1 },
  ],
  ['grpo', objectivePlan({ objective: 'grpo', grpo: defaults.grpo, reward }, '.'), { once: 0, each: 3, updates: 1 }],
  [
    'grpo that learns twice, held near its reference',
    objectivePlan({ objective: 'grpo', grpo: { ...defaults.grpo, beta: 0.1, num_iterations: 2 }, reward }, '.'),
    { once: 1, each: 4, updates: 2 },
  ],
  [
    'ppo, whose reference is asked once',
    objectivePlan({ objective: 'ppo', ppo: defaults.ppo, reward }, '.'),
    { once: 2, each: 3, updates: 4 },
  ],
  [
    'ppo without divergence',
    objectivePlan({ objective: 'ppo', ppo: { ...defaults.ppo, kl_coef: 0 }, reward }, '.'),
    { once: 1, each: 3, updates: 4 },
  ],
])('passes of %s', (_, plan, wanted) => expect(passesOf(plan)).toEqual(wanted));
