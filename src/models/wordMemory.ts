// Tokens of words that were met before. Most of a text is a few thousand words, and a tokenizer that splits texts at words
// gives a word the same tokens wherever it stands; to look them up takes a fraction of the time.

import { isObject } from '../protocol/guards.ts';
import type { TokenOffsets } from './tokenOffsets.ts';
import { parts, type JsonObject } from './tokenizerParts.ts';

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
}

interface Word {
  readonly ids: readonly number[];
  /** Absent where only a look at the whole text tells them. */
  readonly offsets: TokenOffsets | undefined;
}

/** Words that are remembered, and their length: longer ones hardly come again. */
const mostWords = 50_000;
const longestWord = 40;

const letter = 1;
/** What closes a word. */
const closing = 2;
const otherPrintable = 3;
const space = 4;
const newline = 5;

/** Classes of ASCII; 0 for what a cut must not lie beside. */
const classes = new Uint8Array(0x80);
for (let unit = 0x21; unit < 0x7f; unit += 1) {
  const character = String.fromCharCode(unit);
  classes[unit] = /[A-Za-z]/.test(character) ? letter : /[.,;:!?)]/.test(character) ? closing : otherPrintable;
}
classes[0x20] = space;
classes[0x0a] = newline;

/**
 * The same tokens in less time, for a tokenizer.json whose split begins a new piece at each of these cuts. A text is cut in
 * ASCII only: before the single space in front of a word, behind the single line end in front of one, and before a mark that
 * closes one.
 */
export function rememberWords(json: JsonObject, slow: SlowEncoder): TextEncoder {
  const located = (text: string, ids: number[]): PlacedTokens => ({ ids, ...slow.offsets(text, ids) });
  if (!splitsAtWords(json) || !keepsCuts(slow.encode))
    return {
      encode: slow.encode,
      encodeWithOffsets: (text) => located(text, slow.encode(text)),
    };
  const known = new Map<string, Word>();
  const wordOf = (text: string): Word => {
    const before = known.get(text);
    if (before) return before;
    const ids = slow.encode(text);
    const word = { ids, offsets: slow.exactOffsets(text, ids) };
    if (text.length > longestWord) return word;
    if (known.size >= mostWords) known.clear();
    known.set(text, word);
    return word;
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
      eachWord(text, (start, end) => {
        for (const id of wordOf(text.slice(start, end)).ids) ids.push(id);
      });
      return ids;
    },
    encodeWithOffsets(text) {
      const ids: number[] = [];
      let isExact = true;
      eachWord(text, (start, end) => {
        const { ids: own, offsets } = wordOf(text.slice(start, end));
        isExact &&= offsets !== undefined;
        if (offsets && ids.length + own.length > starts.length) makeRoom(ids.length + own.length);
        for (let i = 0; i < own.length; i += 1) {
          if (offsets) {
            starts[ids.length] = start + offsets.starts[i]!;
            ends[ids.length] = start + offsets.ends[i]!;
          }
          ids.push(own[i]!);
        }
      });
      if (!isExact) return located(text, ids);
      return { ids, starts: starts.slice(0, ids.length), ends: ends.slice(0, ids.length) };
    },
  };
}

function eachWord(text: string, see: (start: number, end: number) => void): void {
  let start = 0;
  let [beforeThat, before, here] = [0, classAt(text, 0), classAt(text, 1)];
  for (let at = 1; at < text.length; at += 1) {
    const after = classAt(text, at + 1);
    if (isCut(beforeThat, before, here, after)) {
      see(start, at);
      start = at;
    }
    beforeThat = before;
    before = here;
    here = after;
  }
  if (start < text.length) see(start, text.length);
}

/** Whether a piece certainly begins with the third of four characters, by their classes. */
function isCut(beforeThat: number, before: number, here: number, after: number): boolean {
  if (here === letter) return before === newline && isPrintable(beforeThat);
  if (here === space) return after === letter && isPrintable(before);
  return here === closing && before === letter;
}

function classAt(text: string, at: number): number {
  const unit = at < text.length ? text.charCodeAt(at) : 0;
  return unit < 0x80 ? classes[unit]! : 0;
}

function isPrintable(kind: number): boolean {
  return kind === letter || kind === closing || kind === otherPrintable;
}

/** Asks the tokenizer itself: what it makes of texts and of their two halves is the same. */
function keepsCuts(encode: SlowEncoder['encode']): boolean {
  const marks = Array.from('aZ9.,;:!?)]}>"\'-_/*%$');
  const halves: [string, string][] = [
    ...marks.flatMap((mark): [string, string][] => [
      [`x${mark}`, ' the'],
      [`x${mark}\n`, 'the'],
    ]),
    ...Array.from('.,;:!?)').flatMap((mark) =>
      ['', 'x', ' x', '\n', '"'].map((rest): [string, string] => ['the', mark + rest]),
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
  eachWord(content, (start) => (isWhole &&= start === 0));
  return isWhole;
}
