// Every rule has a page, a row that it finds, rows that it passes over, and a quick fix that mends where it says so.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { renderLintPage } from '../../../scripts/generate-types.mjs';
import { lintPages } from '../../../scripts/lint-pages.mjs';
import { lintText } from '../../../src/lint/document.ts';
import type { Finding } from '../../../src/lint/finding.ts';
import { lintRules } from '../../../src/lint/rules/table.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';
import { trickyRows } from '../../support/lintSample.ts';
import { cleanRow, defects } from '../../support/lintSeeds.ts';
import { uniform } from '../../support/random.ts';

/** Rules that need more than a row or two, or a tokenizer; they are tested where they are made. */
const testedElsewhere: Readonly<Record<string, string>> = {
  'data/wrong-encoding': 'checkFile.test.ts',
  'data/row-too-large': 'readRows.test.ts',
  'form/mixed-line-ends': 'checkFile.test.ts',
  'quality/leak': 'checkFile.test.ts',
  'preference/length-bias': 'fileRules.test.ts',
  'quality/label-imbalance': 'fileRules.test.ts',
  'data/too-deep': 'fileRules.test.ts',
  'chat/reasoning-left-out': 'encodeRecord.test.ts',
  'chat/end-of-turn-not-trained': 'encodeRecord.test.ts',
};

const random = uniform('rules');
const isTraining = (code: string): boolean => lintRules.find((rule) => rule.code === code)?.group === 'training';

function formatOf(rows: string): 'messages' | 'instruction' | 'preference' {
  if (rows.includes('"messages"')) return 'messages';
  return rows.includes('"chosen"') ? 'preference' : 'instruction';
}

/** Rows of a page behind clean rows of their format, so that the file has one. */
function amongOthers(code: string, rows: string): string {
  if (code === 'data/unknown-format') return rows;
  const format = code === 'form/mixed-formats' ? 'instruction' : formatOf(rows);
  const clean = Array.from({ length: 5 }, () => cleanRow(format, random));
  return [...clean, rows].join('\n');
}

const cases: readonly (readonly [code: string, rows: string])[] = [
  ...Object.entries(lintPages).flatMap(([code, { bad }]): [string, string][] =>
    bad === undefined ? [] : [[code, bad]],
  ),
  ...defects
    .filter(({ code }) => lintPages[code]?.bad === undefined && !/drift|unknown-field|outlier/.test(code))
    .map(({ code, rows }): [string, string] => [code, rows(0, random).join('\n')]),
];

function applied(text: string, { fix, line }: Finding): string {
  const lines = text.split('\n');
  if (fix === undefined) throw new Error('no fix');
  if ('deleteLine' in fix) return lines.filter((_, i) => i !== line - 1).join('\n');
  let changed = lines[line - 1]!;
  for (const { start, end, newText } of [...fix.edits].reverse())
    changed = changed.slice(0, start) + newText + changed.slice(end);
  return lines.with(line - 1, changed).join('\n');
}

describe.each(cases)('%s', (code, rows) => {
  const text = amongOthers(code, rows);
  const found = lintText(text, defaultSettings).find((finding) => finding.code === code);

  test('finds the row of its page, in its own words', () => {
    expect(lintText(text, defaultSettings).map((finding) => finding.code)).toContain(code);
    const first = text.split('\n').length - rows.split('\n').length + 1;
    expect(found!.line).toBeGreaterThanOrEqual(first);
    expect(found!.message).toMatch(/^[\p{Lu}“"<].*[.?]$/su);
  });

  test.runIf(found?.fix)('the quick fix mends it, and the rows still parse', () => {
    const mended = applied(text, found!);
    expect(lintText(mended, defaultSettings).filter((finding) => finding.code === code)).toEqual([]);
    for (const row of mended.replace('\ufeff', '').split('\n')) expect(() => JSON.parse(row) as unknown).not.toThrow();
  });
});

test('every rule has a case or is tested elsewhere, and says truly whether it has a fix', () => {
  const known = new Set([
    ...cases.map(([code]) => code),
    ...defects.map(({ code }) => code),
    ...Object.keys(testedElsewhere),
  ]);
  expect(lintRules.filter(({ code }) => !known.has(code) && !isTraining(code)).map(({ code }) => code)).toEqual([]);
  const fixed = new Set(
    cases.flatMap(([code, rows]) =>
      lintText(amongOthers(code, rows), defaultSettings).flatMap((finding) => (finding.fix ? [finding.code] : [])),
    ),
  );
  const promised = lintRules.filter(({ fix }) => fix !== undefined).map(({ code }) => code);
  expect([...fixed].filter((code) => !promised.includes(code))).toEqual([]);
  expect(promised.filter((code) => !fixed.has(code) && code !== 'quality/leak')).toEqual([]);
});

test.each(['messages', 'instruction', 'preference'] as const)(
  'rows of format %s that only look bad are passed over',
  (format) => {
    const text = trickyRows.flatMap((row) => (row.format === format ? [row.row] : [])).join('\n');
    expect(lintText(text, defaultSettings)).toEqual([]);
  },
);

test('docs/lint.md is what the rules and their pages say', async () => {
  expect(readFileSync('docs/lint.md', 'utf8')).toBe(await renderLintPage(lintRules));
});

test('the messages of safety rules are masked', () => {
  for (const [code, rows] of cases.filter(([code]) => code.startsWith('safety/'))) {
    const text = amongOthers(code, rows);
    for (const { line, start, end, message } of lintText(text, defaultSettings))
      expect(message).not.toContain(text.split('\n')[line - 1]!.slice(start, end));
  }
});
