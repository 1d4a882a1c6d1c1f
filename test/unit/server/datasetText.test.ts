// A dataset kept as lines is what the reference implementation of LSP's documents keeps in one piece, after any edits.
import { TextDocument } from 'vscode-languageserver-textdocument';
import { expect, test } from 'vitest';
import { LintedDataset } from '../../../src/server/datasets/lintedDataset.ts';
import { DatasetText } from '../../../src/server/datasetText.ts';
import { lintText } from '../../../src/lint/document.ts';
import { compareFindings } from '../../../src/lint/finding.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';
import { uniform } from '../../support/random.ts';

const random = uniform('dataset text');
const below = (n: number): number => Math.floor(random() * n);
const pieces = [
  '\n',
  '\r\n',
  '\r',
  '\n\n',
  'a',
  '{"text": "b\\u200b"}',
  '{"text": "c"}\n{"text": "c"}\r\n',
  '',
  '"',
  '\ufeff',
];
const piece = (): string => pieces[below(pieces.length)]!;

function randomRange(document: TextDocument) {
  const place = () => ({ line: below(document.lineCount + 1), character: random() < 0.2 ? 1000 : below(8) });
  const [a, b] = [place(), place()];
  const isOrdered = a.line < b.line || (a.line === b.line && a.character <= b.character);
  return isOrdered ? { start: a, end: b } : { start: b, end: a };
}

test('edits at any place: the same text, the same lines, the same ranges; findings as if read anew', () => {
  for (let round = 0; round < 25; round += 1) {
    const first = Array.from({ length: below(6) }, piece).join('');
    const reference = TextDocument.create('file:///a.jsonl', 'jsonl', 1, first);
    const text = new DatasetText('file:///a.jsonl', 'jsonl', 1, first);
    const linted = new LintedDataset(text.lines, defaultSettings);
    for (let version = 2; version < 14; version += 1) {
      const range = randomRange(reference);
      const change =
        random() < 0.05 ? { text: piece() } : { range, text: Array.from({ length: below(3) }, piece).join('') };
      TextDocument.update(reference, [change], version);
      linted.edit(text.update([change], version));
      const whole = reference.getText();
      expect(text.getText()).toBe(whole);
      expect([text.lineCount, text.version]).toEqual([reference.lineCount, version]);
      const part = randomRange(reference);
      expect(text.getText(part)).toBe(reference.getText(part));
      linted.settle();
      const compared = [...linted.compareRows()].length;
      expect(compared).toBeGreaterThan(0);
      expect(linted.all().sort(compareFindings)).toEqual(lintText(whole, defaultSettings));
    }
  }
});
