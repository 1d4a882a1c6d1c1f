// Words that are found by their units: those that were remembered, no others, also when hashes meet and all are forgotten.
import { expect, test } from 'vitest';
import { eachWord, unitsOf } from '../../../src/models/wordCuts.ts';
import { WordTable } from '../../../src/models/wordTable.ts';
import { uniform } from '../../support/random.ts';

test('a table finds what a map of strings finds', () => {
  const random = uniform('words');
  const [most, longest] = [50, 3];
  const table = new WordTable(most, longest);
  let known = new Map<string, readonly number[]>();
  const tokensAt = (at: number): readonly number[] =>
    Array.from({ length: table.memory[at]! }, (_, i) => table.memory[at + 2 + 3 * i]!);
  for (let round = 0; round < 3000; round += 1) {
    const word = Array.from({ length: Math.floor(5 * random()) }, () => 'ab\ud800é'[Math.floor(4 * random())]).join('');
    const text = Uint16Array.from(`..${word}..`, (unit) => unit.charCodeAt(0));
    const [start, end] = [2, 2 + word.length];
    // Few hashes, so that different words often have the same.
    const hash = word.length % 3;
    const found = table.find(text, start, end, hash);
    expect(found > 0 ? tokensAt(found) : undefined).toEqual(known.get(word));
    if (found > 0) continue;
    if (known.size === most) known = new Map();
    const ids = Array.from({ length: Math.floor(9 * random()) }, () => Math.floor(1e6 * random()));
    if (word.length <= longest) known.set(word, ids);
    expect(tokensAt(table.add(text, start, end, hash, ids, undefined))).toEqual(ids);
  }
});

test('words follow one another and are all of the text', () => {
  const words = (text: string): string[] => {
    const found: string[] = [];
    eachWord(unitsOf(text), text.length, (start, end) => found.push(text.slice(start, end)));
    return found;
  };
  expect(words('It is so, said (he).\nNo!\n\nOK  x 3 f(y[0])')).toEqual([
    'It',
    ' is',
    ' so',
    ',',
    ' said (he',
    ').\n',
    'No',
    '!\n\nOK ',
    ' x 3',
    ' f',
    '(y',
    '[0])',
  ]);
  expect(words('')).toEqual([]);
  expect(words('x')).toEqual(['x']);
  const long = 'word '.repeat(20_000);
  expect(words(long).join('')).toBe(long);
});
