// The JSON Lines codec: chunk borders, line ends, broken UTF-8, overlong and unfinished lines, numbers JSON lacks.
import { describe, expect, test } from 'vitest';
import {
  createJsonLineDecoder,
  encodeJsonLine,
  reviveNumbers,
  type JsonLine,
} from '../../../src/protocol/jsonLines.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function decodeInChunks(all: Uint8Array, size: number): JsonLine[] {
  const decoder = createJsonLineDecoder();
  const lines: JsonLine[] = [];
  for (let at = 0; at < all.length; at += size) lines.push(...decoder.push(all.subarray(at, at + size)));
  return [...lines, ...decoder.finish()];
}

describe('decoding', () => {
  test('gives the same values for every size of chunk, characters of four bytes included', () => {
    const values = [{ text: 'žluťoučký 🐎 \u2028' }, [1, 2], 'a\nb', null];
    const all = bytes(values.map(encodeJsonLine).join(''));
    for (let size = 1; size <= all.length; size++) {
      expect(decodeInChunks(all, size)).toEqual(values.map((value) => ({ ok: true, value })));
    }
  });

  test('accepts \\r\\n and skips blank lines', () => {
    expect(decodeInChunks(bytes('{"a":1}\r\n\r\n\n{"a":2}\r\n'), 3)).toEqual([
      { ok: true, value: { a: 1 } },
      { ok: true, value: { a: 2 } },
    ]);
  });

  test('reports a garbage line and goes on', () => {
    const [bad, good] = decodeInChunks(bytes('{"a":\n{"a":2}\n'), 100);
    expect(bad).toMatchObject({ ok: false, text: '{"a":' });
    expect(good).toEqual({ ok: true, value: { a: 2 } });
  });

  test('reports bytes that are not UTF-8 instead of replacing them', () => {
    const [bad] = decodeInChunks(new Uint8Array([0x22, 0xff, 0x22, 0x0a]), 100);
    expect(bad).toMatchObject({ ok: false, problem: expect.stringContaining('UTF-8') as string });
  });

  test('keeps an incomplete last line until its end comes', () => {
    const decoder = createJsonLineDecoder();
    expect(decoder.push(bytes('{"a"'))).toEqual([]);
    expect(decoder.push(bytes(':1}\n'))).toEqual([{ ok: true, value: { a: 1 } }]);
    decoder.push(bytes('{"b"'));
    expect(decoder.finish()).toMatchObject([{ ok: false, text: '{"b"' }]);
    expect(decoder.finish()).toEqual([]);
  });

  test.each([1, 7, 1000])('reports an overlong line once and takes the next (chunks of %i)', (size) => {
    const decoder = createJsonLineDecoder({ maxLineBytes: 20 });
    const all = bytes(`"${'x'.repeat(300)}"\n{"a":1}\n`);
    const lines: JsonLine[] = [];
    for (let at = 0; at < all.length; at += size) lines.push(...decoder.push(all.subarray(at, at + size)));
    expect(lines).toMatchObject([
      { ok: false, problem: 'The line has 302 bytes; at most 20 are accepted.' },
      { ok: true, value: { a: 1 } },
    ]);
  });
});

test('non-finite numbers survive the wire in their fields; the same words in a text stay a text', () => {
  const value = { loss: Number.NaN, rows: [{ loss: Number.POSITIVE_INFINITY }, { loss: -Infinity }], answer: 'NaN' };
  const line = encodeJsonLine(value);
  expect(line).toBe('{"loss":"NaN","rows":[{"loss":"Infinity"},{"loss":"-Infinity"}],"answer":"NaN"}\n');
  expect(reviveNumbers(JSON.parse(line), new Set(['loss']))).toEqual(value);
});
