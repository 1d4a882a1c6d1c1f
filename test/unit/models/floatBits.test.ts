import { expect, test } from 'vitest';
import { floatToBfloat, floatToHalf, halfTable, halfToFloat } from '../../../src/models/floatBits.ts';

/** The definition of IEEE 754 binary16, without bit tricks. */
function halfByDefinition(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = (half & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
}

test('every half widens to its defined value, one by one and by table', () => {
  const table = halfTable();
  let wrong = 0;
  for (let half = 0; half < 65536; half++) {
    const expected = halfByDefinition(half);
    if (!Object.is(halfToFloat(half), expected) || !Object.is(table[half], expected)) wrong++;
  }
  expect(wrong).toBe(0);
});

test('every half comes back from its float32', () => {
  const wrong: number[] = [];
  for (let half = 0; half < 65536; half++) {
    const isNan = (half & 0x7fff) > 0x7c00;
    const back = floatToHalf(halfByDefinition(half));
    if (isNan ? (back & 0x7fff) <= 0x7c00 : back !== half) wrong.push(half);
  }
  expect(wrong).toEqual([]);
});

test('halves round to nearest, ties to even, over the whole range', () => {
  const wrong: number[] = [];
  for (let half = 0; half < 0x7bff; half++) {
    const low = halfByDefinition(half);
    const high = halfByDefinition(half + 1);
    const middle = (low + high) / 2;
    const nearLow = Math.fround(middle * (1 - 2 ** -23));
    const nearHigh = Math.fround(middle * (1 + 2 ** -22));
    const even = half % 2 === 0 ? half : half + 1;
    const expected = [half, even, half + 1];
    if ([nearLow, middle, nearHigh].some((value, i) => floatToHalf(value) !== expected[i])) wrong.push(half);
  }
  expect(wrong).toEqual([]);
});

test('the ends of the half range', () => {
  expect(floatToHalf(65519.996)).toBe(0x7bff);
  expect(floatToHalf(65520)).toBe(0x7c00);
  expect(floatToHalf(-1e30)).toBe(0xfc00);
  expect(floatToHalf(-0)).toBe(0x8000);
  expect(floatToHalf(2 ** -149)).toBe(0);
  expect(floatToHalf(Math.fround(2 ** -25 * (1 + 2 ** -23)))).toBe(1);
});

test('bfloat16 rounds to nearest, ties to even, and keeps NaN and infinity', () => {
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  const round = (pattern: number) => {
    bits[0] = pattern;
    return floatToBfloat(float[0]!);
  };
  expect(round(0x3f808000)).toBe(0x3f80); // tie, even below
  expect(round(0x3f818000)).toBe(0x3f82); // tie, even above
  expect(round(0x3f808001)).toBe(0x3f81);
  expect(round(0x3f807fff)).toBe(0x3f80);
  expect(round(0x7f7fffff)).toBe(0x7f80); // the largest float32 rounds to infinity
  expect(round(0xff800000)).toBe(0xff80);
  expect(floatToBfloat(NaN) & 0x7fff).toBeGreaterThan(0x7f80);
});
