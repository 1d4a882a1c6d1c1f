// A JSON array in the editor is told as the same file is told by a stream, after any edits as when read anew.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ArrayDocument } from '../../../src/lint/arrayDocument.ts';
import { checkFile } from '../../../src/lint/checkFile.ts';
import { compareFindings } from '../../../src/lint/finding.ts';
import { lineEdit, splitLines } from '../../../src/lint/lines.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';
import { cleanRow, defects } from '../../support/lintSeeds.ts';
import { uniform } from '../../support/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'array-'));
afterAll(() => rmSync(folder, { recursive: true }));

const findings = (document: ArrayDocument) => {
  document.settle();
  const about = [...document.fileFindings()].filter((finding) => finding !== undefined);
  return [...document.rowFindings(), ...about].sort(compareFindings);
};

test('rows of an array: the stream’s findings, at their places', async () => {
  const random = uniform('array');
  const seeds = defects.filter(
    ({ format, code }) => format === 'instruction' && !/invalid|nul|mark|duplicate/.test(code),
  );
  const rows = [...seeds.map(({ rows: made }) => made(1, random)[0]!), cleanRow('instruction', random)];
  const spread = rows.map((row, i) => (i % 2 ? row : JSON.stringify(JSON.parse(row), null, 1)));
  const text = `[\n  ${spread.join(',\n  ')}\n]\n`;
  const file = join(folder, 'rows.json');
  writeFileSync(file, text);
  const { counts } = await checkFile(file, 'rows.json', { settings: defaultSettings });
  const place = ({ code, line, start, end }: { code: string; line: number; start: number; end: number }) =>
    `${line}:${start}-${end} ${code}`;
  // Whole rows are marked as far as their first line goes, which a stream has not kept.
  const shown = (all: readonly Parameters<typeof place>[0][]) =>
    all
      .filter(({ start }) => start > 0)
      .map(place)
      .sort();
  const streamed = counts.flatMap(({ first }) => first);
  expect(shown(findings(new ArrayDocument(splitLines(text), defaultSettings)))).toEqual(shown(streamed));
  expect(streamed.length).toBeGreaterThan(15);
});

test('random edits, those that break the array too: the incremental result equals the full one', () => {
  const random = uniform('array edits');
  const below = (n: number): number => Math.floor(random() * n);
  const pieces = [
    '\n',
    ',',
    '{"instruction": "a", "output": "wo\\u200brd"}',
    ']',
    '[',
    '"',
    ' ',
    '{"instruction": ""}',
    '}',
  ];
  let lines = splitLines('[\n{"instruction": "a", "output": "b"},\n{"instruction": "c", "output": 3}\n]\n');
  const document = new ArrayDocument(lines, defaultSettings);
  for (let step = 0; step < 80; step += 1) {
    const at = { line: below(lines.length), character: below(30) };
    const until = random() < 0.7 ? at : { line: at.line, character: at.character + below(6) };
    const edit = lineEdit(lines, at, until, pieces[below(pieces.length)]!);
    document.edit(edit);
    lines = [...lines.slice(0, edit.from), ...edit.lines, ...lines.slice(edit.until)];
    expect(findings(document), `step ${step}`).toEqual(findings(new ArrayDocument(lines, defaultSettings)));
  }
});
