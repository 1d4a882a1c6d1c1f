// Tokenizers of every kind against what the Rust library says (golden.json, made by test/fixtures/tokenizers/make.py).
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createStreamDecoder } from '../../../src/models/streamDecoder.ts';
import { loadTokenizer } from '../../../src/models/tokenizer.ts';
import { rememberWords } from '../../../src/models/wordMemory.ts';
import { ProblemError } from '../../../src/protocol/problem.ts';
import { uniform } from '../../support/random.ts';

interface Row {
  readonly text: string;
  readonly ids: number[];
  /** In code points, as Python counts. */
  readonly offsets: [number, number][];
  readonly with_special: number[];
  readonly decoded: string;
}

const folder = new URL('../../fixtures/tokenizers/', import.meta.url);
const json = (name: string): unknown => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
const golden = json('golden') as Readonly<Record<string, Row[]>>;
const config = json('config');
const load = (name: string) => loadTokenizer(json(name), config);

describe.each(Object.keys(golden))('%s', (name) => {
  const tokenizer = load(name);
  const rows = golden[name] ?? [];

  test('encodes as the Rust library does', () => {
    const ours = rows.map(({ text }) => [text, tokenizer.encode(text, { addSpecialTokens: false })]);
    expect(ours).toEqual(rows.map(({ text, ids }) => [text, ids]));
    const full = rows.map(({ text }) => [text, tokenizer.encode(text, { addSpecialTokens: true })]);
    expect(full).toEqual(rows.map(({ text, with_special }) => [text, with_special]));
  });

  test('remembered words have the tokens of the whole text', () => {
    const library = new HuggingFaceTokenizer(json(name) as Record<string, unknown>, {});
    // The same tokenizer with a token that nobody writes and that keeps words from being remembered.
    const description = json(name) as { added_tokens?: readonly unknown[] };
    const unused = { id: tokenizer.vocabSize, content: '\u{10ffff}', lstrip: true, rstrip: false, single_word: false };
    const added = [...(description.added_tokens ?? []), { ...unused, special: false, normalized: false }];
    const forgetful = loadTokenizer({ ...description, added_tokens: added }, config);
    const random = uniform(name);
    const pieces = [
      'the',
      'The',
      'a',
      "don't",
      'I',
      '’s',
      "'s",
      '3',
      '42',
      'x1',
      'naïve',
      'é',
      '日本',
      '😀',
      '–',
      '“so”',
      '.',
    ];
    pieces.push(
      ',',
      '!?',
      '(',
      ')',
      '/',
      '<s>',
      '</s>',
      '<|im_start|>',
      '<|im_end|>',
      '\n',
      '\t',
      ' ',
      '  ',
      '\u00a0',
      '_b',
      '\n    ',
      '(x',
      '="',
      '@a',
      '#',
      '/*',
      '\r\n',
      '$1',
      '{{',
    );
    for (let i = 0; i < 300; i += 1) {
      const text = Array.from({ length: 1 + Math.floor(random() * 12) }, () => {
        const piece = pieces[Math.floor(random() * pieces.length)]!;
        return random() < 0.6 ? `${piece} ` : piece;
      }).join('');
      const { ids } = library.encode(text, { add_special_tokens: false });
      if (ids.includes(undefined as never)) continue;
      expect([text, tokenizer.encode(text, { addSpecialTokens: false })]).toEqual([text, ids]);
      const placed = tokenizer.encodeWithOffsets(text, { addSpecialTokens: true });
      expect([text, placed]).toEqual([text, forgetful.encodeWithOffsets(text, { addSpecialTokens: true })]);
    }
  });

  test('decodes as the Rust library does', () => {
    // A byte order mark spelled in byte tokens is swallowed by the JavaScript library: it shows nothing anyway.
    const visible = (text: string) => text.replaceAll('\uFEFF', '');
    const ours = rows.map(({ text, ids }) => [text, visible(tokenizer.decode(ids))]);
    expect(ours).toEqual(rows.map(({ text, decoded }) => [text, visible(decoded)]));
  });

  test('gives the characters of each token', () => {
    for (const { text, ids, offsets } of rows) {
      // Of composed characters the Rust library names a part, and we the whole.
      if (text.normalize('NFKC') !== text) continue;
      const { starts, ends } = tokenizer.encodeWithOffsets(text, { addSpecialTokens: false });
      // A lone space that was put before the first word covers nothing; the Rust library says the first letter.
      const covering = ids.map((_, i) => i).filter((i) => starts[i] !== ends[i]);
      const ours = covering.map((i) => [starts[i], ends[i]]);
      // White space that a token takes in or leaves out is a matter of taste: compare what is written in it.
      const written = (spans: (number | undefined)[][]) => spans.map(([from, to]) => text.slice(from, to).trim());
      const places = Array.from(text).reduce<number[]>((at, c) => [...at, (at.at(-1) ?? 0) + c.length], [0]);
      expect([text, written(ours)]).toEqual([
        text,
        written(covering.map((i) => (offsets[i] ?? []).map((at) => places[at]))),
      ]);
    }
  });

  test('streams the same text token by token', () => {
    for (const { ids } of rows) {
      const stream = createStreamDecoder(tokenizer, { skipSpecialTokens: false });
      expect(ids.map((id) => stream.push(id)).join('') + stream.end()).toBe(tokenizer.decode(ids));
    }
  });
});

test('streams a character only when all of its bytes are there', () => {
  const tokenizer = load('gpt2');
  const ids = tokenizer.encode('a𠜎 b', { addSpecialTokens: false });
  const stream = createStreamDecoder(tokenizer);
  const pieces = ids.map((id) => stream.push(id));
  expect(ids.length).toBeGreaterThan(5);
  expect(pieces.filter((piece) => piece !== '')).toEqual(['a', '𠜎', ' b']);
});

test('streams an incomplete character at the end as U+FFFD and leaves special tokens out', () => {
  const tokenizer = load('gpt2');
  const stream = createStreamDecoder(tokenizer);
  const [first] = tokenizer.encode('𠜎', { addSpecialTokens: false });
  expect(stream.push(tokenizer.eosTokenId ?? -1) + stream.push(first ?? -1)).toBe('');
  expect(stream.end()).toBe('\uFFFD');
});

test('knows its special tokens', () => {
  const tokenizer = load('llama3');
  expect([tokenizer.bosTokenId, tokenizer.eosTokenId, tokenizer.padTokenId]).toEqual([1, 2, 2]);
  expect([...tokenizer.specialTokenIds].sort()).toEqual([0, 1, 2, 3, 4]);
  expect(tokenizer.idToToken(3)).toBe('<|im_start|>');
  expect(tokenizer.decode([3, 4], { skipSpecialTokens: true })).toBe('');
  expect(tokenizer.decode([99_999])).toBe('');
});

describe('refuses what it cannot do exactly', () => {
  const code = (tokenizerJson: unknown): string | undefined => {
    try {
      loadTokenizer(tokenizerJson);
      return undefined;
    } catch (error) {
      if (error instanceof ProblemError) return error.problems[0]?.code;
      throw error;
    }
  };
  const bpe = { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [] };
  const split = (behavior: string) => ({ type: 'Split', pattern: { Regex: '\\s' }, behavior, invert: false });

  test.each([
    ['no object', 7, 'models/tokenizer-invalid'],
    ['no model', {}, 'models/tokenizer-invalid'],
    ['no merges', { model: { type: 'BPE', vocab: {} } }, 'models/tokenizer-invalid'],
    ['an id that is no number', { model: { ...bpe, vocab: { a: 'x' } } }, 'models/tokenizer-invalid'],
    ['WordPiece', { model: { type: 'WordPiece', vocab: {} } }, 'models/tokenizer-unsupported'],
    ['unknown parts', { model: bpe, normalizer: { type: 'Nmt' } }, 'models/tokenizer-unsupported'],
    ['a split that differs', { model: bpe, pre_tokenizer: split('MergedWithNext') }, 'models/tokenizer-unsupported'],
    ['nothing', { model: bpe, pre_tokenizer: split('Isolated') }, undefined],
  ])('%s', (_what, tokenizerJson, expected) => {
    expect(code(tokenizerJson)).toBe(expected);
  });

  test('text without a token', () => {
    const tokenizer = loadTokenizer({ model: bpe });
    expect(() => tokenizer.encodeWithOffsets('abc', { addSpecialTokens: false })).toThrow('leaves unclear which');
  });
});

test('words are remembered where the split allows it, and only there', () => {
  const remembers = (name: string, change: object = {}): boolean => {
    const description = { ...(json(name) as Record<string, unknown>), ...change };
    const library = new HuggingFaceTokenizer(description, {});
    let asked = 0;
    const { encode } = rememberWords(description, {
      encode(text) {
        asked += 1;
        return library.encode(text, { add_special_tokens: false }).ids;
      },
      offsets: () => ({ starts: new Int32Array(), ends: new Int32Array() }),
      exactOffsets: () => undefined,
      words: () => undefined,
    });
    encode('so it is it');
    asked = 0;
    encode('so is it is');
    return asked === 0;
  };
  const able = Object.keys(golden).filter((name) => remembers(name));
  expect(able.toSorted()).toEqual(['gpt2', 'llama3', 'qwen2', 'smollm2']);
  const token = { id: 1, content: '<x>', lstrip: false, rstrip: false, single_word: false, special: true };
  expect(remembers('gpt2', { added_tokens: [token] })).toBe(true);
  expect(remembers('gpt2', { added_tokens: [{ ...token, rstrip: true }] })).toBe(false);
  expect(remembers('gpt2', { added_tokens: [{ ...token, content: '<so it>' }] })).toBe(false);
  expect(remembers('gpt2', { normalizer: { type: 'Lowercase' } })).toBe(false);
});
