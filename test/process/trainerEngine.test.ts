// The real trainer, dist/trainer.js, on a tiny random Llama: bit-equal resumes, both methods, and bad input in words.
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAdapter } from '../../src/models/adapter.ts';
import { openModel } from '../../src/models/openModel.ts';
import { toArray } from '../../src/protocol/series.ts';
import { runPaths } from '../../src/runs/layout.ts';
import { checkpointSteps, resumeRun, startRun, type RunHandle } from '../../src/runs/startRun.ts';
import { openRun } from '../../src/runs/store.ts';
import { breakNumber } from '../support/brokenNumbers.ts';
import { lossesOf } from '../support/livingRun.ts';
import { writeTinyData, writeTinyModel } from '../support/tinyModelFolder.ts';
import { scratchFolder } from '../support/trainerBundle.ts';

const trainer = path.resolve(import.meta.dirname, '../../dist/trainer.js');

let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  folder = await scratchFolder();
  env = { ...process.env, FINETUNE_CACHE: path.join(folder, 'cache') };
  await writeTinyModel(path.join(folder, 'model'));
  await writeTinyData(path.join(folder, 'data/train.jsonl'), 40);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const base = {
  version: 1,
  model: './model',
  device: 'cpu',
  threads: 1,
  data: { train: 'data/train.jsonl', validation: 0.2, max_length: 128 },
  lora: { rank: 4, dropout: 0.1 },
  training: { max_steps: 24, batch_size: 2, gradient_accumulation_steps: 2, learning_rate: 0.01 },
  evaluation: { every: 10, prompts: ['say 3'], max_new_tokens: 4 },
  checkpoints: { every: 3, keep: 2 },
};

let counter = 0;
async function start(config: object, overrides: string[] = []): Promise<RunHandle> {
  const configFile = path.join(folder, `c${counter++}.finetune.json`);
  await writeFile(configFile, JSON.stringify(config));
  return startRun({ configFile, name: 'tiny', overrides, runsFolder: path.join(folder, 'runs'), trainer, env });
}

const resume = (run: RunHandle): Promise<RunHandle> => resumeRun(run.folder, { trainer, env });
const weightsOf = (run: RunHandle, file: string): Promise<Buffer> => readFile(path.join(run.folder, file));

test('LoRA: the loss falls, result and checkpoints are PEFT adapters', async () => {
  const run = await start(base);
  expect(await run.exited).toBe(0);
  const opened = await openRun(run.folder);
  const losses = await lossesOf(run.folder);
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  const adapter = await readAdapter(path.join(run.folder, 'adapter'));
  expect(adapter.settings).toMatchObject({ rank: 4, alpha: 8, baseModel: path.join(folder, 'model') });
  const checkpoint = opened.state.checkpoints.at(-1)!.path;
  expect((await readAdapter(path.join(run.folder, checkpoint))).weights.size).toBe(adapter.weights.size);
});

test('full: stopped, resumed, and the result opens as a model', async () => {
  const config = { ...base, method: 'full', lora: undefined, training: { ...base.training, learning_rate: 0.001 } };
  const whole = await start(config);
  expect(await whole.exited).toBe(0);
  const run = await start(config);
  for await (const event of run.events()) if (event.type === 'step') break;
  await run.stop('save');
  expect(await run.exited).toBe(130);
  expect((await openRun(run.folder)).status).toBe('stopped');
  expect(await (await resume(run)).exited).toBe(0);
  const file = 'model/model.safetensors';
  expect((await weightsOf(run, file)).equals(await weightsOf(whole, file))).toBe(true);
  const model = await openModel(path.join(run.folder, 'model'), { baseDirectory: folder });
  expect(model.weights.size).toBe(20);
  expect(model.chatTemplate).toContain('im_start');
});

test.each([
  ['adapter_model.safetensors', Number.NaN],
  ['optimizer.safetensors', Number.NEGATIVE_INFINITY],
])('a checkpoint with %s of %s is passed over, and the run becomes the one that never had it', async (file, number) => {
  const settings = ['training.max_steps=60', 'evaluation.every=60'];
  const whole = await start(base, settings);
  expect(await whole.exited).toBe(0);
  const run = await start(base, settings);
  for await (const event of run.events()) if (event.type === 'checkpoint' && event.step === 6) break;
  await run.stop('save');
  expect(await run.exited).toBe(130);
  const { checkpoints } = runPaths(run.folder);
  const [before, newest] = (await checkpointSteps(run.folder)).slice(-2);
  await breakNumber(path.join(checkpoints, `step-${newest}`), file, number);
  expect(await (await resume(run)).exited).toBe(0);
  const { state } = await openRun(run.folder);
  const told = state.warnings.map(({ problem }) => problem.message).join('\n');
  expect(told).toMatch(`checkpoints/step-${newest} is not used, because`);
  expect(told).toMatch(`${file} has numbers that are not finite; the run goes on from checkpoints/step-${before}.`);
  const result = 'adapter/adapter_model.safetensors';
  expect((await weightsOf(run, result)).equals(await weightsOf(whole, result))).toBe(true);
});

test('a stopped run goes on with smaller steps of the same rows; settings that would make other steps are refused', async () => {
  const config = { ...base, lora: { rank: 4, dropout: 0 }, training: { ...base.training, max_steps: 40 } };
  const whole = await start(config);
  expect(await whole.exited).toBe(0);
  const run = await start(config);
  for await (const event of run.events()) if (event.type === 'step') break;
  await run.stop('save');
  expect(await run.exited).toBe(130);
  const resumeWith = (overrides: string[]) => resumeRun(run.folder, { trainer, env, overrides });
  await expect(resumeWith(['data.max_length=64'])).rejects.toThrow(/data\.max_length cannot change.*finetune start/);
  await expect(resumeWith(['training.batch_size=1'])).rejects.toThrow(/learns from 4 rows/);
  const smaller = ['training.batch_size=1', 'training.gradient_accumulation_steps=4'];
  const again = await resumeWith(['training.gradient_checkpointing=true', ...smaller]);
  expect(await again.exited).toBe(0);
  expect((await openRun(run.folder)).manifest.prepared?.config).toMatchObject({
    training: { gradient_checkpointing: true, batch_size: 1, gradient_accumulation_steps: 4 },
  });
  const [losses, expected] = [await lossesOf(run.folder), await lossesOf(whole.folder)];
  expect(losses).toHaveLength(expected.length);
  for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(expected[i]!, 4);
});

test('run.json records what is needed to repeat the run', async () => {
  const run = await start(base, ['training.max_steps=2']);
  expect(await run.exited).toBe(0);
  const { manifest, state } = await openRun(run.folder);
  expect(manifest.overrides).toEqual(['training.max_steps=2']);
  expect(manifest.prepared).toMatchObject({
    total_steps: 2,
    threads: 1,
    device: 'cpu',
    config: { training: { max_steps: 2, lr_scheduler: 'cosine' }, lora: { rank: 4, alpha: 8 } },
  });
  for (const hash of Object.values(manifest.prepared!.hashes)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(state.started?.decisions).toContainEqual(
    expect.objectContaining({ path: 'training.max_steps', source: 'override' }),
  );
  expect(state.started?.estimates.memory_bytes).toBeGreaterThan(1e6);
  expect(state.started?.estimates.seconds).toBeGreaterThan(0);
});

test('going on from an adapter begins where it ended', async () => {
  const first = await start(base, ['training.max_steps=6', 'output=adapters/first']);
  expect(await first.exited).toBe(0);
  const second = await start(base, ['training.max_steps=1', 'lora.init_from=adapters/first']);
  expect(await second.exited).toBe(0);
  const last = toArray((await openRun(first.folder)).state.evaluations).at(-1)!;
  const begin = toArray((await openRun(second.folder)).state.evaluations)[0]!;
  expect([begin.step, begin.loss]).toEqual([0, last.loss]);
});

describe('bad input ends in words', () => {
  async function failure(
    config: object,
  ): Promise<{ code: number | null; cause: string; message: string; text: string }> {
    const run = await start(config);
    const code = await run.exited;
    const { state, status } = await openRun(run.folder);
    expect(status).toBe('failed');
    const { cause } = state.failed!;
    return { code, cause: cause.code, message: cause.message, text: JSON.stringify(state.failed) };
  }

  test.each([
    ['a wrong field', { ...base, trainng: {} }, 2, 'config/unknown-key', /trainng/],
    [
      'a data file that is not there',
      { ...base, data: { train: 'data/tarin.jsonl' } },
      2,
      'config/file-not-found',
      /Did you mean data\/train\.jsonl/,
    ],
    ['a model that is not there', { ...base, model: './modle' }, 2, 'config/file-not-found', /modle/],
    [
      'rows whose answers are all cut off',
      { ...base, data: { ...base.data, max_length: 8 } },
      1,
      'data/nothing-trained',
      /.+/,
    ],
  ])('%s', async (_what, config, code, cause, message) => {
    const found = await failure(config);
    expect([found.code, found.cause]).toEqual([code, cause]);
    expect(found.message).toMatch(message);
    expect(found.text).not.toMatch(/ {4}at /);
  });

  test('a broken row, by file and line', async () => {
    await writeFile(
      path.join(folder, 'data/broken.jsonl'),
      '{"instruction":"a","output":"b"}\n{"instruction":"a","out\n',
    );
    const found = await failure({ ...base, data: { train: 'data/broken.jsonl' } });
    expect([found.code, found.text]).toEqual([1, expect.stringMatching(/broken\.jsonl.*"line":2/) as string]);
  });

  test('a tokenizer that does not fit the model', async () => {
    await writeTinyModel(path.join(folder, 'small'), { vocab_size: 100, eos_token_id: 2, bos_token_id: 1 });
    const found = await failure({ ...base, model: './small' });
    expect([found.code, found.cause]).toEqual([1, 'trainer/foreign-tokenizer']);
    expect(found.message).toMatch(/data\/train\.jsonl:\d+ has the token \d+/);
  });

  test('weights that are cut short', async () => {
    const model = await writeTinyModel(path.join(folder, 'cut'));
    const file = path.join(model, 'model.safetensors');
    await writeFile(file, (await readFile(file)).subarray(0, 5000));
    const found = await failure({ ...base, model: './cut' });
    expect(found.code).toBe(1);
    expect(found.text).toContain('model.safetensors');
  });

  test('data that changed since the run was started is refused on resume', async () => {
    await writeTinyData(path.join(folder, 'data/moving.jsonl'), 30);
    const config = {
      ...base,
      data: { ...base.data, train: 'data/moving.jsonl' },
      training: { ...base.training, max_steps: 4000 },
    };
    const run = await start(config);
    for await (const event of run.events()) if (event.type === 'step') break;
    await run.stop('save');
    await appendFile(path.join(folder, 'data/moving.jsonl'), '{"instruction":"one","output":"more"}\n');
    expect(await (await resume(run)).exited).toBe(1);
    const { state } = await openRun(run.folder);
    expect(state.failed?.cause).toMatchObject({
      code: 'trainer/inputs-changed',
      message: expect.stringContaining('the data') as string,
    });
    expect(await readFile(runPaths(run.folder).log, 'utf8')).not.toMatch(/ {4}at /);
  });
});

test('stop now in the middle of a computation: the run says that it was stopped, at once, and nothing aborts', async () => {
  // Each step is many computations, so that a command always comes in the middle of one.
  const training = { ...base.training, max_steps: 1000, batch_size: 8, gradient_accumulation_steps: 16 };
  const long = { ...base, training, evaluation: { every: 1000, at_start: false } };
  for (let round = 0; round < 6; round++) {
    const run = await start(long);
    let steps = 0;
    for await (const event of run.events()) {
      if (event.type === 'step') steps += 1;
      // A moment of its own for each round, between the first and the second step.
      if (steps === 1 && (round === 0 || event.type === 'step')) break;
    }
    await new Promise((resolve) => setTimeout(resolve, round * 37));
    await run.send({ type: 'stop-now' });
    expect([130, null]).toContain(await run.exited);
    const { status, state } = await openRun(run.folder);
    expect(status).toBe('stopped');
    expect(state.finished?.outcome).toBe('stopped');
    expect(await readFile(runPaths(run.folder).log, 'utf8')).toBe('');
  }
});
