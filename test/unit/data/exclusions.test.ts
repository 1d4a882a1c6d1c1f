// Rows that a sidecar leaves out: its file keeps everything else, and the trainer's reader passes them over.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { brokenRowId, exclusionId } from '../../../src/data/exclusionId.ts';
import { changeExclusions, readExclusions } from '../../../src/data/exclusions.ts';
import { readRows } from '../../../src/data/read/readRows.ts';
import { parseSidecar } from '../../../src/lint/sidecar.ts';

const folder = mkdtempSync(join(tmpdir(), 'exclusions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = { a: 1, b: ['x'] };

test('ids depend on what a row says, not on how it is written', () => {
  expect(exclusionId({ b: ['x'], a: 1 })).toBe(exclusionId(row));
  expect(exclusionId({ ...row, a: 2 })).not.toBe(exclusionId(row));
  expect(brokenRowId(Buffer.from('{"a": \r'))).toBe(brokenRowId(Buffer.from(' {"a":')));
});

test('changing keeps comments and other keys, and removes what is empty', () => {
  const before = '# mine\nseverity:\n  quality/duplicate: off # on purpose\n';
  const id = exclusionId(row);
  const added = changeExclusions(before, [{ id, excluded: true, note: 'line 3' }], 'f');
  expect(added).toBe(`${before}exclude:\n  - '${id}' # line 3\n`);
  expect(parseSidecar(added, 'f').severities).toEqual({ 'quality/duplicate': 'off' });
  expect(changeExclusions(added, [{ id, excluded: true, note: 'again' }], 'f')).toBe(added);
  expect(changeExclusions(added, [{ id, excluded: false, note: '' }], 'f')).toBe(before);
  const only = changeExclusions('', [{ id, excluded: true, note: 'line 1' }], 'f');
  expect(changeExclusions(only, [{ id, excluded: false, note: '' }], 'f')).toBe('');
});

test('ids that YAML would take for numbers are told, not trusted', async () => {
  const file = join(folder, 'numbers.jsonl');
  writeFileSync(`${file}.lint.yaml`, 'exclude:\n  - 1234567890123456\n');
  await expect(readExclusions(file)).rejects.toThrow(/16 hexadecimal digits/);
});

test('excluded rows, readable or broken, are not read by the trainer', async () => {
  const file = join(folder, 'rows.jsonl');
  writeFileSync(file, `{"b":["x"],"a":1}\n{"broken": \n{"a":2}\n`);
  const changes = [exclusionId(row), brokenRowId(Buffer.from('{"broken": '))];
  const list = changes.map((id) => ({ id, excluded: true, note: 'line' }));
  writeFileSync(`${file}.lint.yaml`, changeExclusions('', list, 'f'));
  const values: unknown[] = [];
  let left = 0;
  const excluded = await readExclusions(file);
  for await (const read of readRows(file, 'rows.jsonl', { excluded, onExcluded: () => (left += 1) }))
    values.push(read.ok ? read.row.value : read.problem.code);
  expect([values, left]).toEqual([[{ a: 2 }], 2]);
});
