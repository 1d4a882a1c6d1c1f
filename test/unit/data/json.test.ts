import { describe, expect, test } from 'vitest';
import { findJsonFault } from '../../../src/data/json/fault.ts';
import { locateJson, positionAt } from '../../../src/data/json/locate.ts';
import { seededRandom, randomBelow } from '../../../src/data/random.ts';

/** `|` marks the place of the fault. */
function expectFault(marked: string, message: RegExp): void {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  const fault = findJsonFault(text);
  expect(fault?.message).toMatch(message);
  expect({ text, offset: fault?.offset }).toEqual({ text, offset });
}

describe('findJsonFault', () => {
  test.each([
    ['{"a": |}', /expected a value, found "}"/],
    ['{"a": 1|, }', /comma before "}"/],
    ['[1, 2|, ]', /comma before "]"/],
    ["{|'a': 1}", /name in double quotes/],
    ['{"a": |\'b\'}', /double quotes in JSON/],
    ['{"a" |1}', /expected ":"/],
    ['{"a": 1 |"b": 2}', /expected "," or "}"/],
    ['{"a": |True}', /write true/],
    ['{"a": |None}', /write null/],
    ['{"a": |NaN}', /no such number/],
    ['{"a": 1} |{"b": 2}', /holds one value/],
    ['{"a": 0|1}', /number may not go on/],
    ['{"a": 1|.}', /number may not go on/],
    ['{"a": "x|', /ends inside a string/],
    ['{"a": "x\\|', /ends inside a string/],
    ['{"a": "x\\u12|', /ends inside a string/],
    ['{"a": tr|', /ends inside "tr"/],
    ['{"a": [1, 2|', /ends inside an array/],
    ['{"a": {|', /ends inside an object/],
    ['|', /ends before a value/],
    ['{"a": "x|\ty"}', /a tab; write \\t/],
    ['{"a": "x|\0y"}', /NUL byte/],
    ['{"a": "|\\q"}', /no escape of JSON/],
    ['{"a": "|\\u12x4"}', /four hexadecimal digits/],
    ['|\0\0\0', /NUL byte/],
  ])('%s', (marked, message) => {
    expectFault(marked, message);
  });

  test('agrees with JSON.parse on mutated rows', () => {
    const random = seededRandom(7);
    const base = '{"a": [1, -2.5e3, true, null, {"b": "q\\"\\u00e9\\n"}], "c": {}, "d": [], "e": "😀"}';
    const alphabet = '{}[]",:\\ntue0123-+.eE \t\n\0x';
    let invalid = 0;
    for (let i = 0; i < 4000; i += 1) {
      let text = base;
      for (let edits = 1 + randomBelow(random, 3); edits > 0; edits -= 1) {
        const at = randomBelow(random, text.length + 1);
        const put = alphabet[randomBelow(random, alphabet.length)]!;
        const removed = randomBelow(random, 3);
        text = text.slice(0, at) + (randomBelow(random, 2) === 0 ? put : '') + text.slice(at + removed);
      }
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      const fault = findJsonFault(text);
      expect({ text, valid: fault === undefined }).toEqual({ text, valid });
      if (fault === undefined) continue;
      invalid += 1;
      // What stands before the fault can be completed: cutting there must not move the fault forward.
      expect(findJsonFault(text.slice(0, fault.offset))?.offset ?? fault.offset).toBeLessThanOrEqual(fault.offset);
    }
    expect(invalid).toBeGreaterThan(1000);
  });

  test('does not recurse: a million open brackets', () => {
    expect(findJsonFault('['.repeat(1e6))).toEqual({
      offset: 1e6,
      message: expect.stringContaining('array') as string,
    });
  });
});

describe('locateJson', () => {
  const text = '{ "a" : [1, {"b\\"": "x"}, [ ]], "a2": -1.5e3 , "a": {"k": [true,"]"]} }';
  const at = (path: (string | number)[]) => {
    const range = locateJson(text, path);
    return range && text.slice(range.start, range.end);
  };

  test('finds values by path; of equal names the last', () => {
    expect(at([])).toBe(text);
    expect(at(['a2'])).toBe('-1.5e3');
    expect(at(['a'])).toBe('{"k": [true,"]"]}');
    expect(at(['a', 'k', 1])).toBe('"]"');
    expect(at(['a', 'k', 0])).toBe('true');
  });

  test('says undefined where there is nothing', () => {
    expect(at(['x'])).toBeUndefined();
    expect(at(['a', 'k', 2])).toBeUndefined();
    expect(at(['a', 'k', 0, 'y'])).toBeUndefined();
  });

  test('escaped names', () => {
    expect(locateJson('{"b\\"": "x"}', ['b"'])).toEqual({ start: 8, end: 11 });
  });
});

test('positionAt counts lines from the origin and columns in UTF-16 units', () => {
  const text = 'a😀b\nc';
  expect(positionAt(text, 3, { line: 5, column: 10 })).toEqual({ line: 5, column: 13 });
  expect(positionAt(text, 5, { line: 5, column: 10 })).toEqual({ line: 6, column: 1 });
});
