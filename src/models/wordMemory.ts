// Tokens of words that were met before. Most of a text is a few thousand words, and a tokenizer that splits texts at words
// gives a word the same tokens wherever it stands; to look them up takes a fraction of the time.

import { isObject } from '../protocol/guards.ts';
import { parts, type JsonObject } from './tokenizerParts.ts';

type Encode = (text: string) => number[];

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
 * `encode`, the same tokens in less time, for a tokenizer.json whose split begins a new piece at each of these cuts; `encode`
 * itself for any other. A text is cut in ASCII only: before the single space in front of a word, behind the single line end
 * in front of one, and before a mark that closes one.
 */
export function rememberWords(json: JsonObject, encode: Encode): Encode {
  if (!splitsAtWords(json) || !keepsCuts(encode)) return encode;
  const known = new Map<string, readonly number[]>();
  const encodeWord = (word: string): readonly number[] => {
    const before = known.get(word);
    if (before) return before;
    const ids = encode(word);
    if (word.length > longestWord) return ids;
    if (known.size >= mostWords) known.clear();
    known.set(word, ids);
    return ids;
  };
  return (text) => {
    const ids: number[] = [];
    let start = 0;
    for (let at = 1; at < text.length; at += 1) {
      if (!isCut(text, at)) continue;
      for (const id of encodeWord(text.slice(start, at))) ids.push(id);
      start = at;
    }
    for (const id of encodeWord(text.slice(start))) ids.push(id);
    return ids;
  };
}

/** Whether a piece certainly begins at a place of the text. */
function isCut(text: string, at: number): boolean {
  const here = classAt(text, at);
  const before = classAt(text, at - 1);
  if (here === closing) return before === letter;
  if (here === space) return isPrintable(before) && classAt(text, at + 1) === letter;
  return here === letter && before === newline && isPrintable(classAt(text, at - 2));
}

function classAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit < 0x80 ? classes[unit]! : 0;
}

function isPrintable(kind: number): boolean {
  return kind === letter || kind === closing || kind === otherPrintable;
}

/** Asks the tokenizer itself: what it makes of texts and of their two halves is the same. */
function keepsCuts(encode: Encode): boolean {
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
  for (let at = 1; at < content.length; at += 1) if (isCut(content, at)) return false;
  return true;
}
