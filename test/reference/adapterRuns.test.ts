// Runs whose adapters only the torch engine trains: the embedded engine gives the answers that they told, and DoRA goes on.

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openForAnswers } from '../../src/cli/generation/answer.ts';
import { findSource } from '../../src/cli/generation/source.ts';
import type { TrainerEvent } from '../../src/protocol/events.ts';
import { greedy } from '../support/tinyModel.ts';
import { describeWith } from '../support/requirements.ts';
import { eventsOf, liveOnce, makeRun, torchWorkspace } from '../support/torchTraining.ts';

const config = {
  ...{ version: 1, model: './model', device: 'cpu', threads: 1 },
  data: { train: 'train.jsonl', validation: 'validation.jsonl', max_length: 64 },
  training: { max_steps: 8, batch_size: 4, learning_rate: 0.02, lr_scheduler: 'constant' },
  evaluation: { every: 4, at_start: true, prompts: ['say 1', 'say a longer thing to me'], max_new_tokens: 6 },
  checkpoints: { every: 4 },
};
const dora = { ...config, lora: { rank: 3, dropout: 0, use_dora: true } };
const prefix = { ...config, method: 'prefix', prefix: { num_virtual_tokens: 5 } };

describeWith(['python'], 'results of the torch engine', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await torchWorkspace();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const live = async (name: string, settings: object): Promise<{ run: string; events: TrainerEvent[] }> => {
    const run = await makeRun(folder, name, settings);
    expect(await liveOnce(run)).toMatchObject({ code: 0 });
    return { run, events: await eventsOf(run) };
  };

  test.each([
    ['DoRA', dora],
    ['a prefix', prefix],
    ['a projected prefix', { ...prefix, prefix: { num_virtual_tokens: 5, prefix_projection: true } }],
  ])('%s answers as it did in its run', async (name, settings) => {
    const { run, events } = await live(name.replaceAll(' ', '-'), settings);
    const told = events.flatMap((event) => (event.type === 'sample' && event.step === 8 ? [event.answer] : []));
    expect(new Set(told).size).toBe(2);
    const source = await findSource({ run: path.basename(run) }, path.dirname(run));
    const model = await openForAnswers(source, { device: 'cpu' });
    try {
      expect(await model.answerAll(config.evaluation.prompts, greedy(6))).toEqual(told);
    } finally {
      await model.close();
    }
  });

  test('DoRA goes on from a checkpoint of another run, and only as DoRA', async () => {
    const { run, events } = await live('first', dora);
    const losses = (all: readonly TrainerEvent[]): number[] =>
      all.flatMap((event) => (event.type === 'evaluated' ? [event.loss] : []));
    const init_from = path.join(run, 'checkpoints', 'step-8');
    const second = await live('second', { ...dora, lora: { ...dora.lora, init_from } });
    expect(losses(second.events)[0]).toBeCloseTo(losses(events).at(-1)!, 5);
    expect(losses(second.events).at(-1)).toBeLessThan(losses(events).at(-1)!);
    const plain = await makeRun(folder, 'plain', { ...config, engine: 'torch', lora: { init_from } });
    const { code, told } = await liveOnce(plain);
    expect(told).toContain('`use_dora: true`');
    expect(code).toBe(2);
  });
});
