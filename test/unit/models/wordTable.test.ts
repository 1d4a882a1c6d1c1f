// Words that are found by their units: those that were remembered, no others, also when hashes meet and all are forgotten.
import { expect, test } from 'vitest';
import { eachWord, unitsOf } from '../../../src/models/wordCuts.ts';
import { WordTable } from '../../../src/models/wordTable.ts';
import { uniform } from '../../support/random.ts';

test('a table finds what a map of strings finds', () => {
  const random = uniform('words');
  const most = 50;
  const table = new WordTable<string>(most);
  let known = new Map<string, string>();
  for (let round = 0; round < 3000; round += 1) {
    const word = Array.from({ length: Math.floor(4 * random()) }, () => 'ab\ud800é'[Math.floor(4 * random())]).join('');
    const text = Uint16Array.from(`..${word}..`, (unit) => unit.charCodeAt(0));
    const [start, end] = [2, 2 + word.length];
    // Few hashes, so that different words often have the same.
    const hash = word.length % 3;
    expect(table.find(text, start, end, hash)).toBe(known.get(word));
    if (known.has(word)) continue;
    if (known.size === most) known = new Map();
    known.set(word, word);
    table.add(text, start, end, hash, word);
  }
});

test('words follow one another and are all of the text', () => {
  const words = (text: string): string[] => {
    const found: string[] = [];
    eachWord(unitsOf(text), text.length, (start, end) => found.push(text.slice(start, end)));
    return found;
  };
  expect(words('It is so, said (he).\nNo!\n\nOK  x 3')).toEqual([
    'It',
    ' is',
    ' so',
    ',',
    ' said (he',
    ').\n',
    'No',
    '!\n\nOK  x 3',
  ]);
  expect(words('')).toEqual([]);
  expect(words('x')).toEqual(['x']);
  const long = 'word '.repeat(20_000);
  expect(words(long).join('')).toBe(long);
});
