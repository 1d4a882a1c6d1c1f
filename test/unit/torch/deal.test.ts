// Sequences are dealt so that every one is computed once and no rank has much more than another.

import { expect, test } from 'vitest';
import type { PackedSequence } from '../../../src/protocol/sequence.ts';
import { dealInOrder, dealSequences, gatherByPlace } from '../../../src/torch/session/deal.ts';
import { randomStream } from '../../../src/engine/random.ts';

function sequence(tokens: number): PackedSequence {
  const none = new Int32Array(0);
  const array = new Int32Array(tokens);
  return { tokens: array, positions: array, segments: array, lossPositions: none, lossTargets: none, sampleIds: [] };
}

test('by hand: the longest first, each to the rank with the least', () => {
  const places = dealSequences([3, 9, 4, 5].map(sequence), 2).map((share) => share.places);
  expect(places).toEqual([[1, 0].toSorted(), [2, 3]]);
  expect(dealSequences([7].map(sequence), 3).map((share) => share.places)).toEqual([[0], [], []]);
});

test('prompts in order: nearly as many for each rank, and none for those that are too many', () => {
  expect(dealInOrder(5, 2)).toEqual([
    { from: 0, to: 2 },
    { from: 2, to: 5 },
  ]);
  expect(dealInOrder(2, 3)).toEqual([
    { from: 0, to: 1 },
    { from: 1, to: 2 },
  ]);
  expect(dealInOrder(16, 3).map((hand) => hand.to - hand.from)).toEqual([5, 5, 6]);
  expect(dealInOrder(4, 1)).toEqual([{ from: 0, to: 4 }]);
});

test('at random: each sequence once, in order, and no rank above the mean by more than the longest', () => {
  const stream = randomStream(1, 'deal');
  const random = (): number => stream.uniform();
  for (let round = 0; round < 200; round++) {
    const lengths = Array.from({ length: Math.floor(random() * 20) }, () => 1 + Math.floor(random() * 500));
    const sequences = lengths.map(sequence);
    const ranks = 1 + Math.floor(random() * 8);
    const shares = dealSequences(sequences, ranks);
    expect(shares).toHaveLength(ranks);
    expect(shares.flatMap(({ places }) => places).toSorted((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
    for (const share of shares) {
      expect(share.places).toEqual(share.places.toSorted((a, b) => a - b));
      expect(share.sequences).toEqual(share.places.map((place) => sequences[place]));
      const tokens = share.places.reduce((sum, place) => sum + lengths[place]!, 0);
      const mean = lengths.reduce((a, b) => a + b, 0) / ranks;
      expect(tokens).toBeLessThanOrEqual(mean + Math.max(0, ...lengths));
    }
    const answers = shares.map(({ places }) => places.map((place) => `${place}`));
    expect(gatherByPlace(shares, answers)).toEqual(lengths.map((_, i) => `${i}`));
  }
});
