// Trains the starter model's tokenizer: byte-level BPE (Sennrich et al. 2016, arXiv:1508.07909), written as tokenizer.json.
import { endOfText, endOfTurn, startOfTurn } from './corpus.ts';

const specials = [endOfText, startOfTurn, endOfTurn];

/** Every digit alone, then words with the space before them: what `Digits` and `ByteLevel` of the file do. */
const pieces = /'s|'t|'re|'ve|'m|'ll|'d|\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)(?!\p{N})|\s+/gu;

/** The 256 letters that stand for bytes in such a vocabulary: printable ones for themselves, the others from 256 on. */
function byteLetters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

/** tokenizer.json with `vocabularySize` tokens, the special ones first. The most frequent pair is joined first. */
export function trainTokenizer(texts: Iterable<string>, vocabularySize: number): Record<string, unknown> {
  const letters = byteLetters();
  const words = countWords(texts).map(([word, count]) => ({
    count,
    symbols: [...new TextEncoder().encode(word)].map((byte) => letters[byte]!),
  }));
  const tokens = [...specials, ...letters];
  const merges: [string, string][] = [];
  while (tokens.length < vocabularySize) {
    const pair = mostFrequentPair(words);
    if (!pair) break;
    merges.push(pair);
    tokens.push(pair.join(''));
    for (const word of words) word.symbols = joined(word.symbols, pair);
  }
  return tokenizerJson(new Map(tokens.map((token, id) => [token, id])), merges);
}

interface Word {
  readonly count: number;
  symbols: string[];
}

function countWords(texts: Iterable<string>): [word: string, count: number][] {
  const counts = new Map<string, number>();
  const special = new RegExp(specials.map((token) => token.replaceAll('|', '\\|')).join('|'));
  for (const text of texts) {
    for (const part of text.split(special)) {
      for (const [piece] of part.matchAll(pieces)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    }
  }
  return [...counts];
}

function mostFrequentPair(words: readonly Word[]): [string, string] | undefined {
  const counts = new Map<string, number>();
  for (const { count, symbols } of words) {
    for (let i = 1; i < symbols.length; i++) {
      const pair = `${symbols[i - 1]!} ${symbols[i]!}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: [pair: string, count: number] = ['', 1];
  for (const [pair, count] of counts) {
    if (count > best[1] || (count === best[1] && pair < best[0])) best = [pair, count];
  }
  const [left, right] = best[0].split(' ');
  return left !== undefined && right !== undefined ? [left, right] : undefined;
}

function joined(symbols: readonly string[], [left, right]: readonly [string, string]): string[] {
  const out: string[] = [];
  for (const symbol of symbols) {
    if (symbol === right && out.at(-1) === left) out[out.length - 1] = left + right;
    else out.push(symbol);
  }
  return out;
}

function tokenizerJson(
  vocab: ReadonlyMap<string, number>,
  merges: readonly [string, string][],
): Record<string, unknown> {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({
      ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    })),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: Object.fromEntries(vocab),
      merges,
    },
  };
}
