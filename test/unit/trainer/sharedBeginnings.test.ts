import { expect, test } from 'vitest';
import type { TokenisedDataset, TokenisedRow } from '../../../src/data/dataset.ts';
import { planOrder } from '../../../src/data/order.ts';
import { packRows } from '../../../src/data/packing.ts';
import { expectSequences } from '../../../src/trainer/sessionPlan.ts';
import { computedSize, expectedSharing } from '../../../src/trainer/sharedBeginnings.ts';

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
  const longest = Math.max(...rows.map(({ tokens }) => tokens.length));
  expect(computedSize(sequence!, Infinity).tokens).toBe(computed);
  expect(computedSize(sequence!, longest).tokens).toBe(computed);
  // The model looks back over fewer tokens than the longest row has.
  expect(computedSize(sequence!, longest - 1).tokens).toBe(sequence!.tokens.length);
  expect(computedSize(sequence!).tokens).toBe(sequence!.tokens.length);
});

/** A pair whose sides begin with a prompt of so many tokens. */
function pairOf(prompt: number, chosen: number, rejected: number): TokenisedRow {
  const side = (answer: number, first: number): number[] => [
    ...Array.from({ length: prompt }, (_, i) => i),
    ...Array.from({ length: answer }, (_, i) => first + i),
  ];
  const tokens = Int32Array.from([...side(chosen, 100), ...side(rejected, 200)]);
  const mask = tokens.map((token) => (token < 100 ? 0 : 1));
  return { sampleId: 'd:1', tokens, mask: Uint8Array.from(mask), rejectedFrom: prompt + chosen };
}

test('the pair that needs the most is found by what it shares, not by its length', () => {
  // 30 steps of one pair, of which the first 24 are looked at; these two are longer.
  const pairs = [...Array.from({ length: 28 }, () => pairOf(10, 3, 3)), pairOf(60, 5, 5), pairOf(20, 45, 40)];
  const rows: TokenisedDataset = {
    ...{ length: pairs.length, totals: { rows: 30, tokens: 1, trainedTokens: 1 } },
    row: (index) => pairs[index]!,
    tokenCount: (index) => pairs[index]!.tokens.length,
    trainedCount: (index) => pairs[index]!.mask.reduce((a, b) => a + b, 0),
    sampleId: () => 'd:1',
  };
  const order = planOrder({ rows: 30, rowsPerStep: 1, order: 'as_is', seed: 1 });
  const largestOf = (longestSharing: number): number => {
    const packing = { capacity: 64, packing: true, longestSharing };
    const { largest } = expectSequences({ rows, order, packing, copies: 1 }, 30);
    return Math.max(...largest.map(({ tokens }) => tokens));
  };
  expect(largestOf(0)).toBe(2 * 60 + 10);
  // The last token of the prompt is computed on both sides.
  expect(largestOf(Infinity)).toBe(20 + 45 + 1 + 40);
});

test.each([
  ['a model that looks back over all of a row', {}, {}, Infinity],
  ['one with a window', {}, { sliding_window: 4096 }, 4096],
  ['one that has a window and does not use it', {}, { sliding_window: 4096, use_sliding_window: false }, Infinity],
  ['soft caps', {}, { sliding_window: 4096, attn_logit_softcapping: 50 }, 0],
  ['a prefix', { method: 'prefix' }, {}, 0],
  ['a GPU', { device: 'cuda' }, {}, 0],
  ['the embedded engine', { engine: 'embedded' }, {}, 0],
] as const)('%s', (_name, changes, modelConfig, longest) => {
  const config = { engine: 'torch', device: 'cpu', method: 'full', ...changes } as const;
  expect(expectedSharing(config, modelConfig)).toBe(longest);
});
