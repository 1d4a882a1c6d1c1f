// Lines that are read in large pieces are told as lines that are read one by one, whatever stands in them.
import { expect, test } from 'vitest';
import { arePlainMessages } from '../../../src/data/formats/chatMessages.ts';
import { convertValue } from '../../../src/data/formats/convert.ts';
import { LineSplitter } from '../../../src/data/read/lineSplitter.ts';
import { defaultRowLimit } from '../../../src/data/read/readRows.ts';
import { lineContext } from '../../../src/lint/line.ts';
import { RowReader } from '../../../src/lint/rowReader.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';
import { signsOf, sign } from '../../../src/lint/signs.ts';
import { combineHashes, hashTexts } from '../../../src/lint/hash.ts';
import { trickyRows } from '../../support/lintSample.ts';
import { seededFile, seedFormats } from '../../support/lintSeeds.ts';
import { uniform } from '../../support/random.ts';

const context = lineContext(defaultSettings, 'instruction');

function oneByOne(bytes: Buffer, offset: number, isFileEnd: boolean) {
  const reader = new RowReader(context, 'lines');
  const splitter = new LineSplitter(defaultRowLimit, offset);
  for (const piece of splitter.push(bytes)) reader.add(piece, false);
  for (const piece of splitter.end()) reader.add(piece, isFileEnd);
  return reader.result;
}

function together(bytes: Buffer, offset: number, isFileEnd: boolean) {
  const reader = new RowReader(context, 'lines');
  const lines = reader.addLines(bytes, offset, isFileEnd);
  return { lines, result: reader.result };
}

test('random bytes among rows: the same findings, facts, votes and line ends', () => {
  const random = uniform('bytes');
  const below = (n: number): number => Math.floor(random() * n);
  const liked = Array.from('"\\\n\r}@<&`~\u007f 0-').map((character) => character.charCodeAt(0));
  for (const format of seedFormats) {
    const { text } = seededFile(format, 60, 1, random);
    const rows = [...text.split('\n'), ...trickyRows.filter((row) => row.format === format).map(({ row }) => row)];
    const bytes = Buffer.from(rows.join('\n') + (random() < 0.5 ? '\n' : ' \r\n\t'));
    for (let i = 0; i < 40; i += 1)
      bytes[below(bytes.length)] = random() < 0.3 ? below(256) : liked[below(liked.length)]!;
    for (const [offset, isFileEnd] of [
      [0, true],
      [1000, false],
    ] as const) {
      const { lines, result } = together(bytes, offset, isFileEnd);
      expect(result).toEqual(oneByOne(bytes, offset, isFileEnd));
      expect(lines).toBe(bytes.toString('latin1').split('\n').length - 1);
    }
  }
});

test('signs: a character that passes for composed is in normal form C whatever stands before it', () => {
  const planes = [0, 1, 2];
  for (const plane of planes) {
    for (let code = plane * 0x10000 + (plane === 0 ? 0x80 : 0); code < (plane + 1) * 0x10000; code += 1) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const character = String.fromCodePoint(code);
      if ((signsOf(character) & sign.decomposed) !== 0) continue;
      const joins = /\p{M}|[\u1160-\u11ff]/u.test(character);
      if (joins || character.normalize('NFC') !== character) expect.fail(`U+${code.toString(16)}`);
    }
  }
});

test.each(['\x80', '\x9f', '\u200b', '\u2060', '\ufeff', '\ufffd', 'Ã©', 'Â\u00a0', 'â€™', 'Ð”', 'ðŸ˜€', 'ï¿½'])(
  'signs: %j is odd, wherever it stands',
  (odd) => {
    for (const text of [odd, `naïve ${odd}`, `日本 ${odd}`, `${odd} – ok`])
      expect(signsOf(text) & sign.odd).not.toBe(0);
  },
);

test.each(['naïve', 'ÂME', 'Ñandú', 'Привет', '“quoted” – yes', '日本語', '😀'])('signs: %j is not odd', (text) => {
  expect(signsOf(text) & (sign.odd | sign.decomposed)).toBe(0);
});

test('signs: runs of digits and letters count across their borders, and nothing else', () => {
  const has = (text: string, one: number): boolean => (signsOf(text) & one) !== 0;
  expect(has('call 12-345 67.89', sign.manyDigits)).toBe(true);
  expect(has('12345678', sign.manyDigits)).toBe(false);
  expect(has('12345 a 6789', sign.manyDigits)).toBe(false);
  expect(has('abcdefghijklmno', sign.longToken)).toBe(true);
  expect(has('abcdefg hijklmnopqrstu', sign.longToken)).toBe(false);
  expect(has('  abcdefgh_ijklm-9', sign.longToken)).toBe(true);
  expect(has('caf\u00e9', sign.foreign)).toBe(true);
  expect(has('a\\u0041', sign.escape)).toBe(true);
  expect(has('plain', sign.foreign)).toBe(false);
});

test('two hashes are combined as their digits are hashed, so that names of rows in sidecars stay', () => {
  const random = uniform('digits');
  const cases = [0, 1, 9, 10, 1e8, 1e8 - 1, 1e8 + 7, 2 ** 52 - 1, 4_503_599_600_000_000];
  for (let i = 0; i < 200; i += 1) cases.push(Math.floor(random() * 2 ** (1 + Math.floor(random() * 52))));
  for (const a of cases) for (const b of cases.slice(0, 20)) expect(combineHashes(a, b)).toBe(hashTexts([`${a} ${b}`]));
});

test('of messages that are plain at a glance the data room has nothing to say', () => {
  const random = uniform('plain');
  let plain = 0;
  for (const line of seededFile('messages', 100, 2, random).text.split('\n')) {
    const value = JSON.parse(line.replace(/^\ufeff/, '')) as Record<string, unknown>;
    if (!arePlainMessages(value['messages'])) continue;
    plain += 1;
    expect(convertValue(value, '', 'messages', {}).issues).toEqual([]);
  }
  expect(plain).toBeGreaterThan(100);
  const say = (message: unknown): boolean => arePlainMessages([{ role: 'user', content: 'Hi' }, message]);
  expect(say({ role: 'assistant', content: 'Hi' })).toBe(true);
  for (const other of [
    { role: 'bot', content: 'Hi' },
    { role: 'assistant', content: null },
    { role: 'assistant', content: 'Hi', weight: 2 },
    { content: 'Hi' },
    'Hi',
  ])
    expect(say(other)).toBe(false);
  expect(arePlainMessages([])).toBe(false);
});
