// A config as editors show and walk it: symbols, folds, what is selected around a place, and its layout.
import { describe, expect, test } from 'vitest';
import { readConfigText } from '../../../src/server/service/configText.ts';
import { formatted } from '../../../src/server/service/layout.ts';
import { fieldAt, folds, outline, placesAround, type OutlineField } from '../../../src/server/service/outline.ts';

const yaml = `# Tickets,
# labelled.
version: 1
model: a/b # mine
data:
  train:
    - path: a.jsonl
      weight: 2
    - {path: b.jsonl}
  system: |
    You label tickets.
    Be brief.

training: {epochs: 3}
`;
const read = (text: string) => readConfigText(text, 'x');
const flat = (fields: readonly OutlineField[]): string[] =>
  fields.flatMap(({ path, detail, whole, children }) => [
    `${path}${detail === '' ? '' : ` = ${detail}`} ${whole.line}:${whole.column}-${whole.endLine}:${whole.endColumn}`,
    ...flat(children),
  ]);

test('an outline has every field with its place, from name to the end of what is inside', () => {
  expect(flat(outline(read(yaml)))).toEqual([
    'version = 1 3:1-3:11',
    'model = a/b 4:1-4:11',
    'data 5:1-12:14',
    'data.train 6:3-9:22',
    'data.train[0] 7:7-8:16',
    'data.train[0].path = a.jsonl 7:7-7:20',
    'data.train[0].weight = 2 8:7-8:16',
    'data.train[1] 9:7-9:22',
    'data.train[1].path = b.jsonl 9:8-9:21',
    'data.system = You label tickets. Be brief. 10:3-12:14',
    'training 14:1-14:22',
    'training.epochs = 3 14:12-14:21',
  ]);
});

test('what an alias repeats stands where it was written, not a second time', () => {
  const found = flat(outline(read('data: &d {train: a}\nlora: *d\n')));
  expect(found).toEqual(['data 1:1-1:20', 'data.train = a 1:11-1:19', 'lora 2:1-2:9']);
});

test('JSON has the same outline', () => {
  const found = flat(outline(read('{\n  "version": 1,\n  "data": {"train": "a"}\n}')));
  expect(found).toEqual(['version = 1 2:3-2:15', 'data 3:3-3:25', 'data.train = a 3:12-3:24']);
});

test('blocks, lists, texts and comments fold', () => {
  expect(folds(read(yaml))).toEqual([
    { start: 5, end: 12, isComment: false },
    { start: 6, end: 9, isComment: false },
    { start: 7, end: 8, isComment: false },
    { start: 10, end: 12, isComment: false },
    { start: 1, end: 2, isComment: true },
  ]);
});

test('selections grow from a value to its field and its blocks', () => {
  const lines = yaml.split('\n');
  const texts = placesAround(read(yaml), 8, 15).map(({ line, column, endLine, endColumn }) =>
    line === endLine ? lines[line - 1]!.slice(column - 1, endColumn - 1) : `${line}-${endLine}`,
  );
  expect(texts).toEqual(['2', 'weight: 2', '7-8', '7-9', '6-9', '6-12', '5-12']);
  expect(placesAround(read(yaml), 1, 3)).toEqual([]);
});

test('the field at a place', () => {
  expect(fieldAt(read(yaml), 9, 16)).toBe('data.train[1].path');
  expect(fieldAt(read(yaml), 11, 8)).toBe('data.system');
  expect(fieldAt(read(yaml), 13, 1)).toBeUndefined();
});

test('thousands of fields are outlined at once', () => {
  const list = Array.from({ length: 700 }, (_, i) => `  - {path: a${i}, weight: 1}`).join('\n');
  const text = read(`data:\n  train:\n${list}\n`);
  const began = process.cpuUsage();
  expect(flat(outline(text)).length).toBeGreaterThan(2000);
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(1000);
});

describe('formatting', () => {
  test('lays YAML out and keeps values, numbers and comments as they are written', () => {
    const text =
      '# top\n\nversion: 1\nmodel:   a/b # mine\nlora:   {rank: 8, alpha:  1.0e+1}\ndata:\n   train:\n   - path: a\n     # twice\n     weight: 2.0\n\n\n\n   system: |\n        text # no comment\n          more\ntraining: {learning_rate: .5e-4}\n# end\n';
    expect(formatted(text, false)).toBe(
      '# top\n\nversion: 1\nmodel: a/b # mine\nlora: {rank: 8, alpha: 1.0e+1}\ndata:\n  train:\n    - path: a\n      # twice\n      weight: 2.0\n\n  system: |\n    text # no comment\n      more\ntraining: {learning_rate: .5e-4}\n\n# end\n',
    );
  });

  test('lays JSON out with its numbers as they are written', () => {
    const text = '{"version":1,"lora":{"target_modules":["a","b"]},"training":{"learning_rate":2.0e-4},"data":{}}';
    expect(formatted(text, true)).toBe(
      '{\n  "version": 1,\n  "lora": {\n    "target_modules": ["a", "b"]\n  },\n  "training": {\n    "learning_rate": 2.0e-4\n  },\n  "data": {}\n}\n',
    );
  });

  test('leaves a text as it is whose alias has no anchor', () => {
    expect(formatted('version:   1\nmodel: *a\n', false)).toBeUndefined();
    expect(formatted('? 99999999999? >\n: *a', false)).toBeUndefined();
  });

  test('twice is once', () => {
    expect(formatted('version: 1\nmodel:  a\n', false)).toBe('version: 1\nmodel: a\n');
    for (const text of [yaml, yaml.replaceAll('\n  ', '\n    '), '\uFEFFversion: 1\nmodel:  a\n']) {
      const once = formatted(text, false) ?? `not laid out: ${text}`;
      expect(formatted(once, false)).toBe(once);
    }
  });

  test('what is broken, and what laying out would change, is left alone', () => {
    expect(formatted('a: [', false)).toBeUndefined();
    expect(formatted('{"a": 1,}', true)).toBeUndefined();
    expect(formatted('{"a": 1} # why', true)).toBeUndefined();
    expect(formatted('a:\n  # about b\nb: 1\n', false) ?? '# about b').toContain('# about b');
  });
});
