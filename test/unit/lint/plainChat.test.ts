// Chats that are told from their bytes alone are told as those that are parsed: the same findings, facts and widths.
import { expect, test } from 'vitest';
import { LineSplitter } from '../../../src/data/read/lineSplitter.ts';
import { defaultRowLimit } from '../../../src/data/read/readRows.ts';
import { hashTexts } from '../../../src/lint/hash.ts';
import { JsonHash } from '../../../src/lint/jsonHash.ts';
import { lineContext } from '../../../src/lint/line.ts';
import { PlainChats } from '../../../src/lint/plainChat.ts';
import { RowReader, type PartResult } from '../../../src/lint/rowReader.ts';
import { defaultSettings, onlyRules } from '../../../src/lint/settings.ts';
import { SignFinder } from '../../../src/lint/signs.ts';
import { uniform } from '../../support/random.ts';

const settings = { ...defaultSettings, severities: onlyRules(['form', 'chat', 'safety', 'quality/duplicate']) };
const context = lineContext(settings, 'messages');

function parsed(bytes: Buffer): PartResult {
  const reader = new RowReader(context, 'lines');
  const splitter = new LineSplitter(defaultRowLimit);
  for (const piece of [...splitter.push(bytes), ...splitter.end()]) reader.add(piece, piece.last);
  return reader.result;
}

function fromBytes(bytes: Buffer): PartResult {
  const reader = new RowReader(context, 'lines');
  reader.addLines(bytes, 0, true);
  return reader.result;
}

function isPlain(row: string): boolean {
  const bytes = Buffer.from(row);
  return new PlainChats(bytes).read(0, bytes.length, new SignFinder(bytes).of(0, bytes.length)) !== undefined;
}

const chat = (...contents: string[]): string =>
  JSON.stringify({ messages: contents.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })) });

/** Pieces of contents as they stand in JSON: what is plain, what is not, and what is no JSON. */
const pieces = [
  ...[
    'a',
    'word ',
    ' ',
    '. ',
    '7',
    '\\n',
    '\\n\\n',
    '\\t',
    '\\"',
    '\\\\',
    '\\/',
    '\\b',
    '\\r',
    '\\u0041',
    '\\ud83d\\ude00',
  ],
  ...[
    'é',
    'ß',
    'Привет',
    '日本語',
    '😀',
    '𝒳',
    '“x”',
    '…',
    '\u00a0',
    '\u3000',
    '\u200b',
    '\ufeff',
    'e\u0301',
    '\u0080',
    '힣',
  ],
  ...[
    '```\\nx\\n```',
    '```',
    '~~~',
    '`',
    '<think>',
    '</think>',
    '<\\/think>',
    'x < y',
    '@',
    'a.b@mail.org',
    '123456789',
  ],
  ...['abcdefghijklmnopq', 'PRIVATE KEY', '\\ud800', '\\x', '\t', '\u007f', '"', '\\', '{', '}', ','],
];
const tame = pieces.slice(0, 11);
const roles = ['user', 'assistant', 'user', 'assistant', 'user', 'assistant', 'system', 'tool', 'bot', 'developer', ''];

test('random chats, whole and damaged: the same counts, places, facts, votes and line ends', () => {
  const random = uniform('plain chats');
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const gap = (): string => (below(20) === 0 ? ' '.repeat(1 + below(2)) : '');
  let plain = 0;
  for (let round = 0; round < 30; round += 1) {
    const rows = Array.from({ length: 40 }, () => {
      // Most rows are tame, so that many are plain and many are nearly so.
      const wild = below(4) === 0;
      const turns = Array.from({ length: below(10) === 0 ? below(4) : 2 + 2 * below(2) }, (_, i) => {
        const role = wild && below(3) === 0 ? pick(roles) : i % 2 === 0 ? 'user' : 'assistant';
        const content = Array.from({ length: below(12) }, () => pick(wild ? pieces : tame)).join('');
        const members = [`"role"${gap()}:${gap()}"${role}"`, `"content":${gap()}"${wild ? '' : 'a'}${content}"`];
        if (below(8) === 0) members.reverse();
        if (below(30) === 0) members.push(pick(['"name":"x"', '"role":"user"', '"content":null', '"weight":0']));
        return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
      });
      if (below(6) === 0) turns.unshift('{"role":"system","content":"Be brief."}');
      const extra = below(20) === 0 ? pick([',"id":1', ',"messages":[]', ',', ' ', '}']) : '';
      return `{${gap()}"messages":${gap()}[${turns.join(',')}]${extra}}${below(20) === 0 ? pick([' ', '\r', 'x']) : ''}`;
    });
    plain += rows.filter(isPlain).length;
    const bytes = Buffer.from(rows.join('\n'));
    expect(fromBytes(bytes)).toEqual(parsed(bytes));
    for (let i = 0; i < 8; i += 1) bytes[below(bytes.length)] = below(256);
    expect(fromBytes(bytes)).toEqual(parsed(bytes));
  }
  expect(plain).toBeGreaterThan(400);
});

test('plain are chats of user and assistant by turns, of any letters, in JSON as several writers write it', () => {
  expect(isPlain(chat('Hi', 'Hello'))).toBe(true);
  expect(isPlain(chat('Привет', '日本語 😀 “yes”\n\t"quoted" \\ naïve'))).toBe(true);
  expect(isPlain(chat('a', '```js\nlet a;\n```', 'b', 'c'))).toBe(true);
  expect(isPlain(chat('\n  a', ' b'))).toBe(true);
  expect(
    isPlain(
      '{"messages": [{"role": "system", "content": "x"}, {"content": "y", "role": "user"}, {"role": "assistant", "content": "z"}]}',
    ),
  ).toBe(true);
});

test.each([
  ['no answer', chat('Hi')],
  ['a blank turn', chat('Hi', ' \n')],
  ['an empty turn', chat('', 'Hi')],
  ['an open code block', chat('Hi', 'a\n```js\nlet a;')],
  ['a tag of reasoning', chat('Hi', '<think>a')],
  ['an address', chat('Hi', 'jane@mail.org')],
  ['an escape by number', '{"messages":[{"role":"user","content":"\\u0000"},{"role":"assistant","content":"b"}]}'],
  ['an unknown escape', '{"messages":[{"role":"user","content":"\\x"},{"role":"assistant","content":"b"}]}'],
  ['a tab inside of a text', '{"messages":[{"role":"user","content":"a\tb"},{"role":"assistant","content":"b"}]}'],
  ['an escaped end', '{"messages":[{"role":"user","content":"a\\"},{"role":"assistant","content":"b"}]}'],
  ['something behind it', `${chat('a', 'b')}}`],
  ['another field', `{"id":1,${chat('a', 'b').slice(1)}`],
  ['another order', '{"messages":[{"role":"assistant","content":"a"},{"role":"user","content":"b"}]}'],
])('not plain: %s', (_, row) => {
  expect(isPlain(row)).toBe(false);
});

test('texts are hashed from the bytes of their JSON as from their characters', () => {
  const random = uniform('hashes');
  const hash = new JsonHash();
  for (let round = 0; round < 300; round += 1) {
    const texts = Array.from({ length: Math.floor(random() * 4) }, () =>
      Array.from({ length: Math.floor(random() * 30) }, () => {
        const code = Math.floor(2 ** (random() * 20.9));
        const isAlone = (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
        // Characters that JSON.stringify writes by number are not taken in.
        return isAlone || (code < 0x20 && ![8, 9, 10, 12, 13].includes(code)) ? 'x' : String.fromCodePoint(code);
      }).join(''),
    );
    hash.reset();
    for (const text of texts) {
      const bytes = Buffer.from(JSON.stringify(text));
      expect(hash.add(bytes, 1, bytes.length - 1)).toBe(true);
    }
    const chars = texts.join('');
    expect(hash.value).toBe(hashTexts(texts));
    expect([hash.units, hash.narrowed]).toEqual([chars.length, Buffer.from(chars).length - chars.length]);
  }
});
