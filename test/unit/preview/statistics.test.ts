// Statistics against counts made by hand, and the sample against what a sample must be.
import { expect, test } from 'vitest';
import { plainReading } from '../../../src/preview/readRow.ts';
import { StatisticsCollector } from '../../../src/preview/statistics/collect.ts';
import { LengthCounter } from '../../../src/preview/statistics/lengths.ts';
import { collectStatistics, sampleOf } from '../../../src/preview/statistics/run.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';
import type { PreviewStatistics } from '../../../src/protocol/previewViews.ts';
import type { Tokenizer } from '../../../src/models/types.ts';
import { uniform } from '../../support/random.ts';
import { cleanUp, indexed, never } from './support.ts';

cleanUp();

const settings = { reading: plainReading, lint: defaultSettings };

async function statisticsOf(rows: readonly unknown[], all = true): Promise<PreviewStatistics> {
  const text = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');
  const file = await indexed('rows.jsonl', text);
  let last: PreviewStatistics | undefined;
  await collectStatistics(file, settings, [], all, {
    signal: never,
    random: uniform('statistics'),
    onProgress: (_collector, _task, statistics) => {
      last = statistics ?? last;
    },
  });
  return last!;
}

test('counts rows, turns, labels, duplicates, broken rows and findings', async () => {
  const label = (instruction: string, output: string) => ({ instruction, output });
  const found = await statisticsOf([
    ...Array.from({ length: 6 }, (_, i) => label(`Is ${i} even, as far as one can see?`, i % 2 === 0 ? 'yes' : 'no')),
    label('Is 0 even, as far as one can see?', 'yes'),
    '{"instruction": ',
  ]);
  expect(found).toMatchObject({ rows: 8, ofRows: 8, isSample: false, isDone: true, broken: 1, duplicates: 1 });
  expect(found.labels).toEqual([
    { name: 'yes', rows: 4 },
    { name: 'no', rows: 3 },
  ]);
  expect(found.turns).toEqual([{ name: '2', rows: 7 }]);
  expect(found.findings.map(({ name }) => name)).toContain('quality/duplicate');
  expect(found.findings[0]).toMatchObject({ severity: 'error', rows: 1 });
  expect(found.columns).toEqual([
    { name: 'instruction', types: ['text'], share: 1 },
    { name: 'output', types: ['text'], share: 1 },
  ]);
  expect(found).toMatchObject({ unit: 'characters', trainedShare: null });
});

test('lengths by role are those of the texts', async () => {
  const found = await statisticsOf([
    {
      messages: [
        { role: 'user', content: 'aaaa' },
        { role: 'assistant', content: 'bb' },
      ],
    },
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'bbbbbb' },
      ],
    },
  ]);
  const role = (of: string) => found.roles.find((each) => each.of === of);
  expect(role('user')).toMatchObject({ total: 5, longest: 4, lengths: [1, 4], rows: [1, 1] });
  expect(role('assistant')).toMatchObject({ total: 8, longest: 6 });
});

test('a histogram keeps the sum of rows when lengths are many, and its quantiles are nearest ranks', () => {
  const counter = new LengthCounter();
  for (let length = 1; length <= 10_000; length += 1) counter.add(length);
  const { lengths, rows, median, p95, total, longest } = counter.histogram('row');
  expect(lengths.length).toBeLessThanOrEqual(2000);
  expect(rows.reduce((a, b) => a + b, 0)).toBe(10_000);
  expect({ median, p95, longest, total }).toEqual({ median: 5000, p95: 9500, longest: 10_000, total: 50_005_000 });
});

test('a sample has different rows, in order, as many as wanted', () => {
  const chosen = sampleOf(1000, 200, uniform('chosen'));
  expect(new Set(chosen).size).toBe(200);
  expect(chosen.toSorted((a, b) => a - b)).toEqual(chosen);
  expect(Math.max(...chosen)).toBeLessThan(1000);
  expect(sampleOf(3, 3, uniform('all'))).toEqual([0, 1, 2]);
});

test('a large file is sampled unless all of it is asked for', async () => {
  const rows = Array.from({ length: 6000 }, (_, i) => `{"instruction":"Say ${i}","output":"${i}"}`);
  const sample = await statisticsOf(rows, false);
  expect(sample).toMatchObject({ rows: 2000, ofRows: 6000, isSample: true });
});

test('languages of the answers are counted', async () => {
  const english = 'The answer is that this can be found in the book which you have for it.';
  const german = 'Das ist nicht der Weg, den wir mit dem Zug und auch mit einer Karte für sich finden werden.';
  const found = await statisticsOf(
    [english, english, german].map((output, i) => ({ instruction: `Say ${i}`, output })),
  );
  expect(found.languages).toEqual([
    { name: 'English', rows: 2 },
    { name: 'German', rows: 1 },
  ]);
});

test('a collector of nothing says nothing', () => {
  const { lengths, trainedShare, turns } = new StatisticsCollector(settings, []).result(0, true);
  expect([lengths.longest, lengths.median, trainedShare, turns]).toEqual([0, 0, null, []]);
});

test('the trained share is of the tokens that a run keeps, as the trainer counts it', async () => {
  const tokenizer = oneTokenPerCharacter();
  const options = { tokenizer, template: 'none', trainOn: 'assistant', maxLength: 6, overflow: 'truncate' } as const;
  const rows = [
    { prompt: 'aa', completion: 'bbbbbbbb' },
    { prompt: 'aaaaaaaa', completion: 'b' },
  ];
  const file = await indexed('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
  const collector = new StatisticsCollector({ ...settings, options }, ['prompt_completion']);
  for (const row of await file.read(0, 2)) collector.add(row);
  // Six tokens are kept of the first row, four of them trained; the second teaches nothing and is left out.
  expect(collector.result(2, true)).toMatchObject({ trainedShare: 4 / 6, untrained: 1, unit: 'tokens' });
});

function oneTokenPerCharacter(): Tokenizer {
  const ids = (text: string) => Array.from(text, (character) => character.charCodeAt(0));
  return {
    vocabSize: 65_536,
    bosTokenId: undefined,
    eosTokenId: undefined,
    padTokenId: undefined,
    specialTokenIds: new Set(),
    encode: ids,
    encodeWithOffsets: (text) => ({
      ids: ids(text),
      starts: Int32Array.from(text, (_, i) => i),
      ends: Int32Array.from(text, (_, i) => i + 1),
    }),
    decode: (list) => String.fromCharCode(...Array.from(list)),
    tokenToId: (token) => token.charCodeAt(0),
    idToToken: (id) => String.fromCharCode(id),
  };
}
