// Where the cursor stands, in whole and in half-written texts: `|` marks it.
import { describe, expect, test } from 'vitest';
import { formatPath } from '../../../src/config/path.ts';
import { cursorAt } from '../../../src/server/service/cursor.ts';

/** `role path [what is replaced] present names`. */
function at(marked: string): string {
  const offset = marked.indexOf('|');
  const text = marked.replace('|', '');
  const found = cursorAt(text, offset);
  if (!found) return 'nowhere';
  const { role, path, start, end, present, hasColon } = found;
  return `${role}${hasColon ? ':' : ''} ${formatPath(path)} [${text.slice(start, end)}] ${present.join(',')}`;
}

describe('YAML', () => {
  test.each([
    ['|', 'key  [] '],
    ['mo|', 'key  [mo] '],
    ['version: 1\nmo|del: a', 'key:  [model] version'],
    ['version: 1\n|\ndata:\n  train: a', 'key  [] version,data'],
    ['data:\n  |', 'key data [] '],
    ['data:\n  tr|', 'key data [tr] '],
    ['data:\n  train: a\n  |\nlora:\n  rank: 2', 'key data [] train'],
    ['data:\n  train: a\n  |\n  format: text', 'key data [] train,format'],
    ['training:\n  epochs: 3\n|', 'key  [] training'],
    ['method: |', 'value method [] '],
    ['method: lo|ra', 'value method [lora] '],
    ['method: lora| # why', 'value method [lora] '],
    ['method: lora # wh|y', 'nowhere'],
    ['# a comment |', 'nowhere'],
    ['method:|', 'value method [] '],
    ['data:\n  train: |\n  format: text', 'value data.train [] '],
    ['data:\n  train:\n    - path: a\n      |', 'key data.train[0] [] path'],
    ['data:\n  train:\n    - path: a\n    - |', 'key data.train[1] [] '],
    ['data:\n  train:\n  - path: a\n    we|\n  format: text', 'key data.train[0] [we] path'],
    ['data:\n  train:\n    - path: a\n    - path: b|', 'value data.train[1].path [b] '],
    ['data:\n  train:\n  -\n    path: a\n    |', 'key data.train[0] [] path'],
    ['lora:\n  target_modules:\n    - q_proj\n    - k|\n    - v_proj', 'key lora.target_modules[1] [k] q_proj,v_proj'],
    ['data:\n  system: |2\n    a text\n    more', 'value data.system [2] '],
    ['data:\n  system: >\n    a te|xt\n  train: b', 'nowhere'],
    ['data:\n  system: >\n    a text\n  tra|in: b', 'key: data [train] system'],
    ['"model": "a|b"', 'value model ["ab"] '],
    ['data:\n  columns:\n    output: x\n  train: a.jsonl\ntraining:\n  ep|\n', 'key training [ep] '],
    ['data:\r\n  train: a\r\n  |\r\n', 'key data [] train'],
  ])('%j', (text, expected) => {
    const marked = text.includes('system: |2') ? text.replace('|2', '2|') : text;
    expect(at(marked)).toBe(expected.replace('[2]', '[2]'));
  });
});

describe('brackets in YAML', () => {
  test.each([
    ['lora: {|}', 'key lora [] '],
    ['lora: {rank: 4, |}', 'key lora [] rank'],
    ['lora: {rank: 4, al|}', 'key lora [al] rank'],
    ['lora: {rank: |}', 'value lora.rank [] '],
    ['lora: {rank: 4|, alpha: 8}', 'value lora.rank [4] '],
    ['lora: {ra|nk: 4, alpha: 8}', 'key: lora [rank] alpha'],
    ['lora: {rank: 4, |\ntraining:\n  epochs: 3', 'key lora [] rank'],
    ['lora: {rank: 4, \ntraining:\n  ep|', 'key training [ep] '],
    ['lora:\n  target_modules: [q_proj, |]', 'value lora.target_modules[1] [] q_proj'],
    ['lora:\n  target_modules: [q_proj, k|\n', 'value lora.target_modules[1] [k] q_proj'],
    ['lora:\n  target_modules: [\n    q_proj,\n    k|,\n  ]\n', 'value lora.target_modules[1] [k] q_proj'],
    ['data: {train: [{path: a, |}]}', 'key data.train[0] [] path'],
    ['data: {train: [{path: a}, {|}], format: text}', 'key data.train[1] [] '],
  ])('%j', (text, expected) => {
    expect(at(text)).toBe(expected);
  });
});

describe('JSON', () => {
  test.each([
    ['{|}', 'key  [] '],
    ['{"|"}', 'key  [""] '],
    ['{"mo|del": "a"}', 'key:  ["model"] '],
    ['{\n  "version": 1,\n  |\n}', 'key  [] version'],
    ['{\n  "version": 1,\n  "m|\n}', 'key  ["m] version'],
    ['{"method": |}', 'value method [] '],
    ['{"method": "lo|ra", "seed": 3}', 'value method ["lora"] '],
    ['{"data": {"train": [{"path": "a", "|"}]}}', 'key data.train[0] [""] path'],
    ['{"lora": {"target_modules": ["q_proj", "|"]}}', 'value lora.target_modules[1] [""] q_proj'],
    ['{"data": {"train": "a"}, |', 'key  [] data'],
    ['{"training": {"epochs": 3,\n|', 'key training [] epochs'],
  ])('%j', (text, expected) => {
    expect(at(text)).toBe(expected);
  });
});
