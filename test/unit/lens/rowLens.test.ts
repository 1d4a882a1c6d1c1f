// The lens against the trainer's encoder: the same tokens and labels, laid over the characters that they come from.
import { describe, expect, test } from 'vitest';
import { lensOfRow, type LensOptions, type RowLens } from '../../../src/lens/rowLens.ts';
import { checkLens } from '../../support/lensCheck.ts';
import { nastyRow } from '../../support/lensRows.ts';
import { uniform } from '../../support/random.ts';
import { families, templateOf, tokenizerOf } from '../data/template/families.ts';

/** The row's text: what is trained between ⟦ and ⟧, masked between ⟨ and ⟩, cut off between ⌈ and ⌉. */
function drawn(text: string, { pieces }: RowLens): string {
  const signs = { trained: ['⟦', '⟧'], masked: ['⟨', '⟩'], cut: ['⌈', '⌉'] } as const;
  let result = '';
  let at = 0;
  for (const { start, end, state } of pieces) {
    const [open, close] = signs[state];
    result += `${text.slice(at, start)}${open}${text.slice(start, end)}${close}`;
    at = end;
  }
  return (result + text.slice(at)).replace(/⟧⟦|⟩⟨|⌉⌈/g, '');
}

function optionsOf(family: string, changes: Partial<LensOptions> = {}): LensOptions {
  return {
    tokenizer: tokenizerOf(family),
    template: templateOf(family),
    trainOn: 'assistant',
    maxLength: 100_000,
    overflow: 'truncate',
    format: 'messages',
    columns: {},
    ...changes,
  };
}

const pair =
  '{"messages": [{"role": "user", "content": "Label: a\\tb"}, {"role": "assistant", "content": "to\\u0070ic"}]}';

describe('bar 7: the lens is the trainer', () => {
  const names = Object.keys(families).filter((_, i) => i % 3 !== 1);
  test.each(names)('%s', (name) => {
    const [tokenizer, template, random] = [tokenizerOf(name), templateOf(name), uniform(`lens ${name}`)];
    let seen = 0;
    for (let i = 0; i < 12 && seen < 3; i += 1) {
      const row = nastyRow(random, i < 2);
      const trainOn = (['assistant', 'last_assistant', 'all'] as const)[i % 3]!;
      const maxLength = i % 2 === 0 ? 100_000 : 60;
      const { lens, faults } = checkLens(row, { tokenizer, template, trainOn, maxLength, overflow: 'truncate' });
      expect(faults, row.text).toEqual([]);
      if (lens) seen += 1;
    }
    expect(seen).toBe(3);
  });
});

test('white space behind a text that holds nothing but a tag belongs to no other text', () => {
  const row =
    '{"messages": [{"role": "user", "content": "a </s>  "}, {"role": "assistant", "content": "<|im_end|>  "}]}';
  expect(drawn(row, lensOfRow(row, optionsOf('OLMo 2')))).toContain('"content": "⟦<|im_end|>⟧  "');
});

test('follows quotes into a text that the template writes as JSON', () => {
  const call = '{"type": "function", "function": {"name": "f", "arguments": {}}}';
  const row = `{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": null, "tool_calls": [${call}]}, {"role": "tool", "content": "\\"quoted\\"\\n"}, {"role": "assistant", "content": "b"}]}`;
  expect(drawn(row, lensOfRow(row, optionsOf('Llama 3.1')))).toContain('"content": "⟨\\"quoted\\"\\n⟩"');
});

test('follows control characters into the escapes of a text that the template writes as JSON', () => {
  const call = '{"type": "function", "function": {"name": "f", "arguments": {}}}';
  const row = (said: string) =>
    `{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": null, "tool_calls": [${call}]}, {"role": "tool", "name": "f", "content": "${said}"}, {"role": "assistant", "content": "b"}]}`;
  for (const family of ['Llama 3.1', 'Llama 3.2', 'gpt-oss'])
    for (const said of ['\\u0001', 'is\\tf(x) = {y}', '\\u0001a\\n\\t\\\\b \\"c\\"\\u0002']) {
      const text = row(said);
      const lens = lensOfRow(text, optionsOf(family));
      expect(lens.text).toContain(said);
      expect(drawn(text, lens), family).toContain(`"content": "⟨${said}⟩"`);
    }
});

test('tints what is written, escapes and all', () => {
  expect(drawn(pair, lensOfRow(pair, optionsOf('Qwen2.5')))).toBe(
    '{"messages": [{"role": "user", "content": "⟨Label: a\\tb⟩"}, {"role": "assistant", "content": "⟦to\\u0070ic⟧"}]}',
  );
});

test('text that the template trims is not tinted, and a line break of the template is not taken for one of the row', () => {
  const row = '{"messages":[{"role":"user","content":"\\n hi \\n"},{"role":"assistant","content":"\\n\\nyes\\n"}]}';
  expect(drawn(row, lensOfRow(row, optionsOf('Llama 3')))).toBe(
    '{"messages":[{"role":"user","content":"\\n ⟨hi⟩ \\n"},{"role":"assistant","content":"\\n\\n⟦yes⟧\\n"}]}',
  );
});

test('a character in two escapes is one stretch', () => {
  const row = '{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"\\ud83d\\ude00"}]}';
  expect(drawn(row, lensOfRow(row, optionsOf('Qwen2.5')))).toContain('"⟦\\ud83d\\ude00⟧"');
});

test('fields that are no part of the conversation stay as they are, even when they read like the template', () => {
  const row =
    '{"source":"assistant","messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}],"n":2024}';
  expect(drawn(row, lensOfRow(row, optionsOf('Qwen2.5')))).toBe(
    '{"source":"assistant","messages":[{"role":"user","content":"⟨x⟩"},{"role":"assistant","content":"⟦y⟧"}],"n":2024}',
  );
});

test('tokens after max_length are cut off, and those that would have been learned are counted', () => {
  const lens = lensOfRow(pair, optionsOf('Qwen2.5', { maxLength: 30 }));
  expect(lens).toMatchObject({ kept: 30, fate: 'kept' });
  expect(lens.cut).toBe(lens.tokens.length - 30);
  expect(lens.trained + lens.cutTrained).toBe(lens.tokens.filter(({ isTarget }) => isTarget).length);
  expect(lens.tokens.slice(30).every(({ state }) => state === 'cut')).toBe(true);
});

test.each([
  ['drop', 'dropped'],
  ['error', 'refused'],
] as const)('with overflow: %s a row that is too long is %s as a whole', (overflow, fate) => {
  const lens = lensOfRow(pair, optionsOf('Qwen2.5', { maxLength: 30, overflow }));
  expect(lens).toMatchObject({ fate, kept: 0, trained: 0 });
  expect(lens.pieces.every(({ state }) => state === 'cut')).toBe(true);
});

test('end of turn is a trained token that is not in the file', () => {
  const lens = lensOfRow(pair, optionsOf('Qwen2.5'));
  const last = lens.tokens.findLast(({ state }) => state === 'trained');
  expect(last).toMatchObject({ text: '<|im_end|>', role: 'template' });
});

test('arguments of a call, as object or as text, are tinted where the template prints them', () => {
  const call = (given: string): string =>
    `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"look_up","arguments":${given}}}]}]}`;
  const object = call('{"city":"Oslo","days":3}');
  expect(drawn(object, lensOfRow(object, optionsOf('Qwen2.5')))).toContain('⟦city⟧":"⟦Oslo⟧","⟦days⟧":⟦3⟧');
  const text = call('"{\\"city\\":\\"Oslo\\"}"');
  expect(drawn(text, lensOfRow(text, optionsOf('Qwen2.5')))).toMatch(/⟦\{?(\\")?city/);
});

test('roles and positions', () => {
  const row = '{"conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"yo"}],"system":"be kind"}';
  const { tokens } = lensOfRow(row, optionsOf('Qwen2.5', { format: 'conversations' }));
  const roles = new Set(tokens.map(({ role }) => role));
  expect([...roles].sort()).toEqual(['assistant', 'system', 'template', 'user']);
});

test.each([
  ['{"messages": [', /not valid JSON/],
  ['[]', /A row is an object/],
  ['{"messages": []}', /is empty/],
])('%s cannot be shown, and says why', (row, why) => {
  expect(() => lensOfRow(row, optionsOf('Qwen2.5'))).toThrow(why);
});
