// Messages as the editor carries them: objects as JSON, typed arrays as they are.
import { expect, test } from 'vitest';
import { packNumbers, unpackNumbers } from '../../../src/protocol/wireNumbers.ts';

test('every number arrives, at any depth, and nothing else is changed', () => {
  const message = {
    a: [1, Number.NaN, { b: Number.POSITIVE_INFINITY }],
    c: 'NaN',
    d: null,
    e: -0.5,
    f: Number.NEGATIVE_INFINITY,
  };
  const carried: unknown = JSON.parse(JSON.stringify(packNumbers(message)));
  expect(unpackNumbers(carried)).toEqual(message);
});

test('typed arrays are passed on as they are', () => {
  const column = Float64Array.of(1, Number.NaN);
  expect(packNumbers({ column })).toEqual({ column });
  expect(unpackNumbers({ column })).toEqual({ column });
});

test('an object that only looks like a number stays what it is', () => {
  for (const value of [{ '#number': 'ten' }, { '#number': 'NaN', more: 1 }, { '#number': 3 }]) {
    expect(unpackNumbers(value)).toEqual(value);
  }
});
