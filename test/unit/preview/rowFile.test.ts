// Rows by number: what the index finds is what a plain split of the whole text finds, in every kind of file.
import { appendFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { LineIndex } from '../../../src/preview/lineIndex.ts';
import { uniform } from '../../support/random.ts';
import { cleanUp, indexed, never, openedFile, written } from './support.ts';

cleanUp();

/** Rows of very different lengths, blank lines between them. */
function lines(seed: string, count: number): string {
  const random = uniform(seed);
  let text = '';
  for (let i = 0; i < count; i += 1) {
    if (random() < 0.1) text += random() < 0.5 ? '\n' : '  \t\r\n';
    const length = Math.floor(random() < 0.02 ? random() * 300_000 : random() * 400);
    text += `${JSON.stringify({ i, text: 'é'.repeat(length) })}${random() < 0.3 ? '\r\n' : '\n'}`;
  }
  return text;
}

/** The rows and lines of a text, by the simplest means. */
function split(text: string): { text: string; line: number }[] {
  return text
    .split('\n')
    .map((each, index) => ({ text: each.replace(/\r$/, ''), line: index + 1 }))
    .filter(({ text: each }) => each.trim() !== '');
}

describe('JSON Lines', () => {
  test('any row, and rows of any range, are those of the text', async () => {
    const text = lines('rows', 700);
    const wanted = split(text);
    const file = await indexed('rows.jsonl', text);
    expect(file.rowCount).toBe(wanted.length);
    for (const row of [0, 1, 63, 64, 65, 300, wanted.length - 1]) {
      const [found] = await file.read(row, 1);
      expect([found?.bytes.toString(), found?.line]).toEqual([wanted[row]?.text, wanted[row]?.line]);
    }
    const range = await file.read(120, 90);
    expect(range.map(({ bytes }) => bytes.toString())).toEqual(wanted.slice(120, 210).map((each) => each.text));
    const all: number[] = [];
    for await (const { line } of file.rows(never)) all.push(line);
    expect(all).toEqual(wanted.map(({ line }) => line));
  });

  test('the row of a line is the row on it, or the last before it', async () => {
    const text = lines('by line', 300);
    const wanted = split(text);
    const file = await indexed('rows.jsonl', text);
    for (const line of [1, 5, 77, 150, 299, 10_000]) {
      const expected = wanted.findLastIndex((each) => each.line <= line);
      expect(await file.rowOfLine(line), `line ${line}`).toBe(Math.max(0, expected));
    }
  });

  test('chunks of any size give the same index', () => {
    const bytes = Buffer.from(lines('chunks', 200));
    const whole = new LineIndex(0);
    whole.add(bytes);
    const pieces = new LineIndex(0);
    const random = uniform('sizes');
    for (let at = 0; at < bytes.length;) {
      const next = at + 1 + Math.floor(random() * 5000);
      pieces.add(bytes.subarray(at, next));
      at = next;
    }
    expect(pieces.rowCount).toBe(whole.rowCount);
    for (let row = 0; row < whole.rowCount; row += 7) expect(pieces.markBefore(row)).toEqual(whole.markBefore(row));
  });

  test('a last row without line end, a byte order mark and an empty line at the end do not matter', async () => {
    const file = await indexed('rows.jsonl', '\ufeff{"a":1}\n\n{"a":2}');
    expect((await file.read(0, 9)).map(({ bytes, line }) => [bytes.toString(), line])).toEqual([
      ['{"a":1}', 1],
      ['{"a":2}', 3],
    ]);
  });

  test('rows that are appended are followed, another content is not taken for them', async () => {
    const path = written('rows.jsonl', '{"a":1}\n{"a":2}');
    const file = await openedFile(path);
    expect(await file.follow(never)).toBe('same');
    appendFileSync(path, '22}\n{"a":3}\n');
    expect(await file.follow(never)).toBe('grown');
    expect((await file.read(0, 9)).map(({ bytes }) => bytes.toString())).toEqual(['{"a":1}', '{"a":2}22}', '{"a":3}']);
    writeFileSync(path, '{"b":1}\n{"b":2}\n{"b":3}\n{"b":4}\n{"b":5}\n');
    expect(await file.follow(never)).toBe('other');
  });
});

describe('other files', () => {
  test('a JSON array by elements, with line and column', async () => {
    const file = await indexed('rows.json', '[\n  {"a": 1},\n  {"a": [2,\n 3]}, {"a": 4}\n]\n');
    const rows = await file.read(0, 9);
    expect(rows.map(({ bytes }) => JSON.parse(bytes.toString()) as unknown)).toEqual([
      { a: 1 },
      { a: [2, 3] },
      { a: 4 },
    ]);
    expect(rows.map(({ line, column }) => [line, column])).toEqual([
      [2, 3],
      [3, 3],
      [4, 7],
    ]);
    expect(await file.rowOfLine(3)).toBe(1);
  });

  test('gzipped lines and a gzipped array', async () => {
    const text = lines('packed', 120);
    const packed = await indexed('rows.jsonl.gz', gzipSync(text));
    const wanted = split(text);
    expect(packed.rowCount).toBe(wanted.length);
    expect((await packed.read(100, 1))[0]?.bytes.toString()).toBe(wanted[100]?.text);
    const array = await indexed('rows.json.gz', gzipSync('[{"a":1},\n{"a":\n2}]'));
    expect((await array.read(0, 9)).map(({ bytes }) => bytes.toString())).toEqual(['{"a":1}', '{"a": 2}']);
  });

  test('CSV by its head, with quotes over lines, other separators and names that come twice', async () => {
    const file = await indexed('rows.csv', 'id;text;text\r\n1;"two\nlines; ""quoted""";x\r\n2;b\r\n');
    const rows = await file.read(0, 9);
    expect(rows.map(({ bytes }) => JSON.parse(bytes.toString()) as unknown)).toEqual([
      { id: '1', text: 'two\nlines; "quoted"', text_2: 'x' },
      { id: '2', text: 'b' },
    ]);
    expect(rows.map(({ line }) => line)).toEqual([3, 4]);
  });

  test('damaged files are told, not thrown about', async () => {
    const cut = gzipSync('{"a":1}\n'.repeat(5000)).subarray(0, 60);
    await expect(indexed('rows.jsonl.gz', cut)).rejects.toThrow(/cut off/);
    await expect(indexed('rows.csv', 'a,b\n1,2,3\n')).rejects.toThrow(/more values than the head/);
    await expect(indexed('rows.json', '[{"a":1}')).rejects.toThrow(/ends too early/);
  });
});
