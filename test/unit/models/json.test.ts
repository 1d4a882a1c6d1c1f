// JSON from outside: a fault is told with line and column in V8's every way of telling, in words of our own.
import { expect, test } from 'vitest';
import { parseJsonObject } from '../../../src/models/json.ts';
import { formatProblem, ProblemError } from '../../../src/protocol/problem.ts';

const long = 'x'.repeat(30);

test.each([
  [`{"${long}": 1,\n "b": }`, "f:2:7: This file is not valid JSON: '}' is not expected here."],
  [
    `{"${long}": 1,\n "b": NaN, "${long}": 2}`,
    'f:2:7: This file is not valid JSON: there is NaN, which JSON does not have.',
  ],
  [`{"b": "${long}",\n "c": NaN}`, 'f:2:7: This file is not valid JSON: there is NaN, which JSON does not have.'],
  [`oops${long}`, "f:1:1: This file is not valid JSON: 'o' is not expected here."],
  ['{"a":\n', 'f:2:1: This file is not valid JSON: Unexpected end of JSON input.'],
  ['{"a": NaN}', "f: This file is not valid JSON: 'N' is not expected here."],
  ['[]', 'f: This file must hold a JSON object.'],
])('%j', (text, told) => {
  let thrown: unknown;
  try {
    parseJsonObject(text, 'f');
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof ProblemError)) throw new Error('nothing was wrong');
  expect(formatProblem(thrown.problems[0]!)).toBe(`${told} [models/invalid-json]`);
});
