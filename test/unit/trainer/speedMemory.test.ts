// The speed of a plan is remembered for that plan alone, and a memory that is broken or cannot be written costs nothing else.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TorchPlan } from '../../../src/torch/session/torchSession.ts';
import { createSpeedMemory } from '../../../src/trainer/speedMemory.ts';
import { tinyPlan } from '../../support/tinyModel.ts';

const speed = { secondsPerFlop: 2e-11, updateSeconds: 0.01 };
const libraries = { torch: '2.15.0' };
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'finetune-speeds-'))));
afterAll(() => rm(folder, { recursive: true }));

function memoryOf(name: string, changes: Partial<TorchPlan> = {}, versions = libraries, answers = 0) {
  const plan: TorchPlan = { ...tinyPlan([]), mixedPrecision: 'no', ...changes };
  return createSpeedMemory(plan, { processes: 1, answers }, versions, path.join(folder, name, 'speeds.json'));
}

test('another run of the plan knows the speed, whatever its seed and rates', async () => {
  await memoryOf('same').keep(speed);
  expect(await memoryOf('same', { seed: 7 }).recall()).toMatchObject(speed);
  const optimizer = { ...tinyPlan([]).optimizer, weightDecay: 0.5 };
  expect(await memoryOf('same', { optimizer }).recall()).toMatchObject(speed);
  await memoryOf('same').keep({ ...speed, secondsPerFlop: 1e-11 });
  expect(await memoryOf('same').recall()).toMatchObject({ secondsPerFlop: 1e-11 });
});

test('what computes otherwise is measured anew', async () => {
  await memoryOf('other').keep(speed);
  expect(await memoryOf('other', { mixedPrecision: 'bf16' }).recall()).toBeUndefined();
  expect(await memoryOf('other', { threads: 3 }).recall()).toBeUndefined();
  expect(await memoryOf('other', { gradientCheckpointing: true }).recall()).toBeUndefined();
  expect(await memoryOf('other', {}, { torch: '2.16.0' }).recall()).toBeUndefined();
  expect(await memoryOf('other').recall()).toMatchObject(speed);
});

test('how fast answers are drawn is remembered for as many of them', async () => {
  const drawn = { ...speed, drawing: { beginSeconds: 0.5, tokenSeconds: 0.1 } };
  await memoryOf('drawn', {}, libraries, 8).keep(drawn);
  expect(await memoryOf('drawn', {}, libraries, 8).recall()).toMatchObject(drawn);
  expect(await memoryOf('drawn', {}, libraries, 16).recall()).toBeUndefined();
});

test('as many plans are remembered as are likely to be used again', async () => {
  for (let threads = 1; threads <= 203; threads++) await memoryOf('many', { threads }).keep(speed);
  expect(await memoryOf('many', { threads: 3 }).recall()).toBeUndefined();
  expect(await memoryOf('many', { threads: 4 }).recall()).toMatchObject(speed);
});

test('a broken file is as good as none, and written anew', async () => {
  await memoryOf('broken').keep(speed);
  const file = path.join(folder, 'broken', 'speeds.json');
  const text = (await readFile(file, 'utf8')).replace('2e-11', '-1');
  await writeFile(file, text);
  expect(await memoryOf('broken').recall()).toBeUndefined();
  await memoryOf('broken').keep(speed);
  expect(await memoryOf('broken').recall()).toMatchObject(speed);
});

test('a place that cannot be written to is passed over', async () => {
  await writeFile(path.join(folder, 'file'), '');
  await memoryOf('file').keep(speed);
  expect(await memoryOf('file').recall()).toBeUndefined();
});
