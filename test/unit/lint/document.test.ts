// A document that is edited says after every edit what a new one would say of the same text.
import { expect, test } from 'vitest';
import { LintDocument, lintText } from '../../../src/lint/document.ts';
import { splitLines } from '../../../src/lint/lines.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';
import { cleanRow, defects, seedFormats } from '../../support/lintSeeds.ts';
import { uniform } from '../../support/random.ts';

test('random edits: the incremental result equals the full result after each of them', () => {
  const random = uniform('edits');
  const below = (n: number): number => Math.floor(random() * n);
  const ends = ['\n', '\n', '\n', '\r\n'];
  const newLine = (i: number): string => {
    if (random() < 0.5) return cleanRow(seedFormats[below(3)]!, random);
    const { rows } = defects[below(defects.length)]!;
    const row = rows(i, random)[0]!;
    return random() < 0.2 ? row.slice(0, below(row.length)) : row;
  };
  let lines = Array.from({ length: 20 }, (_, i) => `${newLine(i)}\n`);
  const document = new LintDocument(lines.join(''), defaultSettings);
  lines.push('');
  for (let step = 0; step < 60; step += 1) {
    const from = below(lines.length);
    const until = Math.min(lines.length, from + below(3));
    const inserted = Array.from(
      { length: below(3) },
      (_, i) => newLine(1000 + step * 3 + i) + ends[below(ends.length)]!,
    );
    if (until === lines.length) inserted.push(random() < 0.5 ? '' : newLine(step));
    document.edit({ from, until, lines: splitLines(inserted.join(''), until < lines.length) });
    lines = [...lines.slice(0, from), ...inserted, ...lines.slice(until)];
    if (lines.at(-1)?.endsWith('\n') ?? true) lines.push('');
    expect(document.findings(), `step ${step}`).toEqual(lintText(lines.join(''), defaultSettings));
  }
});

test('an edit reads only the changed line again', () => {
  const random = uniform('many rows');
  const text = Array.from({ length: 2_000 }, () => `${cleanRow('instruction', random)}\n`).join('');
  const document = new LintDocument(text, { ...defaultSettings, severities: { 'quality/near-duplicate': 'off' } });
  document.settle();
  const parse = JSON.parse;
  let parsed = 0;
  JSON.parse = (...args) => {
    parsed += 1;
    return parse(...args) as unknown;
  };
  try {
    document.edit({ from: 7, until: 8, lines: [{ text: '{"text": "changed"}', end: '\n' }] });
    document.settle();
  } finally {
    JSON.parse = parse;
  }
  expect(parsed).toBeLessThanOrEqual(2);
});
