// What of a prefix's training is named how in its checkpoints.

import { expect, test } from 'vitest';
import { prefixCheckpoint } from '../../../src/trainer/prefixLayout.ts';

const settings = { virtualTokens: 4, encoderSize: 8, layers: 2, kvHeads: 2, headSize: 8, baseModel: 'org/name' };

test.each([
  ['a plain prefix', false, ['prompt_encoder.embedding.weight']],
  ['a projected one', true, ['prompt_encoder.embedding.weight', 'prompt_encoder.transform.0.weight']],
])('%s and the value head of PPO come back under their names', (_, projection, names) => {
  const { storedName, sessionName } = prefixCheckpoint({ ...settings, projection });
  const all = [...names, 'v_head.weight'];
  const stored = all.map(storedName);
  expect(new Set(stored).size).toBe(all.length);
  expect(stored.map(sessionName)).toEqual(all);
});
