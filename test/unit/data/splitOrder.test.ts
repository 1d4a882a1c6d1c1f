import { describe, expect, test } from 'vitest';
import { canonicalJson, contentHash, hashFraction } from '../../../src/data/contentHash.ts';
import { planOrder, type OrderPlan } from '../../../src/data/order.ts';
import { randomBelow, seededRandom, shuffledIndices, xoshiro128StarStar } from '../../../src/data/random.ts';
import { repeatByWeight, splitRows } from '../../../src/data/split.ts';
import type { TextRecord } from '../../../src/data/records.ts';

const text = (value: string, sampleId = 'a:1'): TextRecord => ({ kind: 'text', sampleId, text: value });
const fractionOf = (value: string) => hashFraction(contentHash(text(value)), 0);

describe('content hash', () => {
  test('the content counts, the place does not', () => {
    expect(contentHash(text('x', 'a:1'))).toEqual(contentHash(text('x', 'b:9')));
    expect(contentHash(text('x'))).not.toEqual(contentHash(text('y')));
    // sha256 of {"kind":"text","text":"x"}, from sha256sum.
    expect(contentHash(text('x')).toString('hex')).toBe(
      '312404a4627d44bab12f2c21853860fc658e708b004bd3f7909c7f80b55c7a45',
    );
  });

  test('the order of names does not count, that of lists does', () => {
    expect(canonicalJson({ b: [1, { d: 2, c: undefined }], a: null })).toBe('{"a":null,"b":[1,{"d":2}]}');
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });

  test('fractions are even, and those of split and weight independent', () => {
    const hashes = Array.from({ length: 4000 }, (_, i) => contentHash(text(`row ${i}`)));
    const low = (draw: 0 | 1) => hashes.filter((hash) => hashFraction(hash, draw) < 0.25).length / hashes.length;
    expect(low(0)).toBeCloseTo(0.25, 1);
    expect(low(1)).toBeCloseTo(0.25, 1);
    const both =
      hashes.filter((hash) => hashFraction(hash, 0) < 0.5 && hashFraction(hash, 1) < 0.5).length / hashes.length;
    expect(both).toBeCloseTo(0.25, 1);
  });
});

describe('splitRows', () => {
  const rows = Array.from({ length: 1000 }, (_, i) => `row ${i}`);
  const validated = (values: string[], share: number) => {
    const { train, validation } = splitRows(Float64Array.from(values, fractionOf), share);
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual([...values.keys()]);
    return new Set([...validation].map((i) => values[i]!));
  };

  test('rows keep their side when others are added, removed or moved', () => {
    const before = validated(rows, 0.1);
    expect(before.size).toBeGreaterThan(70);
    expect(before.size).toBeLessThan(130);
    const more = validated(
      [...rows.slice(500), ...Array.from({ length: 300 }, (_, i) => `new ${i}`), ...rows.slice(0, 500)],
      0.1,
    );
    expect([...more].filter((value) => value.startsWith('row')).sort()).toEqual([...before].sort());
    const fewer = validated(rows.slice(0, 600).reverse(), 0.1);
    expect([...fewer].every((value) => before.has(value))).toBe(true);
  });

  test('a larger share only adds rows', () => {
    const small = validated(rows, 0.05);
    const large = validated(rows, 0.3);
    expect([...small].every((value) => large.has(value))).toBe(true);
  });

  test('equal rows stay together', () => {
    const doubled = [...rows, ...rows];
    const { validation } = splitRows(Float64Array.from(doubled, fractionOf), 0.1);
    expect([...validation].filter((i) => i < 1000).map((i) => i + 1000)).toEqual(
      [...validation].filter((i) => i >= 1000),
    );
  });

  test('both sides have a row as soon as there are two different ones', () => {
    for (const share of [1e-9, 0.5, 0.999999]) {
      const { train, validation } = splitRows(Float64Array.from(['a', 'b', 'b'], fractionOf), share);
      expect(train.length).toBeGreaterThan(0);
      expect(validation.length).toBeGreaterThan(0);
    }
    expect(splitRows(Float64Array.from(['a', 'a'], fractionOf), 0.5).validation).toHaveLength(0);
    expect(splitRows(Float64Array.from(['a', 'b'], fractionOf), 0).validation).toHaveLength(0);
  });
});

test('weights repeat whole rows and choose the rest by their fraction', () => {
  const fractions = [0.1, 0.4, 0.6, 0.9];
  const repeat = (weight: number) => [
    ...repeatByWeight(
      Uint32Array.of(0, 1, 2, 3),
      () => weight,
      (row) => fractions[row]!,
    ),
  ];
  expect(repeat(1)).toEqual([0, 1, 2, 3]);
  expect(repeat(2)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  expect(repeat(0.5)).toEqual([0, 1]);
  expect(repeat(1.5)).toEqual([0, 0, 1, 1, 2, 3]);
});

describe('random', () => {
  test('xoshiro128** as a Python implementation of the paper gives it', () => {
    const draw = (state: [number, number, number, number]) => {
      const random = xoshiro128StarStar(state);
      return Array.from({ length: 8 }, random);
    };
    expect(draw([1, 2, 3, 4])).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849]);
    expect(draw([0xdeadbeef, 0x12345678, 0xcafebabe, 0x9abcdef1])).toEqual([
      2576977301, 347642640, 2838144743, 1409744479, 1133857411, 688920698, 2218285363, 616619790,
    ]);
  });

  test('seeds near each other, swapped or huge give unlike streams', () => {
    const first = (...seeds: number[]) => {
      const random = seededRandom(...seeds);
      return `${random()} ${random()}`;
    };
    const streams = [
      first(0),
      first(1),
      first(0, 0),
      first(0, 1),
      first(1, 0),
      first(2 ** 32),
      first(2 ** 32 + 1),
      first(2 ** 52),
      first(-1),
    ];
    expect(new Set(streams).size).toBe(streams.length);
  });

  test('numbers below a bound and permutations are even (chi-square)', () => {
    const random = seededRandom(5);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i += 1) counts[randomBelow(random, 6)]! += 1;
    const chi = (observed: number[], expected: number) =>
      observed.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    expect(chi(counts, 1000)).toBeLessThan(20.5); // 99.9 % of chi-square with 5 degrees
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i += 1) {
      const order = shuffledIndices(3, random).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    expect(chi([...orders.values()], 1000)).toBeLessThan(20.5);
  });
});

describe('planOrder', () => {
  const plan: OrderPlan = { rows: 10, rowsPerStep: 4, order: 'random', seed: 42 };

  test('every epoch holds every row once; the last step holds what is left', () => {
    const order = planOrder(plan);
    expect(order.stepsPerEpoch).toBe(3);
    for (const epoch of [0, 1, 2]) {
      const steps = [1, 2, 3].map((step) => order.rowsOfStep(epoch * 3 + step));
      expect(steps.map((rows) => rows.length)).toEqual([4, 4, 2]);
      expect(steps.flatMap((rows) => [...rows]).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect([1, 2, 3].map((step) => order.epochOfStep(epoch * 3 + step))).toEqual([epoch, epoch, epoch]);
    }
    expect(order.rowsOfStep(1)).not.toEqual(order.rowsOfStep(4));
  });

  test('a step is the same whether reached or jumped to', () => {
    const walked = planOrder(plan);
    for (let step = 1; step <= 100; step += 1) {
      const rows = walked.rowsOfStep(step);
      if (step % 17 === 0) expect(planOrder(plan).rowsOfStep(step)).toEqual(rows);
    }
  });

  test('the order is the one that a Python program of the same definition gives', () => {
    expect([...planOrder(plan).rowsOfStep(1), ...planOrder(plan).rowsOfStep(5)]).toEqual([1, 0, 9, 3, 1, 2, 8, 0]);
  });

  test('as_is and easy_first', () => {
    const asIs = planOrder({ ...plan, order: 'as_is' });
    expect([...asIs.rowsOfStep(2)]).toEqual([4, 5, 6, 7]);
    expect([...asIs.rowsOfStep(5)]).toEqual([4, 5, 6, 7]);
    const trained = [5, 3, 9, 3, 1, 7, 2, 8, 6, 4];
    const easy = planOrder({
      ...plan,
      order: 'easy_first',
      difficulty: (row) => ({ trainedTokens: trained[row]!, tokens: row === 1 ? 50 : 10 }),
    });
    expect([1, 2, 3].flatMap((step) => [...easy.rowsOfStep(step)])).toEqual([4, 6, 3, 1, 9, 0, 8, 5, 7, 2]);
    expect(easy.rowsOfStep(4)).toEqual(planOrder(plan).rowsOfStep(4));
  });
});
