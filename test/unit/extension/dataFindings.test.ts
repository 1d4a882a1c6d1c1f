// The problems of *Check Dataset* are what the command line says: places, counts, severities, and the config that governs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommandLine } from '../../../src/cli/program.ts';
import { readDataFindings } from '../../../src/extension/datasets/dataFindings.ts';
import { capturedTerminal } from '../../support/capturedTerminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'check-dataset-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'rows.jsonl');
const odd = (i: number): string => `{"question": "Number ${i}?", "answer": "wo\\u200brd ${i} <br>next"}\n`;
writeFileSync(file, Array.from({ length: 6 }, (_, i) => odd(i)).join(''));

async function check(...options: readonly string[]) {
  const terminal = capturedTerminal();
  const code = await runCommandLine(['check', file, '--json', ...options], terminal);
  const found = readDataFindings(terminal.output());
  const told = Object.fromEntries(
    (found ?? []).map(({ problems, count }) => [problems[0]?.code ?? '', { problems, count }]),
  );
  return { code, found, told, terminal };
}

test('findings become problems with places, and those that are not listed are counted', async () => {
  const { told, terminal } = await check('--places', '2', '--progress');
  expect(told['form/zero-width']).toMatchObject({ count: 6, problems: [{ severity: 'warning' }, {}] });
  expect(told['form/zero-width']?.problems[1]?.place).toEqual({
    file,
    line: 2,
    column: odd(1).indexOf('\\u200b') + 1,
    endLine: 2,
    endColumn: odd(1).indexOf('\\u200b') + 7,
  });
  expect(terminal.errors()).toMatch(/checking .* 100 % of \d+ B/);
  expect(readDataFindings('no JSON')).toBeUndefined();
  expect(readDataFindings('{"problems": []}')).toBeUndefined();
});

test('the nearest config that names the file says format, columns and severities; the command line goes before it', async () => {
  const config = (lint: string): string =>
    `version: 1\nmodel: ./none\ndata: {train: rows.jsonl, format: instruction, columns: {instruction: question, output: answer}, lint: {${lint}}}\n`;
  expect((await check()).told['data/unknown-format']).toBeDefined();
  writeFileSync(join(folder, 'a.finetune.yaml'), config('quality/html: off, form/zero-width: error'));
  const governed = await check();
  expect(governed.told['data/unknown-format']).toBeUndefined();
  expect(governed.told['quality/html']).toBeUndefined();
  expect(governed.told['form/zero-width']?.problems[0]?.severity).toBe('error');
  expect(governed.code).toBe(1);
  expect((await check('--severity', 'form/zero-width=hint')).told['form/zero-width']?.problems[0]?.severity).toBe(
    'hint',
  );
  writeFileSync(`${file}.lint.yaml`, 'severity: {form/zero-width: information}\n');
  const severity = (await check('--severity', 'form=hint')).told['form/zero-width']?.problems[0]?.severity;
  expect(severity).toBe('information');
  expect((await check('--severity', 'form/zero-wide=hint')).terminal.errors()).toContain(
    'Did you mean "form/zero-width"?',
  );
});
