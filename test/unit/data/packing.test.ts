import { describe, expect, test } from 'vitest';
import { chooseCapacity, packRows } from '../../../src/data/packing.ts';
import { randomBelow, seededRandom } from '../../../src/data/random.ts';
import type { TokenisedRow } from '../../../src/data/dataset.ts';

const row = (sampleId: string, tokens: number[], mask: number[]): TokenisedRow => ({
  sampleId,
  tokens: Int32Array.from(tokens),
  mask: Uint8Array.from(mask),
});

function randomRows(seed: number, count: number, longest: number): TokenisedRow[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const length = 1 + randomBelow(random, longest);
    const tokens = Array.from({ length }, (_, t) => i * 1000 + t); // each token tells its row and place
    return row(
      `d:${i + 1}`,
      tokens,
      tokens.map(() => randomBelow(random, 2)),
    );
  });
}

/** Every prediction as `row: place of the target`, computed from the rows alone. */
function wanted(rows: readonly TokenisedRow[]): string[] {
  return rows.flatMap(({ sampleId, mask }) =>
    [...mask].flatMap((trained, t) => (trained === 1 && t > 0 ? [`${sampleId} ${t}`] : [])),
  );
}

test('one small example, by hand', () => {
  const rows = [row('d:1', [10, 11, 12], [0, 1, 1]), row('d:2', [20, 21], [1, 1])];
  expect(packRows(rows, { capacity: 5, packing: true })).toEqual([
    {
      tokens: Int32Array.of(10, 11, 12, 20, 21),
      positions: Int32Array.of(0, 1, 2, 0, 1),
      segments: Int32Array.of(0, 0, 0, 1, 1),
      lossPositions: Int32Array.of(0, 1, 3), // 20 has nothing before it in its own row
      lossTargets: Int32Array.of(11, 12, 21),
      sampleIds: ['d:1', 'd:2'],
    },
  ]);
});

describe.each([true, false])('packing: %s', (packing) => {
  test.each([1, 2, 3, 4, 5])('every trained token is predicted once, from its own row (seed %i)', (seed) => {
    const rows = randomRows(seed, 60, 70);
    const capacity = 64;
    const sequences = packRows(rows, { capacity, packing });
    const predictions: string[] = [];
    let tokens = 0;
    for (const sequence of sequences) {
      tokens += sequence.tokens.length;
      if (sequence.tokens.length > capacity || !packing) expect(sequence.sampleIds).toHaveLength(1);
      sequence.segments.forEach((segment, place) => {
        const token = sequence.tokens[place]!;
        expect(`d:${Math.floor(token / 1000) + 1}`).toBe(sequence.sampleIds[segment]);
        expect(sequence.positions[place]).toBe(token % 1000);
      });
      expect([...sequence.lossPositions]).toEqual([...sequence.lossPositions].sort((a, b) => a - b));
      sequence.lossPositions.forEach((place, i) => {
        const target = sequence.lossTargets[i]!;
        expect(sequence.tokens[place]).toBe(target - 1); // the token before it, of the same row
        expect(sequence.segments[place]).toBe(sequence.segments[place + 1]);
        predictions.push(`d:${Math.floor(target / 1000) + 1} ${target % 1000}`);
      });
    }
    expect(predictions.sort()).toEqual(wanted(rows).sort());
    expect(tokens).toBe(rows.reduce((sum, { tokens: own }) => sum + own.length, 0));
    expect(sequences.flatMap(({ sampleIds }) => sampleIds).sort()).toEqual(rows.map(({ sampleId }) => sampleId).sort());
  });
});

test('sequences are full: close to the least count possible', () => {
  for (const seed of [1, 2, 3]) {
    const rows = randomRows(seed, 400, 300);
    const total = rows.reduce((sum, { tokens }) => sum + tokens.length, 0);
    expect(packRows(rows, { capacity: 512, packing: true }).length).toBeLessThanOrEqual(
      Math.ceil((total / 512) * 1.05),
    );
  }
});

test('equal rows give equal sequences, in the order of the rows', () => {
  const rows = [row('d:1', [1, 2], [0, 1]), row('d:2', [3, 4, 5], [0, 1, 1]), row('d:3', [6], [0]), row('d:4', [], [])];
  const packed = packRows(rows, { capacity: 3, packing: true });
  expect(packed.map(({ sampleIds }) => sampleIds)).toEqual([['d:1', 'd:3'], ['d:2']]);
  expect(packRows(rows, { capacity: 3, packing: true })).toEqual(packed);
  expect(packRows([], { capacity: 3, packing: true })).toEqual([]);
});

test('chooseCapacity takes what a step needs, from 64 to what suits engine and device', () => {
  expect(chooseCapacity(90, 4, { engine: 'torch', device: 'cpu' })).toBe(384);
  expect(chooseCapacity(10, 1, { engine: 'embedded', device: 'cpu' })).toBe(64);
  expect(chooseCapacity(400, 8, { engine: 'torch', device: 'cpu' })).toBe(512);
  expect(chooseCapacity(400, 8, { engine: 'embedded', device: 'webgpu' })).toBe(512);
  expect(chooseCapacity(300, 4, { engine: 'torch', device: 'cuda' })).toBe(1216);
  expect(chooseCapacity(400, 8, { engine: 'torch', device: 'cuda' })).toBe(2048);
});

test('the sides of a pair are segments of their own, in one sequence', () => {
  const pair = { ...row('d:1', [10, 11, 12, 10, 13], [0, 1, 1, 0, 1]), rejectedFrom: 3 };
  const expected = {
    tokens: Int32Array.of(10, 11, 12, 10, 13, 20, 21),
    positions: Int32Array.of(0, 1, 2, 0, 1, 0, 1),
    segments: Int32Array.of(0, 0, 0, 1, 1, 2, 2),
    lossPositions: Int32Array.of(0, 1, 3, 5),
    lossTargets: Int32Array.of(11, 12, 13, 21),
    sampleIds: ['d:1', 'd:1', 'd:2'],
  };
  expect(packRows([pair, row('d:2', [20, 21], [0, 1])], { capacity: 7, packing: true })).toEqual([expected]);
  expect(packRows([pair], { capacity: 0, packing: false })).toHaveLength(1);
});

describe('answers to a prompt that is computed once', () => {
  /** Ten tokens of a prompt, and an answer. */
  const answer = (prompt: number, length: number): TokenisedRow =>
    row(
      `d:${prompt}`,
      [...Array<number>(10).fill(prompt), ...Array.from({ length }, (_, i) => 100 + i)],
      [...Array<number>(10).fill(0), ...Array<number>(length).fill(1)],
    );
  const lengths = (rows: readonly TokenisedRow[], capacity: number, longestSharing = Infinity) =>
    packRows(rows, { capacity, packing: true, longestSharing }).map(({ sampleIds, tokens }) => [
      sampleIds.join(' '),
      tokens.length,
    ]);

  test('their own tokens fill a sequence, the prompt does not', () => {
    const group = [5, 7, 3].map((length) => answer(1, length));
    expect(lengths(group, 15)).toEqual([['d:1 d:1 d:1', 45]]);
    expect(lengths(group, 14)).toEqual([
      ['d:1 d:1', 32],
      ['d:1', 13],
    ]);
    expect(lengths(group, 15, 0)).toEqual([
      ['d:1', 15],
      ['d:1', 17],
      ['d:1', 13],
    ]);
  });

  test('rows longer than the model looks back over have no part in it, and lie apart from those that have', () => {
    const group = [5, 7, 3].map((length) => answer(1, length));
    // The worker computes a prompt once only where no row of the sequence is longer (for_pass in sequences.py).
    expect(lengths(group, 15, 15)).toEqual([
      ['d:1 d:1', 28],
      ['d:1', 17],
    ]);
    expect(lengths(group, 64, 15)).toEqual([
      ['d:1 d:1', 28],
      ['d:1', 17],
    ]);
    expect(lengths(group, 32, 12)).toEqual([
      ['d:1 d:1', 32],
      ['d:1', 13],
    ]);
  });

  test('answers to other prompts lie beside them where both fit with their prompts', () => {
    const rows = [answer(1, 2), answer(1, 2), answer(2, 3), answer(2, 3)];
    expect(lengths(rows, 30)).toEqual([['d:1 d:1 d:2 d:2', 50]]);
    expect(lengths(rows, 29)).toEqual([
      ['d:1 d:1', 24],
      ['d:2 d:2', 26],
    ]);
  });
});
