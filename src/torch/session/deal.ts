// Deals the sequences and the prompts of a step to the ranks, so that each has about as much to compute.

import type { PackedSequence } from '../../protocol/sequence.ts';

/** What one rank computes. */
export interface Share {
  readonly sequences: readonly PackedSequence[];
  /** The place of each sequence in the whole step, ascending. */
  readonly places: readonly number[];
}

/** The longest sequence first, each to the rank with the fewest tokens so far; a rank may get none. */
export function dealSequences(sequences: readonly PackedSequence[], ranks: number): Share[] {
  const hands = Array.from({ length: ranks }, () => ({ tokens: 0, places: [] as number[] }));
  const length = (place: number): number => sequences[place]!.tokens.length;
  const longestFirst = sequences.map((_, place) => place).toSorted((a, b) => length(b) - length(a) || a - b);
  for (const place of longestFirst) {
    const hand = hands.reduce((least, other) => (other.tokens < least.tokens ? other : least));
    hand.tokens += length(place);
    hand.places.push(place);
  }
  return hands.map(({ places }) => {
    const ordered = places.toSorted((a, b) => a - b);
    return { places: ordered, sequences: ordered.map((place) => sequences[place]!) };
  });
}

/** Things one after another, dealt to as many ranks as get any: from the first to before the last of each. */
export function dealInOrder(count: number, ranks: number): { readonly from: number; readonly to: number }[] {
  const hands = Math.min(count, ranks);
  const edge = (hand: number): number => Math.floor((hand * count) / hands);
  return Array.from({ length: hands }, (_, hand) => ({ from: edge(hand), to: edge(hand + 1) }));
}

/** Passes of the rank with the most sequences. */
export function passesOf(shares: readonly Share[]): number {
  return Math.max(...shares.map(({ sequences }) => sequences.length));
}

/** What the ranks answered, one thing for each of their sequences, in the order of the whole step. */
export function gatherByPlace<T>(shares: readonly Share[], answers: readonly (readonly T[])[]): T[] {
  const gathered: T[] = [];
  for (const [rank, { places }] of shares.entries()) {
    for (const [i, place] of places.entries()) gathered[place] = answers[rank]![i]!;
  }
  return gathered;
}
