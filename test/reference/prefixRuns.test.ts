// A run that trains a projected prefix: it learns, stops and resumes bit-equal, and what it leaves is asked for losses.

import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { packRows } from '../../src/data/packing.ts';
import { readSafetensors } from '../../src/models/safetensors.ts';
import { openModel } from '../../src/models/openModel.ts';
import { openTrainedModel } from '../../src/trainer/trainedModel.ts';
import { datasetOf } from '../../src/trainer/rows.ts';
import { describeWith } from '../support/requirements.ts';
import { eventsOf, liveOnce, makeRun, torchWorkspace } from '../support/torchTraining.ts';

const config = {
  ...{ version: 1, model: './model', method: 'prefix', device: 'cpu', threads: 1 },
  prefix: { num_virtual_tokens: 6, prefix_projection: true, encoder_hidden_size: 32 },
  data: { train: 'train.jsonl', validation: 'validation.jsonl', max_length: 64 },
  training: { max_steps: 16, batch_size: 4, learning_rate: 0.02, lr_scheduler: 'constant' },
  evaluation: { every: 8, prompts: ['say 1'], max_new_tokens: 3 },
  checkpoints: { every: 8 },
};

describeWith(['python'], 'a run with a prefix', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await torchWorkspace();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('learns, becomes the same run when it is stopped and resumed, and its result has the losses that it told', async () => {
    const whole = await makeRun(folder, 'whole', config);
    expect(await liveOnce(whole)).toMatchObject({ code: 0 });
    const events = await eventsOf(whole);
    const of = <Type extends string>(type: Type) =>
      events.flatMap((event) => (event.type === type ? [event as Extract<typeof event, { type: Type }>] : []));
    const [started] = of('started');
    // 6 places of 8 features, 8 → 32 → keys and values of every layer.
    const { trainable_parameters: trainable } = started!.model;
    const { layers, width } = await sizesOf(path.join(folder, 'model'));
    expect(trainable).toBe(6 * width + (width + 1) * 32 + 33 * 2 * layers * width);
    expect(started!.config).toMatchObject({ method: 'prefix', prefix: config.prefix, data: { packing: false } });
    // The settings that are really used are those of the plan.
    expect(of('warning').filter(({ problem }) => problem.code.startsWith('torch/'))).toEqual([]);
    const measured = of('evaluated').map(({ loss }) => loss);
    expect(measured.at(-1)!).toBeLessThan(measured[0]! - 0.1);
    expect(of('sample').length).toBeGreaterThan(0);

    const stopped = await makeRun(folder, 'stopped', config);
    expect((await liveOnce(stopped, 5)).code).toBe(130);
    expect(await liveOnce(stopped)).toMatchObject({ code: 0 });
    const numbers = (all: typeof events) =>
      all.flatMap((event) => (event.type === 'step' ? [[event.step, event.loss, event.grad_norm]] : []));
    expect(numbers(await eventsOf(stopped))).toEqual(numbers(events));
    const result = (run: string) => path.join(run, 'adapter/adapter_model.safetensors');
    expect(await readFile(result(stopped))).toEqual(await readFile(result(whole)));
    const { entries } = await readSafetensors(result(whole));
    expect([...entries.values()].map(({ name, shape }) => [name, shape])).toEqual([
      ['prompt_embeddings', [6, 2 * layers * width]],
    ]);

    const text = JSON.stringify(config);
    const { config: parsed, positions } = parseConfig(text, path.join(folder, 'whole.finetune.json'));
    const { signal } = new AbortController();
    const asked = await openTrainedModel({
      ...{ config: parsed!, positions, baseDirectory: folder, signal, onEngineOutput: () => undefined },
      weights: { kind: 'tensors', folder: path.dirname(result(whole)), isFinished: true },
    });
    try {
      const model = await openModel('./model', { baseDirectory: folder });
      const found = await datasetOf(asked.config, folder, model, { signal, onProgress: () => undefined });
      const rows = Array.from({ length: found.validation!.length }, (_, i) => found.validation!.row(i));
      const { lossSum, trainedTokens } = await asked.session.evaluate(packRows(rows, { capacity: 0, packing: false }));
      found.close();
      expect(lossSum / trainedTokens).toBeCloseTo(measured.at(-1)!, 5);
    } finally {
      await asked.session.close();
    }
  });
});

async function sizesOf(model: string): Promise<{ layers: number; width: number }> {
  const config = JSON.parse(await readFile(path.join(model, 'config.json'), 'utf8')) as Record<string, number>;
  const {
    num_hidden_layers: layers,
    num_key_value_heads: kvHeads,
    num_attention_heads: heads,
    hidden_size: hidden,
  } = config;
  return { layers: layers!, width: (hidden! / heads!) * kvHeads! };
}
