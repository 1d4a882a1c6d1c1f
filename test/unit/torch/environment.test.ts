// The torch engine's environment: what is said when it is missing, broken or too old.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { consentLines } from '../../../src/cli/render/setup.ts';
import { oldestVersions, problemsOf } from '../../../src/torch/environment/examine.ts';
import { findTorch } from '../../../src/torch/environment/find.ts';
import {
  noteRehearsal,
  readTorchRecord,
  torchPlaces,
  writeTorchRecord,
} from '../../../src/torch/environment/record.ts';
import { settingsThatDiffer } from '../../../src/torch/session/settings.ts';
import { tinyPlan } from '../../support/tinyModel.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'finetune-torch-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('none, a whole one, one whose Python is gone, and a record that is broken', async () => {
  const places = torchPlaces(folder);
  expect(await findTorch(places)).toMatchObject({ ready: false, reason: /finetune setup torch/ });
  const record = { version: 1, python: process.execPath, managed: true, versions: { torch: '2.15.0' } } as const;
  await writeTorchRecord(places, record);
  expect(await findTorch(places)).toEqual({ ready: true, record });
  await writeTorchRecord(places, { ...record, python: path.join(folder, 'gone') });
  expect(await findTorch(places)).toMatchObject({ ready: false, reason: /is gone/ });
  await writeFile(places.record, '{"version":');
  expect(await findTorch(places)).toMatchObject({ ready: false });
});

test('versions are told one by one', () => {
  const good = { python: '3.12.1', torch: '2.15.0+cpu', transformers: '5.23.0', peft: '0.21.2', safetensors: '0.8.0' };
  expect(problemsOf({ versions: good })).toEqual([]);
  expect(problemsOf({ versions: { ...good, torch: '2.8.9' } })).toEqual([
    `torch is 2.8.9; at least ${oldestVersions['torch']!} is needed.`,
  ]);
  expect(problemsOf({ versions: { ...good, transformers: '4.57.6' } })[0]).toContain('transformers is 4.57.6');
  const { peft: _, ...without } = good;
  expect(problemsOf({ versions: without, error: 'ModuleNotFoundError: peft' })).toEqual(['peft is not installed.']);
  expect(problemsOf({ versions: good, error: 'OSError: libcudart' })[0]).toContain('libcudart');
});

test('consent is asked with what, how large and where, in 80 columns', () => {
  const plan = {
    environment: '/data/torch',
    tool: 'uv',
    commands: [[], []],
    downloadBytes: 3e9,
    diskBytes: 6e9,
  } as const;
  const lines = consentLines({ ...plan, freeBytes: 9e9 }, 80);
  expect(lines.join('\n')).toContain('3.00 GB to download, 6.00 GB on the disk (9.00 GB are free)');
  expect(lines).toContain('  where /data/torch');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('what the worker really uses is held against the plan', () => {
  const plan = { ...tinyPlan([]), mixedPrecision: 'no' } as const;
  const used = {
    ...{
      world_size: 1,
      strategy: 'whole',
      device: 'cpu',
      threads: 1,
      trained_dtype: ['float32'],
      mixed_precision: 'no',
      gradient_checkpointing: false,
    },
    ...{ optimizer: 'adamw', weight_decay: [0.01], learning_rate_factors: [1], frozen_trained: 0 },
    ...{ model_dropout: 0, lora_dora: [false] },
    ...{ betas: [0.9, 0.999], epsilon: 1e-8, lora_scaling: [2], lora_rank: [4], lora_dropout: [0] },
  };
  expect(settingsThatDiffer(plan, used)).toEqual([]);
  const [wrong, ...others] = settingsThatDiffer(plan, { ...used, lora_scaling: [2, 4] });
  expect(others).toEqual([]);
  expect(wrong?.message).toBe('The torch engine trains with lora_scaling = 2 and 4, and the plan says 2.');
  expect(settingsThatDiffer(plan, { ...used, weight_decay: [0, 0.01] })).toHaveLength(1);
  const [lonely] = settingsThatDiffer(plan, used, { rank: 1, size: 2 });
  expect(lonely?.message).toBe('Rank 1 of the torch engine trains with world_size = 1, and the plan says 2.');
});

test('what was rehearsed is remembered until the environment is another one', async () => {
  const places = torchPlaces(path.join(folder, 'rehearsed'));
  await noteRehearsal(places, '/a/x.finetune.yaml', true);
  expect(await readTorchRecord(places)).toBeUndefined();
  const record = { version: 1, python: process.execPath, managed: true, versions: { torch: '2.15.0' } } as const;
  await writeTorchRecord(places, record);
  await noteRehearsal(places, '/a/x.finetune.yaml', true);
  await noteRehearsal(places, '/a/y.finetune.yaml', true);
  await noteRehearsal(places, '/a/x.finetune.yaml', false);
  expect((await readTorchRecord(places))?.rehearsed).toEqual(['/a/y.finetune.yaml']);
});
