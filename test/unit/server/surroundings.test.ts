// What is told of a config while it is typed, from the files around it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ConfigFacts } from '../../../src/config/facts.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { lookAround } from '../../../src/server/surroundings.ts';
import { writeTinyModel } from '../../support/tinyModelFolder.ts';

test('a reward model is looked at by its files alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'finetune-around-'));
  await writeTinyModel(join(folder, 'judge'), {}, 1);
  await writeTinyModel(join(folder, 'plain'));
  const found = async (judge: string): Promise<ConfigFacts['rewardModel']> => {
    const text = `version: 1\nmodel: org/none\ndata: {train: rows.jsonl}\nobjective: grpo\nreward: {model: ${judge}}\n`;
    const { config } = parseConfig(text, 'x');
    return new Promise((resolve) => {
      const look = (): ConfigFacts => around.facts(join(folder, 'x.finetune.yaml'), config);
      const around = lookAround(() => {
        const { rewardModel } = look();
        if (rewardModel) resolve(rewardModel);
      });
      expect(look().rewardModel).toBeUndefined();
    });
  };
  expect(await found('judge')).toEqual({});
  expect((await found('./plain'))?.unusable).toContain('has no head for scores');
  await rm(folder, { recursive: true });
});
