// Tokens of words that were met before. Most of a text is a few thousand words, and a tokenizer that splits texts at words
// gives a word the same tokens wherever it stands; to look them up takes a fraction of the time.

import { isObject } from '../protocol/guards.ts';
import type { WordEncoder } from './bytePairs.ts';
import type { TokenOffsets } from './tokenOffsets.ts';
import { parts, type JsonObject } from './tokenizerParts.ts';
import { eachWord, unitsOf } from './wordCuts.ts';
import { WordTable } from './wordTable.ts';

export type PlacedTokens = TokenOffsets & { readonly ids: number[] };

/** A tokenizer without the tokens that it adds around a text. */
export interface TextEncoder {
  readonly encode: (text: string) => number[];
  readonly encodeWithOffsets: (text: string) => PlacedTokens;
}

export interface SlowEncoder {
  readonly encode: (text: string) => number[];
  /** The characters of each of a text's tokens. */
  readonly offsets: (text: string, ids: readonly number[]) => TokenOffsets;
  /** The same of a text that its tokens spell one behind the other; undefined for any other. */
  readonly exactOffsets: (text: string, ids: readonly number[]) => TokenOffsets | undefined;
  /** Makes the encoder of single words that need not be looked at as a text; undefined where there is none. */
  readonly words: () => WordEncoder | undefined;
}

/** Words that are remembered, and their length: longer ones hardly come again. */
const mostWords = 400_000;
const longestWord = 40;

/** The same tokens in less time, for a tokenizer.json whose split begins a new piece at each cut of `eachWord`. */
export function rememberWords(json: JsonObject, slow: SlowEncoder): TextEncoder {
  const located = (text: string, ids: number[]): PlacedTokens => ({ ids, ...slow.offsets(text, ids) });
  if (!splitsAtWords(json) || !keepsCuts(slow.encode))
    return {
      encode: slow.encode,
      encodeWithOffsets: (text) => located(text, slow.encode(text)),
    };
  const table = new WordTable(mostWords, longestWord);
  // It takes as long as a thousand words, which some texts do not have.
  let words: { readonly encode: WordEncoder | undefined } | undefined;
  /** Tells where in the table's memory the tokens of each word are. */
  const eachEncoded = (text: string, see: (tokens: number, start: number) => void): void => {
    const units = unitsOf(text);
    eachWord(units, text.length, (start, end, hash) => {
      const found = table.find(units, start, end, hash);
      if (found > 0) {
        see(found, start);
        return;
      }
      const word = text.slice(start, end);
      words ??= { encode: slow.words() };
      const encoded = words.encode?.(word);
      const ids = encoded?.ids ?? slow.encode(word);
      const offsets = encoded?.offsets ?? slow.exactOffsets(word, ids);
      see(table.add(units, start, end, hash, ids, offsets), start);
    });
  };
  /** Used again for each text. */
  let [starts, ends] = [new Int32Array(1024), new Int32Array(1024)];
  const makeRoom = (tokens: number): void => {
    const [before, beforeThat] = [starts, ends];
    [starts, ends] = [new Int32Array(2 * tokens), new Int32Array(2 * tokens)];
    starts.set(before);
    ends.set(beforeThat);
  };
  return {
    encode(text) {
      const ids: number[] = [];
      eachEncoded(text, (tokens) => {
        const { memory } = table;
        const end = tokens + 2 + 3 * memory[tokens]!;
        for (let at = tokens + 2; at < end; at += 3) ids.push(memory[at]!);
      });
      return ids;
    },
    encodeWithOffsets(text) {
      const ids: number[] = [];
      let isExact = true;
      eachEncoded(text, (tokens, start) => {
        const { memory } = table;
        const count = memory[tokens]!;
        isExact &&= memory[tokens + 1] === 1;
        if (ids.length + count > starts.length) makeRoom(ids.length + count);
        const end = tokens + 2 + 3 * count;
        for (let at = tokens + 2; at < end; at += 3) {
          starts[ids.length] = start + memory[at + 1]!;
          ends[ids.length] = start + memory[at + 2]!;
          ids.push(memory[at]!);
        }
      });
      if (!isExact) return located(text, ids);
      return { ids, starts: starts.slice(0, ids.length), ends: ends.slice(0, ids.length) };
    },
  };
}

/** Asks the tokenizer itself: what it makes of texts and of their two halves is the same. */
function keepsCuts(encode: SlowEncoder['encode']): boolean {
  const marks = Array.from('aZ9.,;:!?)]}>"\'-_/*%$');
  const halves: [string, string][] = [
    ...marks.flatMap((mark): [string, string][] => [
      [`x${mark}`, ' the'],
      [`x${mark} `, ' the'],
      [`x${mark}\n   `, ' the'],
      [`x${mark}\n`, 'the'],
    ]),
    ...Array.from('.,;:!?()[{}=+*/\\"#%&^~`$@').flatMap((mark) =>
      ['', 'x', ' x', '\n', '"', '7', `${mark}x`].map((rest): [string, string] => ['the', mark + rest]),
    ),
  ];
  return halves.every(([first, second]) => {
    const whole = encode(first + second);
    const cut = [...encode(first), ...encode(second)];
    return whole.length === cut.length && whole.every((id, i) => id === cut[i]);
  });
}

function splitsAtWords({ model, normalizer, pre_tokenizer: split, added_tokens: added }: JsonObject): boolean {
  if (!isObject(model) || model['type'] !== 'BPE') return false;
  if (!parts(normalizer, 'normalizers').every(({ type }) => type === 'NFC')) return false;
  const splits = parts(split, 'pretokenizers');
  if (!splits.every(isKnownSplit) || !splits.some(findsWords)) return false;
  return Array.isArray(added) && added.every(keepsToItself);
}

function isKnownSplit({ type }: JsonObject): boolean {
  return type === 'Split' || type === 'Digits' || type === 'ByteLevel';
}

function findsWords(split: JsonObject): boolean {
  if (split['type'] === 'ByteLevel') return split['use_regex'] !== false;
  const { pattern } = split;
  const regex = isObject(pattern) ? pattern['Regex'] : undefined;
  return split['behavior'] === 'Isolated' && typeof regex === 'string' && regex.includes(String.raw`\p{L}`);
}

/** An added token that neither takes spaces beside it nor holds a place where texts are cut. */
function keepsToItself(token: unknown): boolean {
  if (!isObject(token)) return false;
  const { content } = token;
  if (typeof content !== 'string' || ['lstrip', 'rstrip', 'single_word'].some((flag) => token[flag] === true))
    return false;
  let isWhole = true;
  eachWord(unitsOf(content), content.length, (start) => (isWhole &&= start === 0));
  return isWhole;
}
