// Which folders are reward models, and which of them can judge the answers of a model.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeAdapter } from '../../../src/models/export.ts';
import { openModel } from '../../../src/models/openModel.ts';
import { examineRewardFolder, misfitOf, openRewardModel } from '../../../src/models/rewardModel.ts';
import { writeTinyModel } from '../../support/tinyModelFolder.ts';
import { problemOf, temporaryFolder } from './temporary.ts';

const path = temporaryFolder();
const open = (name: string) => openRewardModel(name, { baseDirectory: path('.') });
const zeros = (name: string, ...shape: number[]) => ({
  ...{ name, shape },
  data: new Float32Array(shape.reduce((n, d) => n * d, 1)),
});

async function adapter(name: string, scores: boolean, more: Record<string, unknown> = {}): Promise<void> {
  const module = 'model.layers.0.self_attn.q_proj';
  const own = [zeros(`${module}.lora_A.weight`, 2, 32), zeros(`${module}.lora_B.weight`, 32, 2)];
  const lengths = more['use_dora'] === true ? [zeros(`${module}.lora_magnitude_vector`, 32)] : [];
  const settings = {
    rank: 2,
    alpha: 4,
    dropout: 0,
    useRslora: false,
    baseModel: path('plain'),
    modules: [module],
    scores,
  };
  await writeAdapter(path(name), settings, [...own, ...lengths, ...(scores ? [zeros('score.weight', 1, 32)] : [])]);
  const file = join(path(name), 'adapter_config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...config, ...more }));
}

test('a whole model with one label, and an adapter with its head and the model below', async () => {
  await writeTinyModel(path('plain'));
  await writeTinyModel(path('whole'), {}, 1);
  await adapter('adapter', true);
  // What PEFT writes of an adapter that TRL trained, and DoRA, which PEFT computes.
  await adapter('of-trl', true, { modules_to_save: ['classifier', 'score'], use_dora: true });
  const model = await openModel('plain', { baseDirectory: path('.') });
  const whole = await open('whole');
  expect(whole.adapter).toBeUndefined();
  expect(whole.model.weights.get('score.weight')?.shape).toEqual([1, 32]);
  const below = await open('adapter');
  expect(below.adapter?.head?.name).toBe('score.weight');
  expect(below.model.path).toBe(path('plain'));
  const ofTrl = await open('of-trl');
  expect(ofTrl.adapter?.settings.useDora).toBe(true);
  expect([...ofTrl.adapter!.weights.keys()].at(-1)).toMatch(/lora_magnitude_vector$/);
  for (const found of [whole, below, ofTrl]) expect(misfitOf(found, model)).toBeUndefined();
  for (const name of ['whole', 'adapter', 'of-trl']) await examineRewardFolder(path(name));
});

test.each([
  ['a model that names tokens', 'plain', 'has no head for scores (score.weight)'],
  ['a classifier with several labels', 'two', 'has 2 labels'],
  ['an adapter without a head', 'headless', 'has no head for scores (score.weight)'],
])('%s is refused', async (_, name, what) => {
  await writeTinyModel(path('plain'));
  await writeTinyModel(path('two'), {}, 2);
  await adapter('headless', false);
  for (const look of [() => open(name), () => examineRewardFolder(path(name))]) {
    const found = await problemOf(look);
    expect(found.code).toBe('models/not-a-reward-model');
    expect(found.message).toBe(
      `This model ${what}; a reward model has one with one label. \`objective: reward\` makes such a one.`,
    );
  }
});

test('a reward model that reads other tokens, or fewer, cannot judge', async () => {
  await writeTinyModel(path('plain'));
  await writeTinyModel(path('whole'), {}, 1);
  const model = await openModel('plain', { baseDirectory: path('.') });
  const judge = await open('whole');
  const larger = { ...model, config: { ...model.config, vocab_size: 300 } };
  expect(misfitOf(judge, larger)).toBe('The reward model knows 259 tokens, and the model may answer with any of 300.');
  const file = join(path('whole'), 'tokenizer.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('<|im_end|>', '<|eot|>'));
  await writeFile(join(path('whole'), 'tokenizer_config.json'), '{}');
  expect(misfitOf(await open('whole'), model)).toBe(
    'The reward model has another vocabulary than the model: token 258 is "<|eot|>" there and "<|im_end|>" here.',
  );
});
