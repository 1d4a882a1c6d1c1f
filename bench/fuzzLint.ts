// The rounds of fuzz-lint.mjs: a text from mutated rows, a dozen edits of it, everything compared after each.
import { deepStrictEqual } from 'node:assert';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { LineSplitter } from '../src/data/read/lineSplitter.ts';
import { defaultRowLimit } from '../src/data/read/readRows.ts';
import { compareFindings, type Finding } from '../src/lint/finding.ts';
import { lineContext } from '../src/lint/line.ts';
import { RowReader } from '../src/lint/rowReader.ts';
import { defaultSettings } from '../src/lint/settings.ts';
import { LintedDataset } from '../src/server/datasets/lintedDataset.ts';
import { DatasetText } from '../src/server/datasetText.ts';
import { cleanRow, defects, seedFormats } from '../test/support/lintSeeds.ts';
import { trickyRows } from '../test/support/lintSample.ts';
import { uniform } from '../test/support/random.ts';

export interface FuzzResult {
  readonly rounds: number;
  readonly edits: number;
  /** Milliseconds of the slowest edit with all that follows from it. */
  readonly slowest: number;
  readonly failure: string | undefined;
}

const hang = 1000;
const pieces = [
  '\n',
  '\r\n',
  '\r',
  '"',
  '\\',
  '\\u200b',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\0',
  '\ufeff',
  '\ud83d',
  'é',
  '<br>',
  '```',
  '4111',
  '@',
  ' ',
];
const liked = Array.from('"\\\n\r{}[]:,0@<&`~\u007f', (character) => character.charCodeAt(0));

/** Runs for some seconds, or until something fails. */
export function fuzzLint(seconds: number, seed: number): FuzzResult {
  const random = uniform(`lint ${seed}`);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const until = performance.now() + seconds * 1000;
  let [rounds, edits, slowest] = [0, 0, 0];

  const row = (): string => {
    const kind = random();
    if (kind < 0.4) return cleanRow(pick(seedFormats), random);
    if (kind < 0.5) return pick(trickyRows).row;
    return pick(pick(defects).rows(below(100), random));
  };
  const mutated = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    for (let left = below(8); left > 0 && bytes.length > 0; left -= 1)
      bytes[below(bytes.length)] = random() < 0.5 ? pick(liked) : below(256);
    return bytes;
  };
  const newText = (): string => {
    const kind = random();
    if (kind < 0.3) return pick(pieces);
    if (kind < 0.5) return '';
    if (kind < 0.8) return `${row()}${pick(['\n', '\r\n', ''])}`;
    return mutated(row()).toString('utf8');
  };

  while (performance.now() < until) {
    rounds += 1;
    const isArray = random() < 0.2;
    const rows = Array.from({ length: below(30) }, row);
    const bytes = mutated(isArray ? `[${rows.join(',\n')}]` : rows.join(pick(['\n', '\r\n'])));
    try {
      if (!isArray) sameInPieces(bytes);
      const first = bytes.toString('utf8');
      const reference = TextDocument.create('file:///a.jsonl', 'jsonl', 1, first);
      const text = new DatasetText('file:///a.jsonl', 'jsonl', 1, first, isArray);
      const linted = new LintedDataset(text.lines, defaultSettings, isArray);
      for (let version = 2; version < 14; version += 1) {
        const place = () => ({ line: below(reference.lineCount + 1), character: below(random() < 0.5 ? 30 : 400) });
        const [a, b] = [place(), random() < 0.5 ? undefined : place()];
        const isOrdered = b === undefined || a.line < b.line || (a.line === b.line && a.character <= b.character);
        const range = { start: isOrdered ? a : b, end: isOrdered ? (b ?? a) : a };
        const change = random() < 0.02 ? { text: newText() } : { range, text: newText() };
        TextDocument.update(reference, [change], version);
        const begun = performance.now();
        linted.edit(text.update([change], version));
        linted.settle();
        const told = linted.told();
        if (random() < 0.7) drain(linted);
        slowest = Math.max(slowest, performance.now() - begun);
        edits += 1;
        deepStrictEqual(text.getText(), reference.getText(), 'the text');
        if (told.findings.some(({ line }) => line < 1 || line > text.lineCount))
          throw new Error('a finding beyond the text');
        drain(linted);
        const fresh = new LintedDataset(text.lines, defaultSettings, isArray);
        fresh.settle();
        drain(fresh);
        deepStrictEqual(sorted(linted), sorted(fresh), `the findings after edit ${version - 1}`);
      }
    } catch (error) {
      const failure = `round ${rounds}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${JSON.stringify(bytes.toString('latin1'))}`;
      return { rounds, edits, slowest, failure };
    }
    if (slowest > hang) return { rounds, edits, slowest, failure: `round ${rounds}: an edit took ${slowest} ms` };
  }
  return { rounds, edits, slowest, failure: undefined };
}

function drain(linted: LintedDataset): void {
  const work = linted.compareRows();
  while (!work.next().done);
}

function sorted(linted: LintedDataset): Finding[] {
  return linted.all().sort(compareFindings);
}

/** Lines read in one piece are told as lines that are read one by one, whatever bytes stand in them. */
function sameInPieces(bytes: Buffer): void {
  const context = lineContext(defaultSettings, 'instruction');
  const [together, alone] = [new RowReader(context, 'lines'), new RowReader(context, 'lines')];
  together.addLines(bytes, 0, true);
  const splitter = new LineSplitter(defaultRowLimit);
  for (const piece of [...splitter.push(bytes)]) alone.add(piece, false);
  for (const piece of splitter.end()) alone.add(piece, true);
  deepStrictEqual(together.result, alone.result, 'lines in one piece');
}
