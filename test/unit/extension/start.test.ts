// What the start command works out without an editor: memory advice, problems of a check, formats, environments.
import { expect, test } from 'vitest';
import { childEnvironment } from '../../../src/extension/programs.ts';
import { readProblems } from '../../../src/extension/start/checkReport.ts';
import { detectInText } from '../../../src/extension/start/dataFormat.ts';
import { fits, memoryChanges, readEstimate } from '../../../src/extension/start/memoryAdvice.ts';

const report = {
  estimates: { memory_bytes: 8e9, seconds: 60, disk_bytes: 1e6 },
  plan: { total_steps: 30, train_rows: 100 },
  memory: { availableBytes: 4e9, totalBytes: 16e9 },
  device: 'cpu',
  decisions: [
    { path: 'training.batch_size', value: 5, source: 'file' },
    { path: 'training.gradient_accumulation_steps', value: 2, source: 'default' },
    { path: 'training.gradient_checkpointing', value: false, source: 'auto' },
    { path: 'data.max_length', value: 1024, source: 'default' },
    { path: 'lora.rank', value: 3, source: 'file' },
  ],
};

test('an estimate that does not fit proposes changes that keep the rows of a step, and no change that is made already', () => {
  const estimate = readEstimate(JSON.stringify(report))!;
  expect(fits(estimate)).toBe(false);
  expect(memoryChanges(estimate)).toEqual([
    { kind: 'checkpointing', set: { 'training.gradient_checkpointing': true } },
    { kind: 'batch', set: { 'training.batch_size': 3, 'training.gradient_accumulation_steps': 4 } },
    { kind: 'length', set: { 'data.max_length': 512 } },
  ]);
});

test('an estimate that fits, or whose numbers are not known, is let through', () => {
  expect(fits(readEstimate(JSON.stringify({ ...report, memory: { availableBytes: 8e9 } }))!)).toBe(true);
  expect(fits(readEstimate(JSON.stringify({ ...report, estimates: {} }))!)).toBe(true);
});

test.each(['', 'not JSON', '[]', 'null', '{"estimates": 1}', '{"estimates": {}}'])('%j is no estimate', (text) => {
  expect(readEstimate(text)).toBeUndefined();
});

test('problems of a check keep code, place and details; what is malformed is passed over', () => {
  const problems = [
    { code: 'data/x', severity: 'warning', message: 'm', place: { file: 'a', line: 3, column: 0 }, details: ['d', 4] },
    { code: 1, message: 'm' },
    'text',
    { code: 'config/y', severity: 'loud', message: 'n' },
  ];
  expect(readProblems(JSON.stringify({ problems }))).toEqual([
    { code: 'data/x', severity: 'warning', message: 'm', place: { file: 'a', line: 3 }, details: ['d'] },
    { code: 'config/y', severity: 'error', message: 'n' },
  ]);
  expect(readProblems('{"problems": 3}')).toBeUndefined();
});

test.each([
  ['messages', '{"messages": []}\n{"messages": []}\n{"cut of'],
  ['instruction', '[{"instruction": "a", "output": "b"}]'],
  ['preference', '{"chosen": "a", "rejected": "b"}'],
  ['text', '\uFEFF{"text": "a"}'],
  ['unknown', '{"name": "a package", "version": "1"}'],
  ['unknown', ''],
  ['unknown', '[1, 2'],
])('%s rows are recognised', (format, head) => {
  expect(detectInText(head)).toBe(format);
});

test("a child gets the person's variables and none of the editor's own", () => {
  const own = { PATH: '/bin', VSCODE_PID: '1', ELECTRON_NO_ASAR: '1', NODE_OPTIONS: '--inspect', HF_HOME: '/a' };
  expect(childEnvironment(own, { HF_HOME: '/b' })).toEqual({ PATH: '/bin', HF_HOME: '/b', ELECTRON_RUN_AS_NODE: '1' });
});
