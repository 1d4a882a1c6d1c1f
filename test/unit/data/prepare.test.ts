import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync, mkdirSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { formatPlace, problem, type Problem } from '../../../src/protocol/problem.ts';
import type { RowEncoder } from '../../../src/data/prepare/encoder.ts';
import {
  prepareRows,
  type PrepareControls,
  type PreparedData,
  type RowsRequest,
} from '../../../src/data/prepare/prepareRows.ts';
import type { PrepareProgress } from '../../../src/data/prepare/progress.ts';
import type { DataRecord } from '../../../src/data/records.ts';
import { jsonl, problemsOf, temporaryFolder, writeData } from './support.ts';

const root = temporaryFolder();
let folder = '';
let count = 0;
let encoded = 0;
beforeEach(() => {
  count += 1;
  folder = path.join(root, `${count}`);
  encoded = 0;
});

/** One token a character; what follows "=" is trained; rows longer than `maxLength` are cut, dropped or refused. */
function characters(maxLength = 1000, overflow: 'truncate' | 'drop' | 'error' = 'truncate'): RowEncoder {
  const textOf = (record: DataRecord) => {
    if (record.kind === 'text') return record.text;
    return record.kind === 'instruction' ? `${record.instruction}=${record.output}` : '';
  };
  return {
    identity: { maxLength, overflow },
    encode(record) {
      encoded += 1;
      const text = textOf(record);
      if (text.includes('!')) throw problem('chat/template-failed', 'The template refuses "!".');
      const isDropped = text.length > maxLength && overflow === 'drop';
      if (text.length > maxLength && overflow === 'error')
        throw problem('data/too-long', `The row has ${text.length} tokens.`);
      const tokens = Int32Array.from(Array.from(text.slice(0, maxLength)), (c) => c.codePointAt(0)!);
      const answer = record.kind === 'text' ? 0 : text.indexOf('=') + 1;
      const mask = Uint8Array.from(tokens, (_, t) => (t >= answer ? 1 : 0));
      const findings: Problem[] = mask.includes(1)
        ? []
        : [{ code: 'data/nothing-trained', severity: 'warning', message: 'teaches nothing' }];
      return { tokens, mask, lostTokens: Math.max(0, text.length - maxLength), findings, isDropped };
    },
  };
}

const request = (changes: Partial<RowsRequest> = {}): RowsRequest => ({
  baseDirectory: folder,
  train: 'train.jsonl',
  format: 'auto',
  columns: {},
  cacheDirectory: path.join(folder, 'cache'),
  ...changes,
});

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ instruction: `q${from + i}`, output: `answer ${from + i}` }));

async function prepared<T>(
  use: (data: PreparedData) => T,
  changes: Partial<RowsRequest> = {},
  encoder = characters(),
  controls: PrepareControls = {},
): Promise<T> {
  const data = await prepareRows(request(changes), encoder, controls);
  try {
    return use(data);
  } finally {
    data.close();
  }
}

const texts = (data: PreparedData, part: 'train' | 'validation' = 'train') => {
  const dataset = data[part]!;
  return Array.from({ length: dataset.length }, (_, i) => String.fromCodePoint(...dataset.row(i).tokens));
};

test('rows come back with tokens, mask and sample id', async () => {
  writeData(folder, 'train.jsonl', jsonl(rows(0, 3)));
  await prepared((data) => {
    expect(texts(data)).toEqual(['q0=answer 0', 'q1=answer 1', 'q2=answer 2']);
    expect(data.train.row(1)).toEqual({
      sampleId: 'train.jsonl:2',
      tokens: Int32Array.from('q1=answer 1', (c) => c.codePointAt(0)!),
      mask: Uint8Array.from([0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]),
    });
    expect(data.train.totals).toEqual({ rows: 3, tokens: 33, trainedTokens: 24 });
    expect([data.train.tokenCount(2), data.train.trainedCount(2), data.train.sampleId(2)]).toEqual([
      11,
      8,
      'train.jsonl:3',
    ]);
    expect(data.validation).toBeUndefined();
    expect(data.report.train).toMatchObject({
      files: [
        {
          path: 'train.jsonl',
          writtenAs: 'train.jsonl',
          rows: 3,
          format: 'instruction',
          formatSummary: 'format: instruction, 3 of 3 rows',
        },
      ],
      lengths: { mean: 11, min: 11, max: 11, p50: 11, p99: 11 },
      duplicateRows: 0,
      fromCache: false,
    });
    expect(() => data.train.row(3)).toThrow(RangeError);
  });
});

describe('split', () => {
  test('a share of train, by content', async () => {
    writeData(folder, 'train.jsonl', jsonl(rows(0, 200)));
    const first = await prepared((data) => ({ train: texts(data), held: texts(data, 'validation') }), {
      validation: 0.2,
    });
    expect(first.held.length).toBeGreaterThan(20);
    expect(new Set([...first.train, ...first.held]).size).toBe(200);
    writeData(folder, 'train.jsonl', jsonl([...rows(200, 300), ...rows(0, 200).reverse()]));
    const second = await prepared((data) => texts(data, 'validation'), { validation: 0.2 });
    expect(second.filter((text) => Number(/\d+/.exec(text)![0]) < 200).sort()).toEqual(first.held.sort());
  });

  test('the share is no part of the cache', async () => {
    writeData(folder, 'train.jsonl', jsonl(rows(0, 50)));
    await prepared(() => undefined, { validation: 0.2 });
    expect(await prepared((data) => data.report.train.fromCache, { validation: 0.5 })).toBe(true);
  });

  test('a file of its own; rows that are in both are told', async () => {
    writeData(folder, 'train.jsonl', jsonl(rows(0, 10)));
    writeData(folder, 'held.jsonl', jsonl(rows(8, 15)));
    await prepared(
      (data) => {
        expect(data.validation?.length).toBe(7);
        expect(data.validation?.sampleId(0)).toBe('held.jsonl:1');
        expect(data.report.leakedRows).toBe(2);
        expect(data.report.findings).toMatchObject([{ code: 'data/leaked-rows', place: { file: 'held.jsonl' } }]);
      },
      { validation: 'held.jsonl' },
    );
  });
});

test('weights of a list: twice, half, once', async () => {
  writeData(folder, 'a.jsonl', jsonl(rows(0, 10)));
  writeData(folder, 'b.jsonl', jsonl(rows(10, 210)));
  const train = [
    { path: 'a.jsonl', weight: 2 },
    { path: 'b.jsonl', weight: 0.5 },
  ];
  const once = await prepared(texts, { train });
  const ofA = once.filter((text) => Number(/\d+/.exec(text)![0]) < 10);
  expect(ofA).toHaveLength(20);
  expect(new Set(ofA).size).toBe(10);
  expect(once.length - 20).toBeGreaterThan(70);
  expect(once.length - 20).toBeLessThan(130);
  expect(await prepared(texts, { train })).toEqual(once);
});

describe('what is reported', () => {
  test('cut, dropped and untrained rows', async () => {
    writeData(
      folder,
      'train.jsonl',
      jsonl([
        ...rows(0, 3),
        { instruction: 'a long question', output: 'lost' },
        { instruction: 'q', output: 'an answer that is cut' },
      ]),
    );
    await prepared(
      (data) =>
        expect(data.report.train).toMatchObject({
          truncatedRows: 2,
          lostTokens: 8 + 11,
          untrainedRows: 1,
          totals: { rows: 4 },
          findingCounts: { 'data/nothing-trained': 1 },
          findings: [
            {
              code: 'data/nothing-trained',
              place: { file: 'train.jsonl', line: 4, column: 1 },
              message: 'teaches nothing',
            },
          ],
        }),
      {},
      characters(12),
    );
    await prepared(
      (data) => expect(data.report.train).toMatchObject({ droppedRows: 2, totals: { rows: 3 } }),
      {},
      characters(12, 'drop'),
    );
    expect(await problemsOf(() => prepared(() => undefined, {}, characters(12, 'error')))).toMatchObject([
      { code: 'data/too-long', place: { file: 'train.jsonl', line: 4 } },
      { code: 'data/too-long', place: { file: 'train.jsonl', line: 5 } },
    ]);
  });

  test('duplicates and the spread of lengths', async () => {
    writeData(
      folder,
      'train.jsonl',
      jsonl([...rows(0, 8), ...rows(0, 2), { instruction: 'q', output: 'x'.repeat(98) }]),
    );
    await prepared((data) => {
      expect(data.report.train.duplicateRows).toBe(2);
      expect(data.report.train.lengths).toMatchObject({ min: 11, max: 100, p50: 11, p95: 100 });
      expect(data.report.train.lengths.histogram).toHaveLength(20);
      expect(data.report.train.lengths.histogram.filter((bar) => bar.rows > 0)).toEqual([
        { upTo: 15, rows: 10 },
        { upTo: 100, rows: 1 },
      ]);
    });
  });

  test('all bad rows stop the run: the first are listed, the rest counted', async () => {
    const bad = [
      ...rows(0, 2).map((row) => JSON.stringify(row)),
      '{"instruction": 1, "output": "o"}',
      '{oops',
      '{"instruction": "!", "output": "o"}',
    ];
    writeData(folder, 'train.jsonl', bad.join('\n'));
    const found = await problemsOf(() => prepared(() => undefined));
    expect(found.map(({ code, place }) => `${formatPlace(place!)} ${code}`)).toEqual([
      'train.jsonl:3:17 data/wrong-type',
      'train.jsonl:4:2 data/invalid-json',
      'train.jsonl:5:1 chat/template-failed',
    ]);
    writeData(
      folder,
      'train.jsonl',
      jsonl([...rows(0, 50), ...Array.from({ length: 30 }, () => ({ instruction: 'i' }))]),
    );
    const many = await problemsOf(() => prepared(() => undefined));
    expect(many).toHaveLength(21);
    expect(many[0]).toMatchObject({
      code: 'data/bad-rows',
      message: 'The data has 30 errors; the first 20 are listed.',
      details: [
        expect.stringMatching(/^train.jsonl was read as format: instruction, 50 of 80 rows; 30 rows look like/),
        'data/missing-field: 30',
      ],
    });
    expect(await problemsOf(() => prepared(() => undefined, {}, characters(), { findingLimit: 100 }))).toHaveLength(31);
    expect(readdirSync(path.join(folder, 'cache', 'data'))).toEqual([]);
  });

  test('nothing to train at all', async () => {
    writeData(folder, 'train.jsonl', jsonl([{ instruction: 'a long question', output: 'lost' }]));
    expect(await problemsOf(() => prepared(() => undefined, {}, characters(5)))).toMatchObject([
      { code: 'data/nothing-trained', message: expect.stringContaining('None of the 1 rows') as string },
    ]);
  });

  test('a file of broken lines only is told by its lines, not by its format', async () => {
    writeData(folder, 'train.jsonl', '{"a": 1\n{"a": 2\n');
    expect(await problemsOf(() => prepared(() => undefined))).toMatchObject([
      { code: 'data/invalid-json', place: { line: 1 } },
      { code: 'data/invalid-json', place: { line: 2 } },
    ]);
  });

  test('progress counts bytes and estimates rows', async () => {
    writeData(
      folder,
      'train.jsonl',
      jsonl(Array.from({ length: 30_000 }, (_, i) => ({ instruction: `question ${i}`.padEnd(60), output: `${i}` }))),
    );
    const seen: PrepareProgress[] = [];
    await prepared(
      () => undefined,
      {},
      {
        ...characters(),
        encode: () => ({ tokens: Int32Array.of(1, 2), mask: Uint8Array.of(0, 1), lostTokens: 0, findings: [] }),
      },
      { onProgress: (progress) => seen.push(progress) },
    );
    expect(new Set(seen.map(({ phase }) => phase))).toEqual(new Set(['hash', 'detect', 'tokenise']));
    const middle = seen
      .filter(({ phase, bytesRead, bytesTotal }) => phase === 'tokenise' && bytesRead < bytesTotal)
      .at(-1)!;
    expect(Math.abs(middle.estimatedRows - 30_000)).toBeLessThan(3000);
    expect(seen.at(-1)!.bytesRead).toBe(seen.at(-1)!.bytesTotal);
  });

  test('an abort leaves no unfinished entry', async () => {
    writeData(folder, 'train.jsonl', jsonl(rows(0, 5)));
    const stop = new AbortController();
    const onProgress = ({ phase }: PrepareProgress) => {
      if (phase === 'tokenise') stop.abort();
    };
    await expect(
      prepared(() => undefined, {}, characters(), { signal: stop.signal, onProgress }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(path.join(folder, 'cache', 'data'))).toEqual([]);
  });
});

describe('cache', () => {
  const entries = () => readdirSync(path.join(folder, 'cache', 'data'));
  const entry = (file: string) => path.join(folder, 'cache', 'data', entries()[0]!, file);

  beforeEach(() => {
    writeData(folder, 'train.jsonl', jsonl(rows(0, 20)));
  });

  test('a second run encodes nothing and sees the same rows and report', async () => {
    const first = await prepared((data) => ({ texts: texts(data), report: data.report }));
    expect(encoded).toBe(20);
    const second = await prepared((data) => ({ texts: texts(data), report: data.report }));
    expect(encoded).toBe(20);
    expect(second).toEqual({
      ...first,
      report: { ...first.report, train: { ...first.report.train, fromCache: true } },
    });
  });

  test('another file, setting or column makes another entry', async () => {
    await prepared(() => undefined);
    await prepared(() => undefined, {}, characters(500));
    await prepared(() => undefined, { format: 'instruction' });
    await prepared(() => undefined, { columns: { input: 'context' } });
    writeData(folder, 'train.jsonl', jsonl(rows(0, 21)));
    await prepared(() => undefined);
    expect(entries()).toHaveLength(5);
  });

  test.each([
    ['a flipped bit in tokens.bin', 'tokens.bin', 'flip'],
    ['a flipped bit in mask.bin', 'mask.bin', 'flip'],
    ['a flipped bit in rows.bin', 'rows.bin', 'flip'],
    ['a flipped bit in meta.json', 'meta.json', 'flip'],
    ['a shortened tokens.bin', 'tokens.bin', 'cut'],
    ['an emptied meta.json', 'meta.json', 'empty'],
  ])('%s: made again', async (_name, file, damage) => {
    const first = await prepared(texts);
    const bytes = readFileSync(entry(file));
    if (damage === 'cut') truncateSync(entry(file), bytes.length - 1);
    else if (damage === 'empty') truncateSync(entry(file), 0);
    else {
      bytes[Math.floor(bytes.length / 2)]! ^= 1;
      writeFileSync(entry(file), bytes);
    }
    expect(await prepared((data) => ({ texts: texts(data), fromCache: data.report.train.fromCache }))).toEqual({
      texts: first,
      fromCache: false,
    });
    expect(await prepared((data) => data.report.train.fromCache)).toBe(true);
    expect(entries()).toHaveLength(1);
  });

  test('two at once make one entry, and both read it', async () => {
    const both = await Promise.all([prepareRows(request(), characters()), prepareRows(request(), characters())]);
    expect(texts(both[0])).toEqual(texts(both[1]));
    for (const data of both) data.close();
    expect(entries()).toHaveLength(1);
  });

  test('the layout is the documented one', async () => {
    await prepared(() => undefined);
    const tokens = readFileSync(entry('tokens.bin'));
    const record = readFileSync(entry('rows.bin')).subarray(88, 176); // row 1
    expect(Number(record.readBigUInt64LE(0))).toBe(11); // after the 11 tokens of row 0
    expect(Number(record.readBigUInt64LE(8))).toBe(jsonl(rows(0, 1)).length);
    expect([16, 20, 24, 28, 32, 36].map((at) => record.readUInt32LE(at))).toEqual([11, 8, 0, 2, 0, 0]);
    expect(String.fromCodePoint(...Array.from({ length: 11 }, (_, i) => tokens.readInt32LE((11 + i) * 4)))).toBe(
      'q1=answer 1',
    );
    const meta = JSON.parse(readFileSync(entry('meta.json'), 'utf8').split('\n')[0]!) as unknown;
    expect(meta).toMatchObject({
      layout: 3,
      rows: 20,
      sources: [{ path: 'train.jsonl', kind: 'lines' }],
      files: { 'tokens.bin': { bytes: tokens.length } },
    });
  });

  test('left-overs of dead processes and entries long unused go; anything else stays', async () => {
    const old = new Date(Date.now() - 40 * 24 * 3600 * 1000);
    const names = { unused: 'a'.repeat(64), unfinished: `${'b'.repeat(64)}.tmp-1-ff`, foreign: 'notes' };
    for (const name of Object.values(names)) {
      const at = path.join(folder, 'cache', 'data', name);
      mkdirSync(at, { recursive: true });
      utimesSync(at, old, old);
    }
    await prepared(() => undefined);
    expect(entries()).toContain('notes');
    expect(entries()).toHaveLength(2);
    const before = statSync(path.dirname(entry('meta.json'))).mtimeMs;
    utimesSync(path.dirname(entry('meta.json')), old, old);
    await prepared(() => undefined);
    expect(statSync(path.dirname(entry('meta.json'))).mtimeMs).toBeGreaterThanOrEqual(before);
  });

  test('a folder that cannot be written is told', async () => {
    const file = writeData(folder, 'occupied', 'a file, not a folder');
    expect(await problemsOf(() => prepared(() => undefined, { cacheDirectory: file }))).toMatchObject([
      { code: 'data/cache-unwritable', message: expect.stringContaining('FINETUNE_CACHE') as string },
    ]);
  });
});
