// Numbers, texts and tables as a terminal of 80 columns shows them.
import { describe, expect, test } from 'vitest';
import { formatAge, formatBytes, formatCount, formatDuration, formatLoss } from '../../../src/cli/render/numbers.ts';
import { createStyle } from '../../../src/cli/render/style.ts';
import { tableLines } from '../../../src/cli/render/table.ts';
import { oneLine, plainText, wrap } from '../../../src/cli/render/text.ts';
import { wantsColour } from '../../../src/cli/terminal.ts';

describe('numbers', () => {
  test.each([
    [0.04, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [200, '3 min 20 s'],
    [3599.6, '1 h 00 min'],
    [7500, '2 h 05 min'],
    [273_600, '3 d 4 h'],
    [Number.POSITIVE_INFINITY, '?'],
  ])('%d s is %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [513_000_000, '513 MB'],
    [999_600, '1.00 MB'],
    [1_850_000_000, '1.85 GB'],
    [16_800_000_000, '16.8 GB'],
    [Number.NaN, '?'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test('counts, losses and ages', () => {
    expect([7, 1234, 134_515_008].map(formatCount)).toEqual(['7', '1 234', '134 515 008']);
    expect([1.23456, 0.00012, 12_345, Number.NaN, -Infinity, 0].map(formatLoss)).toEqual([
      '1.235',
      '1.20e-4',
      '1.23e+4',
      'NaN',
      '-infinite',
      '0.000',
    ]);
    expect([-5, 59_400, 61_000, 7_200_000, 200_000_000].map(formatAge)).toEqual(['0 s', '59 s', '1 min', '2 h', '2 d']);
  });
});

describe('texts', () => {
  test('control characters of a model answer do not reach the terminal', () => {
    expect(plainText('a\u001b[31mb\u0007\r\u009bc\n\td')).toBe('a[31mbc\n\td');
  });

  test('one line, cut at the width', () => {
    expect(oneLine('  one\n\n two\tthree ', 80)).toBe('one ⏎ two three');
    expect(oneLine('abcdef', 4)).toBe('abc…');
    expect(oneLine('😀😀😀', 3)).toBe('😀😀😀');
  });

  test('wrapping keeps to the width, except for a word that is longer', () => {
    expect(wrap('one two three', 9, '  ')).toEqual(['  one two', '  three']);
    expect(wrap('short incomprehensibilities', 10)).toEqual(['short', 'incomprehensibilities']);
    expect(wrap('', 10)).toEqual([]);
  });
});

describe('tables', () => {
  const head = [
    { title: 'NAME', flexible: true },
    { title: 'N', align: 'right' },
  ] as const;

  test('columns are as wide as their widest cell', () => {
    expect(
      tableLines(
        head,
        [
          ['a', '1'],
          ['bcdef', '23'],
        ],
        80,
      ),
    ).toEqual(['NAME    N', 'a       1', 'bcdef  23']);
  });

  test('a flexible column gives way to the width of the terminal', () => {
    const lines = tableLines(head, [['x'.repeat(100), '12345']], 40);
    expect(lines[1]).toBe(`${'x'.repeat(32)}…  12345`);
    expect(lines.every((line) => line.length <= 40)).toBe(true);
  });
});

describe('colours', () => {
  test('only on a terminal, and never with NO_COLOR', () => {
    expect(wantsColour({}, true)).toBe(true);
    expect(wantsColour({}, false)).toBe(false);
    expect(wantsColour({ NO_COLOR: '1' }, true)).toBe(false);
    expect(wantsColour({ FORCE_COLOR: '1' }, false)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: '0' }, true)).toBe(false);
  });

  test('a style that is off changes nothing', () => {
    expect(createStyle(false).red('a')).toBe('a');
    expect(createStyle(true).red('a')).toBe('\u001b[31ma\u001b[39m');
    expect(createStyle(true).red('')).toBe('');
  });
});
