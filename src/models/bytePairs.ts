// Byte-level BPE of single words: what the tokenizer library makes of them, by numbers instead of strings in a tenth of the time.
import {
  ByteLevelPreTokenizer,
  DigitsPreTokenizer,
  SequencePreTokenizer,
  SplitPreTokenizer,
  type PreTokenizer,
} from '@huggingface/tokenizers';
import { isObject } from '../protocol/guards.ts';
import { byteCharacters } from './byteAlphabet.ts';
import { MergeTable } from './mergeTable.ts';
import type { TokenOffsets } from './tokenOffsets.ts';
import type { JsonObject } from './tokenizerParts.ts';

export interface EncodedWord {
  readonly ids: readonly number[];
  /** Absent where they are not known yet: of words beyond ASCII. */
  readonly offsets: TokenOffsets | undefined;
}

/** Encodes a word; undefined for one that has to be looked at as a whole text. */
export type WordEncoder = (word: string) => EncodedWord | undefined;

/** Bytes of the longest piece that is merged here: the work grows with its square. */
const longestPiece = 200;

/**
 * The encoder of words for a checked tokenizer.json; undefined where it may not be exact. `ids` are those of all tokens, the
 * added ones too; `preTokenizer` is the library's own.
 */
export function bytePairs(
  { model, normalizer, added_tokens: added }: JsonObject,
  ids: ReadonlyMap<string, number>,
  preTokenizer: PreTokenizer | null,
): WordEncoder | undefined {
  if (!isObject(model) || model['type'] !== 'BPE' || hasFurtherRules(model)) return undefined;
  const patterns = patternsOf(preTokenizer);
  const table = patterns && mergeTable(model['merges'], ids);
  if (!table) return undefined;
  const isAdded = finderOf(Array.isArray(added) ? added : []);
  const wholePieces = model['ignore_merges'] === true ? ids : undefined;
  const bytes = new Uint8Array(3 * longestPiece);
  const utf8 = new TextEncoder();
  return (word) => {
    const isAscii = /^[\0-\x7f]*$/.test(word);
    if (isAdded(word) || (!isAscii && normalizer !== null && word.normalize('NFC') !== word)) return undefined;
    const pieces = splitBy(word, patterns);
    if (!pieces) return undefined;
    const found: number[] = [];
    const ends: number[] = [];
    const add = (id: number, length: number): void => {
      found.push(id);
      ends.push((ends.at(-1) ?? 0) + length);
    };
    for (const piece of pieces) {
      if (piece.length > longestPiece) return undefined;
      const { written } = utf8.encodeInto(piece, bytes);
      if (written > longestPiece) return undefined;
      const whole = wholePieces?.get(spelled(bytes, written));
      const tokens = whole === undefined ? table.encode(bytes, written) : undefined;
      if (whole !== undefined) add(whole, written);
      else if (tokens) for (const id of tokens) add(id, table.length(id));
      else return undefined;
    }
    return { ids: found, offsets: isAscii ? offsetsOf(ends) : undefined };
  };
}

/** Settings of a BPE model that are not carried out here; no language model of this kind has them. */
function hasFurtherRules(model: JsonObject): boolean {
  return ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix', 'byte_fallback'].some((name) => {
    const value = model[name];
    return value !== undefined && value !== null && value !== '' && value !== false;
  });
}

/** The patterns that cut a text into pieces, each of which cuts those of the one before; undefined for other splits. */
function patternsOf(preTokenizer: PreTokenizer | null): readonly RegExp[] | undefined {
  const parts = preTokenizer instanceof SequencePreTokenizer ? preTokenizer.tokenizers : [preTokenizer];
  const patterns: RegExp[] = [];
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1;
    if (part instanceof SplitPreTokenizer && part.config.behavior === 'Isolated' && !part.config.invert && part.pattern)
      patterns.push(part.pattern);
    else if (part instanceof DigitsPreTokenizer) patterns.push(part.pattern);
    else if (!(part instanceof ByteLevelPreTokenizer) || !isLast || part.add_prefix_space) return undefined;
    else if (part.use_regex) patterns.push(part.pattern);
  }
  return parts.at(-1) instanceof ByteLevelPreTokenizer ? patterns : undefined;
}

/** The pieces of a word; undefined where a pattern leaves a part of it unmatched. */
function splitBy(word: string, patterns: readonly RegExp[]): readonly string[] | undefined {
  let pieces: readonly string[] = [word];
  for (const pattern of patterns) {
    const next =
      pieces.length === 1 ? (pieces[0]!.match(pattern) ?? []) : pieces.flatMap((piece) => piece.match(pattern) ?? []);
    let length = 0;
    for (const piece of next) length += piece.length;
    if (length !== word.length) return undefined;
    pieces = next;
  }
  return pieces;
}

/** Whether an added token stands in a word. */
function finderOf(added: readonly unknown[]): (word: string) => boolean {
  const byFirst = new Map<number, string[]>();
  for (const token of added) {
    const content = isObject(token) ? token['content'] : undefined;
    if (typeof content !== 'string' || content === '') continue;
    const first = content.charCodeAt(0);
    byFirst.set(first, [...(byFirst.get(first) ?? []), content]);
  }
  return (word) => {
    for (let i = 0; i < word.length; i += 1)
      if (byFirst.get(word.charCodeAt(i))?.some((content) => word.startsWith(content, i)) === true) return true;
    return false;
  };
}

/** Undefined where a merge names a token that is not there. Some vocabularies have no token for bytes that are rare in texts. */
function mergeTable(merges: unknown, ids: ReadonlyMap<string, number>): MergeTable | undefined {
  if (!Array.isArray(merges)) return undefined;
  const table = new MergeTable(
    byteCharacters.map((character) => ids.get(character)),
    merges.length,
  );
  for (const [rank, merge] of merges.entries()) {
    const pair: unknown = typeof merge === 'string' ? merge.split(' ', 2) : merge;
    if (!Array.isArray(pair)) return undefined;
    const [left, right] = pair as readonly unknown[];
    if (typeof left !== 'string' || typeof right !== 'string') return undefined;
    const [a, b, merged] = [ids.get(left), ids.get(right), ids.get(left + right)];
    if (a === undefined || b === undefined || merged === undefined) return undefined;
    if (!table.add(a, b, rank, merged)) return undefined;
  }
  return table;
}

/** Bytes as a vocabulary spells them. */
function spelled(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let i = 0; i < length; i += 1) text += byteCharacters[bytes[i]!]!;
  return text;
}

function offsetsOf(ends: readonly number[]): TokenOffsets {
  const starts = new Int32Array(ends.length);
  starts.set(ends.slice(0, -1), 1);
  return { starts, ends: Int32Array.from(ends) };
}
