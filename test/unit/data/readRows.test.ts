import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatPlace, type Problem } from '../../../src/protocol/problem.ts';
import { placeInRow } from '../../../src/data/read/row.ts';
import { jsonl, problemsOf, readAll, temporaryFolder, writeData } from './support.ts';

const folder = temporaryFolder();
const fixtures = path.join(import.meta.dirname, '../../fixtures/data');

async function read(name: string, content: string | Uint8Array, options = {}) {
  return readAll(writeData(folder, name, content), name, options);
}

const told = ({ code, place, message }: Problem) => `${place ? formatPlace(place) : ''} ${code} ${message}`;

describe('JSON Lines', () => {
  test('rows with line numbers, byte offsets and sample ids; blank lines and CRLF do not matter', async () => {
    const { rows, problems } = await read('a.jsonl', '{"a":"é"}\r\n\r\n  \n{"a":"😀"}\n{"a":3}');
    expect(problems).toEqual([]);
    expect(rows.map(({ sampleId, line, byteOffset, value }) => [sampleId, line, byteOffset, value.a])).toEqual([
      ['a.jsonl:1', 1, 0, 'é'],
      ['a.jsonl:4', 4, 17, '😀'],
      ['a.jsonl:5', 5, 30, 3],
    ]);
  });

  test('a byte order mark is no part of the first row', async () => {
    const { rows } = await read('bom.jsonl', '\uFEFF{"a":1}\n{"a":2}\n');
    expect(rows.map((row) => [row.byteOffset, row.source?.column, row.value.a])).toEqual([
      [3, 1, 1],
      [11, 1, 2],
    ]);
  });

  test('bad rows are told by place and the others are read', async () => {
    const content = '{"a": 1}\n{"a": tru}\n[1]\n"x"\n{"a": "x\0y"}\n{"a": 2}\n{"a": "b';
    const { rows, problems } = await read('bad.jsonl', content);
    expect(rows.map((row) => row.line)).toEqual([1, 6]);
    expect(problems.map(told)).toEqual([
      expect.stringMatching(/^bad.jsonl:2:7 data\/invalid-json Not valid JSON: "tru" is not JSON/),
      expect.stringMatching(/^bad.jsonl:3:1 data\/not-an-object .*found a list/),
      expect.stringMatching(/^bad.jsonl:4:1 data\/not-an-object .*found a text/),
      expect.stringMatching(/^bad.jsonl:5:9 data\/nul-byte .*NUL byte/),
      expect.stringMatching(/^bad.jsonl:7:9 data\/truncated-row The last row is not complete: .*inside a string/),
    ]);
  });

  test('bytes that are not UTF-8 are told by byte, line and column', async () => {
    const content = Buffer.concat([Buffer.from('{"a": "ok"}\n{"a": "é'), Buffer.from([0xe9]), Buffer.from('"}\n')]);
    const { problems } = await read('latin1.jsonl', content);
    expect(problems.map(told)).toEqual([
      expect.stringMatching(/^latin1.jsonl:2:9 data\/wrong-encoding Byte 21 of the text \(0xE9\) is not UTF-8/),
    ]);
  });

  test('a row beyond the limit is an error that names the line', async () => {
    const { rows, problems } = await read('long.jsonl', `{"a":1}\n{"a":"${'x'.repeat(3 << 20)}"}\n{"a":2}\n`, {
      rowLimit: 2 << 20,
    });
    expect(rows.map((row) => row.line)).toEqual([1, 3]);
    expect(problems.map(told)).toEqual([
      expect.stringMatching(/^long.jsonl:2:1 data\/row-too-large The row is 3.0 MiB long; more than 2 MiB/),
    ]);
  });

  test('a damaged tail of NUL bytes is one bad row', async () => {
    const { rows, problems } = await read('nul.jsonl', `{"a":1}\n${'\0'.repeat(5000)}`);
    expect(rows).toHaveLength(1);
    expect(problems.map(told)).toEqual([expect.stringMatching(/^nul.jsonl:2:1 data\/nul-byte/)]);
  });
});

describe('JSON arrays', () => {
  test('an element is named by its line; further elements of a line by their column too', async () => {
    const { rows } = await read('a.json', '\uFEFF[\n {"a": 1}, {"a":\n 2},\n {"a": 3}]\n');
    expect(rows.map(({ sampleId, value }) => [sampleId, value.a])).toEqual([
      ['a.json:2', 1],
      ['a.json:2:12', 2],
      ['a.json:4', 3],
    ]);
  });

  test('places inside an element of several lines', async () => {
    const { rows, problems } = await read('b.json', '[{"x": 0}, {"a":\n  "b",\n "c": 1}, {"a":\n oops}]');
    expect(placeInRow(rows[1]!, ['a'])).toEqual({ file: 'b.json', line: 2, column: 3, endLine: 2, endColumn: 6 });
    expect(placeInRow(rows[1]!, ['c'])).toMatchObject({ line: 3, column: 7 });
    expect(problems.map(told)).toEqual([expect.stringMatching(/^b.json:4:2 data\/invalid-json .*"oops"/)]);
  });

  test('an empty array has no rows', async () => {
    expect(await problemsOf(() => read('empty.json', ' [ ] '))).toMatchObject([
      { code: 'data/empty-file', place: { file: 'empty.json' } },
    ]);
  });
});

describe('gzip', () => {
  const rows = Array.from({ length: 2000 }, (_, i) => ({ a: `row ${i} ${Math.sin(i)}` }));

  test('lines and arrays, of several members too', async () => {
    const two = Buffer.concat([gzipSync(jsonl(rows.slice(0, 10))), gzipSync(jsonl(rows.slice(10, 20)))]);
    expect((await read('two.jsonl.gz', two)).rows.map((row) => row.value)).toEqual(rows.slice(0, 20));
    const array = await read('a.json.gz', gzipSync(JSON.stringify(rows)));
    expect(array.rows.map((row) => row.value)).toEqual(rows);
  });

  test('cut off or damaged: an error, not a short dataset', async () => {
    const packed = gzipSync(jsonl(rows));
    expect(await problemsOf(() => read('cut.jsonl.gz', packed.subarray(0, packed.length / 2)))).toMatchObject([
      {
        code: 'data/broken-gzip',
        message: expect.stringContaining('cut off') as string,
        place: { file: 'cut.jsonl.gz' },
      },
    ]);
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, 2000, 2100);
    expect(await problemsOf(() => read('bad.jsonl.gz', damaged))).toMatchObject([{ code: 'data/broken-gzip' }]);
    expect(await problemsOf(() => read('head.jsonl.gz', packed.subarray(0, 8)))).toMatchObject([
      { code: 'data/broken-gzip' },
    ]);
  });
});

describe('Parquet', () => {
  test('nested rows, Snappy', async () => {
    const { rows } = await readAll(path.join(fixtures, 'messages-snappy.parquet'), 'm.parquet');
    expect(rows.map(({ sampleId, value }) => [sampleId, value])).toEqual(
      Array.from({ length: 5 }, (_, i) => [
        `m.parquet#${i + 1}`,
        {
          id: i,
          messages: [
            { role: 'user', content: `Frage ${i} é 😀` },
            { role: 'assistant', content: `Antwort ${i}` },
          ],
        },
      ]),
    );
  });

  test('absent values are null, Zstandard', async () => {
    const { rows } = await readAll(path.join(fixtures, 'instruction-zstd.parquet'), 'i.parquet');
    expect(rows.map((row) => row.value.input)).toEqual(['x', null, 'x', null, 'x', null, 'x']);
    expect(placeInRow(rows[0]!, ['input'])).toEqual({ file: 'i.parquet' });
  });

  test('a cut or damaged file is told', async () => {
    const whole = readFileSync(path.join(fixtures, 'messages-snappy.parquet'));
    expect(await problemsOf(() => read('cut.parquet', whole.subarray(0, 900)))).toMatchObject([
      { code: 'data/broken-parquet', place: { file: 'cut.parquet' } },
    ]);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 4, 60);
    expect(await problemsOf(() => read('bad.parquet', damaged))).toMatchObject([{ code: 'data/broken-parquet' }]);
  });
});

describe('files that are no data', () => {
  test.each([
    ['empty.jsonl', '', 'data/empty-file', /is empty/],
    ['blank.jsonl', '\n \r\n', 'data/empty-file', /no rows/],
    ['bom-only.jsonl', '\uFEFF', 'data/empty-file', /no rows/],
    ['le.jsonl', Buffer.from('\uFEFF{"a":1}', 'utf16le'), 'data/wrong-encoding', /UTF-16 LE/],
    ['le-bare.jsonl', Buffer.from('{"a":1}', 'utf16le'), 'data/wrong-encoding', /UTF-16 LE/],
    ['be.jsonl', Buffer.from('{"a":1}', 'utf16le').swap16(), 'data/wrong-encoding', /UTF-16 BE/],
    ['a.csv', 'instruction,output\na,b\n', 'data/unsupported-file', /CSV/],
    ['a.xlsx', Buffer.from('PK\x03\x04rest', 'latin1'), 'data/unsupported-file', /Excel/],
    ['a.jsonl.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), 'data/unsupported-file', /Zstandard/],
  ])('%s', async (name, content, code, message) => {
    const [found] = await problemsOf(() => read(name, content));
    expect(found).toMatchObject({ code, message: expect.stringMatching(message) as string, place: { file: name } });
  });

  test('missing files and folders', async () => {
    expect(await problemsOf(() => readAll(path.join(folder, 'none.jsonl'), 'none.jsonl'))).toMatchObject([
      { code: 'data/missing-file' },
    ]);
    expect(await problemsOf(() => readAll(folder, 'data'))).toMatchObject([
      { code: 'data/unreadable-file', message: expect.stringContaining('data/*.jsonl') as string },
    ]);
  });
});

test('an aborted signal stops the reading', async () => {
  const stop = new AbortController();
  const file = writeData(
    folder,
    'stop.jsonl',
    jsonl(Array.from({ length: 60_000 }, (_, i) => ({ a: `${i}`.padStart(40, 'x') }))),
  );
  const reading = readAll(file, 'stop.jsonl', { signal: stop.signal, onBytes: () => stop.abort() });
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
});
