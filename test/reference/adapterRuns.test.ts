// Runs whose adapters only the torch engine trains: the embedded engine gives the answers that they told and the losses that
// PEFT computes, and DoRA goes on.

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openForAnswers } from '../../src/cli/generation/answer.ts';
import { findSource } from '../../src/cli/generation/source.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { packRows } from '../../src/data/packing.ts';
import type { TrainerEvent } from '../../src/protocol/events.ts';
import { openRun } from '../../src/runs/store.ts';
import { datasetOf } from '../../src/trainer/rows.ts';
import { weightsOfRun, type RunWeights } from '../../src/trainer/runWeights.ts';
import { openTrainedModel } from '../../src/trainer/trainedModel.ts';
import { greedy } from '../support/tinyModel.ts';
import { describeWith, runPython } from '../support/requirements.ts';
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
  afterAll(() => {
    vi.unstubAllEnvs();
    return rm(folder, { recursive: true, force: true });
  });

  const live = async (name: string, settings: object): Promise<{ run: string; events: TrainerEvent[] }> => {
    const run = await makeRun(folder, name, settings);
    expect(await liveOnce(run)).toMatchObject({ code: 0 });
    return { run, events: await eventsOf(run) };
  };

  test.each([
    ['DoRA', dora],
    ['a prefix', prefix],
    ['a projected prefix', { ...prefix, prefix: { num_virtual_tokens: 5, prefix_projection: true } }],
  ])('%s answers as it did in its run, and loses what PEFT says, without PyTorch', async (name, settings) => {
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

    vi.stubEnv('FINETUNE_DATA', path.join(folder, 'nothing-set-up'));
    try {
      const { weights } = await weightsOfRun(await openRun(run));
      const told = await lossesOf(settings, weights);
      const input = { base: path.join(folder, 'model'), adapter: path.join(run, 'adapter'), rows: told.rows };
      const expected = await runPython<number[][]>(new URL('adapter_losses.py', import.meta.url), { input });
      expect(told.losses.map((row) => row.length)).toEqual(expected.map((row) => row.length));
      const far = told.losses.flatMap((row, r) => row.map((loss, i) => Math.abs(loss - expected[r]![i]!)));
      // Losses of up to ten nats in 32 bits.
      expect(Math.max(...far)).toBeLessThan(1e-4);
      expect(told.mean).toBeCloseTo(lossesTold(events).at(-1)!, 5);

      const isProjected = 'prefix' in settings && 'prefix_projection' in settings.prefix;
      const checkpoint = await weightsOfRun(await openRun(run), 4);
      const before = lossesOf(settings, checkpoint.weights);
      if (isProjected) await expect(before).rejects.toThrow(/torch engine/);
      else expect((await before).mean).toBeCloseTo(lossesTold(events)[1]!, 5);
    } finally {
      vi.stubEnv('FINETUNE_DATA', path.join(folder, 'data'));
    }
  });

  test('a model without Python before DoRA was trained has the losses of the model itself', async () => {
    vi.stubEnv('FINETUNE_DATA', path.join(folder, 'nothing-set-up'));
    try {
      const [fresh, plain] = [await lossesOf(dora, { kind: 'start' }), await lossesOf(config, { kind: 'start' })];
      expect(fresh.losses).toEqual(plain.losses);
    } finally {
      vi.stubEnv('FINETUNE_DATA', path.join(folder, 'data'));
    }
  });

  /** Losses of the validation rows, token by token, and the mean over those that are trained, as `finetune loss` has them. */
  async function lossesOf(
    settings: object,
    weights: RunWeights,
  ): Promise<{ rows: number[][]; losses: number[][]; mean: number }> {
    const { config: parsed, positions } = parseConfig(JSON.stringify(settings), path.join(folder, 'a.finetune.json'));
    const { signal } = new AbortController();
    const asked = { config: parsed!, positions, baseDirectory: folder, signal, onEngineOutput: () => undefined };
    const { session, config: effective, model } = await openTrainedModel({ ...asked, weights });
    expect(effective.engine).toBe('embedded');
    const found = await datasetOf(effective, folder, model, { signal, onProgress: () => undefined });
    try {
      const trained = Array.from({ length: found.validation!.length }, (_, i) => found.validation!.row(i));
      const { lossSum, trainedTokens } = await session.evaluate(packRows(trained, { capacity: 0, packing: false }));
      const all = trained.map((row) => ({ ...row, mask: row.mask.map(() => 1) }));
      const { tokenLosses } = await session.evaluate(packRows(all, { capacity: 0, packing: false }));
      const rows = trained.map(({ tokens }) => [...tokens]);
      return { rows, losses: tokenLosses.map((row) => [...row]), mean: lossSum / trainedTokens };
    } finally {
      found.close();
      await session.close();
    }
  }

  const lossesTold = (all: readonly TrainerEvent[]): number[] =>
    all.flatMap((event) => (event.type === 'evaluated' ? [event.loss] : []));

  test('DoRA goes on from a checkpoint of another run, and only as DoRA', async () => {
    const { run, events } = await live('first', dora);
    const init_from = path.join(run, 'checkpoints', 'step-8');
    const second = await live('second', { ...dora, lora: { ...dora.lora, init_from } });
    expect(lossesTold(second.events)[0]).toBeCloseTo(lossesTold(events).at(-1)!, 5);
    expect(lossesTold(second.events).at(-1)).toBeLessThan(lossesTold(events).at(-1)!);
    const plain = await makeRun(folder, 'plain', { ...config, engine: 'torch', lora: { init_from } });
    const { code, told } = await liveOnce(plain);
    expect(told).toContain('`use_dora: true`');
    expect(code).toBe(2);
  });
});
