import { expect, test } from 'vitest';
import type { TokenisedRow } from '../../../src/data/dataset.ts';
import { packRows } from '../../../src/data/packing.ts';
import { computedSize } from '../../../src/trainer/sharedBeginnings.ts';

/** A row of which `prompt` is read and `answer` is trained. */
function rowOf(prompt: number[], answer: number[]): TokenisedRow {
  const tokens = Int32Array.from([...prompt, ...answer]);
  return { sampleId: 'd:1', tokens, mask: new Uint8Array(tokens.length).fill(1, prompt.length) };
}

const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

// The place before an answer is supervised, so each row keeps one of its own: as the worker lays them out (layout.py).
test.each([
  { name: 'two rows with a prompt of ten', rows: [rowOf(ten, [20, 21]), rowOf(ten, [22])], computed: 12 + 2 },
  { name: 'answers that begin alike', rows: [rowOf(ten, [20, 21]), rowOf(ten, [20, 22])], computed: 12 + 3 },
  { name: 'seven in common', rows: [rowOf(ten.slice(0, 8), [20]), rowOf(ten.slice(0, 8), [21])], computed: 18 },
  { name: 'nothing in common', rows: [rowOf(ten, [20]), rowOf(ten.toReversed(), [21])], computed: 22 },
])('$name', ({ rows, computed }) => {
  const [sequence] = packRows(rows, { capacity: 64, packing: true });
  expect(computedSize(sequence!, true).tokens).toBe(computed);
  expect(computedSize(sequence!).tokens).toBe(sequence!.tokens.length);
});
