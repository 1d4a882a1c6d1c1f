// Merges by numbers against byte-pair encoding as it is told: strings, joined pair by pair.
import { expect, test } from 'vitest';
import { MergeTable } from '../../../src/models/mergeTable.ts';
import { uniform } from '../../support/random.ts';

/** Joins the pair of lowest rank, the leftmost of equal ones, until no pair may be joined. */
function joined(word: readonly string[], ranks: ReadonlyMap<string, number>): readonly string[] {
  const rankAt = (i: number) => ranks.get(`${word[i]} ${word[i + 1]}`) ?? Infinity;
  const places = word.slice(1).map((_, i) => i);
  const lowest = Math.min(...places.map(rankAt));
  const at = places.find((i) => rankAt(i) === lowest);
  if (at === undefined || lowest === Infinity) return word;
  return joined([...word.slice(0, at), word[at]! + word[at + 1]!, ...word.slice(at + 2)], ranks);
}

test('tokens are those of strings that are joined', () => {
  for (let round = 0; round < 40; round += 1) {
    const random = uniform(`merges ${round}`);
    const ids = new Map<string, number>(Array.from('abcd', (letter, i) => [letter, i]));
    const merges = new Map<string, number>();
    const table = new MergeTable([0, 1, 2, 3], 60);
    for (let rank = 0; rank < 60; rank += 1) {
      const known = [...ids.keys()];
      const [left, right] = [known[Math.floor(random() * known.length)]!, known[Math.floor(random() * known.length)]!];
      const id = ids.get(left + right) ?? ids.size;
      ids.set(left + right, id);
      merges.set(`${left} ${right}`, rank);
      expect(table.add(ids.get(left)!, ids.get(right)!, rank, id)).toBe(true);
      expect(table.length(id)).toBe(left.length + right.length);
    }
    for (let i = 0; i < 50; i += 1) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * (i === 0 ? 400 : 30)) }, () => random() * 4);
      const expected = joined(
        Array.from(bytes, (byte) => 'abcd'[byte]!),
        merges,
      ).map((token) => ids.get(token));
      expect([...(table.encode(bytes, bytes.length) ?? [])]).toEqual(expected);
    }
  }
});

test('a piece with a byte that has no token is left to others', () => {
  const table = new MergeTable([0, undefined, 1], 4);
  expect(table.encode(Uint8Array.of(2, 0), 2)).toEqual(Int32Array.of(1, 0));
  expect(table.encode(Uint8Array.of(2, 1), 2)).toBeUndefined();
});

test('a merge of unknown tokens, or into a token of another length, is refused', () => {
  const table = new MergeTable([0, 1], 4);
  expect(table.add(0, 1, 0, 2)).toBe(true);
  expect(table.add(0, 7, 1, 8)).toBe(false);
  expect(table.add(2, 1, 2, 0)).toBe(false);
});
