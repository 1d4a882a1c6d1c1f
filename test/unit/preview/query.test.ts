// Search, filters, sort and sample over rows; an expression that never ends is stopped.
import { describe, expect, test } from 'vitest';
import { brokenRowId, exclusionId } from '../../../src/data/exclusionId.ts';
import { matcherOf, withinLimit } from '../../../src/preview/boundedSearch.ts';
import { findRows, isEmptyQuery, type QueryContext } from '../../../src/preview/query.ts';
import { plainReading } from '../../../src/preview/readRow.ts';
import { emptyQuery, type PreviewFilter, type PreviewQuery } from '../../../src/protocol/previewViews.ts';
import { uniform } from '../../support/random.ts';
import { cleanUp, indexed, never } from './support.ts';

cleanUp();

const rows = [
  { instruction: 'Say hello', output: 'Hello, whole wide World', score: 3, meta: { source: 'web' } },
  { instruction: 'Count', output: 'one two three', score: 10 },
  {
    messages: [
      { role: 'user', content: 'hello?' },
      { role: 'assistant', content: 'Hi' },
    ],
  },
  { instruction: 'Nothing', output: '' },
];
const text = `${rows.map((row) => JSON.stringify(row)).join('\n')}\n{"broken": \n`;

async function found(query: Partial<PreviewQuery>, context: Partial<QueryContext> = {}): Promise<number[]> {
  const file = await indexed('rows.jsonl', text);
  const all = { reading: plainReading, excluded: new Set<string>(), findings: new Map(), ...context };
  const controls = { signal: never, onProgress: () => undefined, random: uniform('sample') };
  return [...(await findRows(file, { ...emptyQuery, ...query }, all, controls))];
}

const filtered = (filter: PreviewFilter, context: Partial<QueryContext> = {}) => found({ filters: [filter] }, context);

describe('search', () => {
  test('of plain text ignores case unless told', async () => {
    expect(await found({ text: 'HELLO' })).toEqual([0, 2]);
    expect(await found({ text: 'Hello', isCaseSensitive: true })).toEqual([0]);
  });

  test('by expression sees decoded texts, and broken rows as they are', async () => {
    expect(await found({ text: '^hello\\?$', isRegex: true })).toEqual([2]);
    expect(await found({ text: 'broken', isRegex: true })).toEqual([4]);
  });

  test('tells what is no expression', async () => {
    await expect(found({ text: '(', isRegex: true })).rejects.toThrow(/not a regular expression/);
  });

  test('stops an expression that backtracks without end', () => {
    // A back reference keeps V8 from its engine of linear time: only the limit ends this.
    const matches = matcherOf({ text: '(x)\\1?(x+x+)+y', isRegex: true, isCaseSensitive: true });
    expect(() => withinLimit(() => void matches('x'.repeat(60)), 50)).toThrow(/takes too long/);
  });
});

describe('filters', () => {
  test('by field, nested fields and sizes', async () => {
    expect(await filtered({ kind: 'field', field: 'meta.source', test: 'equals', value: 'web' })).toEqual([0]);
    expect(await filtered({ kind: 'field', field: 'score', test: 'greater', value: '5' })).toEqual([1]);
    expect(await filtered({ kind: 'field', field: 'output', test: 'less', value: '5' })).toEqual([3]);
    expect(await filtered({ kind: 'field', field: 'messages', test: 'contains', value: 'HI' })).toEqual([2]);
    expect(await filtered({ kind: 'field', field: 'instruction', test: 'absent', value: '' })).toEqual([2]);
  });

  test('by length, format, brokenness, finding and exclusion', async () => {
    expect(await filtered({ kind: 'length', from: 0, to: 10 })).toEqual([3]);
    expect(await filtered({ kind: 'looks', looks: 'messages' })).toEqual([2]);
    expect(await filtered({ kind: 'broken' })).toEqual([4]);
    expect(await filtered({ kind: 'finding', code: 'a/b' }, { findings: new Map([['a/b', new Set([1, 4])]]) })).toEqual(
      [1, 4],
    );
    const excluded = new Set([exclusionId(rows[1]!), brokenRowId(Buffer.from('{"broken": '))]);
    expect(await filtered({ kind: 'excluded', excluded: true }, { excluded })).toEqual([1, 4]);
  });
});

test('sorts by length and turns, both ways', async () => {
  const byLength = await found({ sort: 'length' });
  expect((await found({ sort: 'length', isDescending: true })).toReversed()).toEqual(byLength);
  expect(byLength[0]).toBe(4);
  expect((await found({ sort: 'turns' }))[0]).toBe(4);
  expect(await found({ isDescending: true })).toEqual([4, 3, 2, 1, 0]);
});

test('a sample has the wanted size, in the order of the file, and each row is as likely', async () => {
  const file = await indexed('rows.jsonl', Array.from({ length: 20 }, (_, i) => `{"i":${i}}`).join('\n'));
  const random = uniform('many samples');
  const times = new Array<number>(20).fill(0);
  for (let i = 0; i < 100; i += 1) {
    const context = { reading: plainReading, excluded: new Set<string>(), findings: new Map() };
    const controls = { signal: never, onProgress: () => undefined, random };
    const sample = [...(await findRows(file, { ...emptyQuery, sample: 5 }, context, controls))];
    expect(sample).toHaveLength(5);
    expect(sample.toSorted((a, b) => a - b)).toEqual(sample);
    for (const row of sample) times[row]! += 1;
  }
  // 25 each on average, standard deviation 4.3
  expect(Math.min(...times)).toBeGreaterThan(8);
  expect(Math.max(...times)).toBeLessThan(42);
});

test('an empty query shows the file', () => {
  expect(isEmptyQuery(emptyQuery)).toBe(true);
  expect(isEmptyQuery({ ...emptyQuery, sort: 'length' })).toBe(false);
});
