// What panels may reach: rows by id, pictures, and all steps as CSV.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mayOpen, parseRowId } from '../../../src/extension/panels/datasetRow.ts';
import { isPng, writeCsv } from '../../../src/extension/panels/exports.ts';
import { encodeJsonLine } from '../../../src/protocol/jsonLines.ts';
import { runRecord } from '../../support/runRecords.ts';
import { hello, numbered, started, step } from '../../support/runEvents.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'finetune-panels-'));
  await mkdir(join(root, 'workspace'));
  await mkdir(join(root, 'elsewhere'));
  await writeFile(join(root, 'workspace', 'train.jsonl'), '{}\n');
  await writeFile(join(root, 'elsewhere', 'secret.txt'), 'no');
  await writeFile(join(root, 'elsewhere', 'named.jsonl'), '{}\n');
  await symlink(join(root, 'elsewhere', 'secret.txt'), join(root, 'workspace', 'link.jsonl'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test('ids are parsed against the folder of the config', () => {
  expect(parseRowId('data/a.jsonl:12', '/w')).toEqual({ file: '/w/data/a.jsonl', line: 12 });
  expect(parseRowId('a:b.json:3:7', '/w')).toEqual({ file: '/w/a:b.json', line: 3, column: 8 });
  expect(parseRowId('a.parquet#4', '/w')).toEqual({ file: '/w/a.parquet' });
  expect(parseRowId('a.jsonl', '/w')).toBeUndefined();
  expect(parseRowId('a.jsonl:99999999999999', '/w')).toBeUndefined();
});

test('files of the workspace and files that the config names may be opened; nothing else, links included', async () => {
  const workspace = join(root, 'workspace');
  const record = runRecord().manifest;
  const prepared = {
    config: { data: { train: [{ path: '../elsewhere/named.jsonl' }] } },
    hashes: { config: '', model_config: '', weights: '', tokenizer: '', template: '', data: '', mask: '' },
    total_steps: 1,
    threads: 1,
    device: 'cpu',
  };
  const manifest = { ...record, base_directory: workspace, prepared };
  const may = (name: string) => mayOpen(join(workspace, name), [workspace], manifest);
  expect(await may('train.jsonl')).toBe(true);
  expect(await may('../elsewhere/named.jsonl')).toBe(true);
  expect(await may('../elsewhere/secret.txt')).toBe(false);
  expect(await may('link.jsonl')).toBe(false);
  expect(await may('missing.jsonl')).toBe(false);
});

test('only PNG bytes are written as a picture', () => {
  expect(isPng(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0))).toBe(true);
  expect(isPng(new TextEncoder().encode('#!/bin/sh\nrm -rf'))).toBe(false);
  expect(isPng(new Uint8Array())).toBe(false);
});

test('the CSV has each step once, as it was the last time it was run', async () => {
  const folder = join(root, 'run');
  await mkdir(folder);
  const events = numbered([
    hello,
    started,
    step(1, 3),
    step(2, Number.NaN),
    { type: 'resumed', step: 1, after: 'restart' },
    step(2, 2.5),
  ]);
  await writeFile(join(folder, 'events.jsonl'), events.map(encodeJsonLine).join(''));
  const target = join(root, 'out.csv');
  expect(await writeCsv(folder, target)).toBe(2);
  const lines = (await readFile(target, 'utf8')).trimEnd().split('\n');
  expect(lines[0]).toMatch(/^step,time,epoch,loss,/);
  expect(lines.slice(1).map((line) => line.split(',').filter((_, i) => i === 0 || i === 3))).toEqual([
    ['1', '3'],
    ['2', '2.5'],
  ]);
});
