// Folding an adapter into its weights: the same function, by definition and back again.

import { describe, expect, it } from 'vitest';
import { loraScale, mergeLora, unmergeLora } from '../../../src/engine/adapters/merge.ts';
import { randomArray } from '../../support/random.ts';

const [inputs, outputs, rank] = [5, 3, 2];
const weight = randomArray([outputs, inputs], 'weight');
const factors = { a: randomArray([rank, inputs], 'a'), b: randomArray([outputs, rank], 'b'), rank, scale: 0.7 };

describe('mergeLora', () => {
  it('computes W + scale · B·A', () => {
    const merged = mergeLora(weight, factors);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        let product = 0;
        for (let r = 0; r < rank; r++) product += factors.b[o * rank + r]! * factors.a[r * inputs + i]!;
        expect(merged[o * inputs + i]).toBeCloseTo(weight[o * inputs + i]! + 0.7 * product, 6);
      }
    }
  });

  it('gives the transposed result for weights stored [in, out]', () => {
    const flip = (w: Float32Array, rows: number, columns: number) =>
      w.map((_, place) => w[(place % rows) * columns + Math.floor(place / rows)]!);
    const stored = flip(weight, outputs, inputs);
    const merged = mergeLora(stored, { ...factors, storedTransposed: true });
    expect(merged).toEqual(flip(mergeLora(weight, factors), outputs, inputs));
  });

  it('is undone by unmergeLora up to one rounding', () => {
    const back = unmergeLora(mergeLora(weight, factors), factors);
    back.forEach((value, i) => expect(Math.abs(value - weight[i]!)).toBeLessThan(3e-7));
  });

  it('refuses factors of another layer', () => {
    expect(() => mergeLora(new Float32Array(4), factors)).toThrow(RangeError);
  });

  it('scales by alpha/rank, or alpha/√rank with rsLoRA', () => {
    expect(loraScale({ alpha: 32, rank: 16, useRslora: false })).toBe(2);
    expect(loraScale({ alpha: 32, rank: 16, useRslora: true })).toBe(8);
  });
});
