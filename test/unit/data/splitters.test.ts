import { describe, expect, test } from 'vitest';
import { ArraySplitter } from '../../../src/data/read/arraySplitter.ts';
import { LineSplitter } from '../../../src/data/read/lineSplitter.ts';
import type { Splitter, TextPiece } from '../../../src/data/read/textPiece.ts';
import { seededRandom, randomBelow, type Random } from '../../../src/data/random.ts';
import { problemsOf } from './support.ts';

/** Feeds a text in chunks of random sizes, empty ones too. */
function feed(splitter: Splitter, bytes: Buffer, random: Random, largest: number): TextPiece[] {
  const pieces: TextPiece[] = [];
  let at = 0;
  while (at < bytes.length) {
    const size = randomBelow(random, largest + 1);
    pieces.push(...splitter.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return [...pieces, ...splitter.end()];
}

const strings = [
  '',
  'plain',
  'é',
  '😀 emoji',
  '日本語',
  'quote " and \\ slash',
  '[{,}]',
  'line\nbreak',
  '\u2028',
  'a]b',
  '\\"',
];

function randomValue(random: Random, depth: number): unknown {
  switch (randomBelow(random, depth > 0 ? 7 : 5)) {
    case 0:
      return randomBelow(random, 1000) / 8;
    case 1:
      return randomBelow(random, 2) === 0;
    case 2:
      return null;
    case 3:
    case 4:
      return strings[randomBelow(random, strings.length)]! + strings[randomBelow(random, strings.length)]!;
    case 5:
      return Array.from({ length: randomBelow(random, 4) }, () => randomValue(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: randomBelow(random, 4) }, (_, i) => [
          `${strings[randomBelow(random, strings.length)]!}${i}`,
          randomValue(random, depth - 1),
        ]),
      );
  }
}

/** JSON with random white space where JSON allows it. */
function spaced(value: unknown, random: Random): string {
  const space = () => ['', '', ' ', '\n', '\r\n', '\t '][randomBelow(random, 6)]!;
  if (Array.isArray(value))
    return `[${space()}${value.map((item) => spaced(item, random)).join(`${space()},${space()}`)}${space()}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => `${JSON.stringify(name)}${space()}:${space()}${spaced(member, random)}`,
    );
    return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`;
  }
  return JSON.stringify(value);
}

describe('ArraySplitter', () => {
  test('finds the elements of any array in chunks of any size, with their places', () => {
    const random = seededRandom(1);
    for (let round = 0; round < 300; round += 1) {
      const value = Array.from({ length: randomBelow(random, 6) }, () => randomValue(random, 3));
      const text = spaced(value, random);
      const bytes = Buffer.from(text);
      const pieces = feed(new ArraySplitter('x.json', 1e6), bytes, random, 1 + randomBelow(random, 12));
      expect(pieces.map((piece) => JSON.parse(piece.bytes!.toString()) as unknown)).toEqual(value);
      for (const piece of pieces) {
        const before = bytes.subarray(0, piece.byteOffset).toString();
        expect(bytes.subarray(piece.byteOffset, piece.byteOffset + piece.byteLength)).toEqual(piece.bytes);
        expect(piece.line).toBe(before.split('\n').length);
        expect(piece.column).toBe(before.length - (before.lastIndexOf('\n') + 1) + 1);
      }
    }
  });

  test('drops a row beyond the limit and goes on', () => {
    const text = JSON.stringify([{ a: 'short' }, { a: 'long'.repeat(50) }, { a: 'after' }]);
    const pieces = feed(new ArraySplitter('x.json', 100), Buffer.from(text), seededRandom(2), 7);
    expect(pieces.map((piece) => piece.bytes?.toString())).toEqual(['{"a":"short"}', undefined, '{"a":"after"}']);
    expect(pieces[1]!.byteLength).toBe(JSON.stringify({ a: 'long'.repeat(50) }).length);
  });

  test.each([
    ['[{"a": 1} {"b": 2}]', 'data/invalid-json', 'x.json:1:11', /"," or "]"/],
    ['[{"a": 1},\n]', 'data/invalid-json', 'x.json:2:1', /Expected an element/],
    ['[{"a": 1}]\n[]', 'data/invalid-json', 'x.json:2:1', /after the array/],
    ['[{"a": 1},\n {"b": 2', 'data/truncated-file', 'x.json:2:9', /starts on line 2/],
    ['[{"a": 1}', 'data/truncated-file', 'x.json:1:10', /no "]"/],
  ])('says where the array %j is broken', async (text, code, place, message) => {
    const splitter = new ArraySplitter('x.json', 1e6);
    const [found] = await problemsOf(() => [...splitter.push(Buffer.from(text)), ...splitter.end()]);
    expect(found).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(`${found!.place!.file}:${found!.place!.line}:${found!.place!.column}`).toBe(place);
  });

  test('a bracket too many ends the element, so that its parser says so', () => {
    const pieces = new ArraySplitter('x.json', 1e6).push(Buffer.from('[1}, {"a": 2}]'));
    expect(pieces.map((piece) => piece.bytes!.toString())).toEqual(['1}', '{"a": 2}']);
  });
});

describe('LineSplitter', () => {
  test('equals splitting the whole text, in chunks of any size', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 300; round += 1) {
      const parts = Array.from({ length: randomBelow(random, 8) }, () =>
        strings[randomBelow(random, strings.length)]!.replaceAll('\n', ' '),
      );
      const end = ['\n', '\r\n'][randomBelow(random, 2)]!;
      const text = parts.join(end) + (randomBelow(random, 2) === 0 ? end : '');
      const bytes = Buffer.from(text);
      const pieces = feed(new LineSplitter(1e6), bytes, random, 1 + randomBelow(random, 9));
      const expected = text
        .split('\n')
        .map((line, i) => ({ line: i + 1, text: line }))
        .filter(({ text: line }) => !/^[ \t\r]*$/.test(line));
      expect(pieces.map((piece) => ({ line: piece.line, text: piece.bytes!.toString() }))).toEqual(expected);
      for (const piece of pieces)
        expect(bytes.subarray(piece.byteOffset, piece.byteOffset + piece.byteLength)).toEqual(piece.bytes);
    }
  });

  test('a line beyond the limit is told, not kept, and the next lines are read', () => {
    const text = `{"a":1}\n${'x'.repeat(1000)}\n{"a":2}\n`;
    const pieces = feed(new LineSplitter(100), Buffer.from(text), seededRandom(4), 64);
    expect(pieces.map(({ bytes, byteLength, line }) => [bytes?.length, byteLength, line])).toEqual([
      [7, 7, 1],
      [undefined, 1000, 2],
      [7, 7, 3],
    ]);
  });
});
