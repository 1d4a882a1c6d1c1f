// A model's tokenizer: text to token ids and back, with the characters that each token covers.
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { isObject } from '../protocol/guards.ts';
import { problem } from '../protocol/problem.ts';
import { bytePairs } from './bytePairs.ts';
import { exactOffsets, tokenOffsets, type TokenForms } from './tokenOffsets.ts';
import { parts, type JsonObject } from './tokenizerParts.ts';
import type { Tokenizer } from './types.ts';
import { rememberWords } from './wordMemory.ts';

/** Split behaviours that the library carries out as the original does. */
const splitBehaviours = new Set(['Isolated', 'Removed']);

/**
 * The tokenizer described by `tokenizer.json` and `tokenizer_config.json` (parsed). Splitting is by
 * `@huggingface/tokenizers`; this adds checks, offsets and the names of special tokens.
 * @throws ProblemError `models/tokenizer-invalid` or `models/tokenizer-unsupported`.
 */
export function loadTokenizer(tokenizerJson: unknown, tokenizerConfig: unknown = {}): Tokenizer {
  const json = checkedTokenizerJson(tokenizerJson);
  const config: JsonObject = isObject(tokenizerConfig) ? tokenizerConfig : {};
  const inner = openLibrary(json);
  const vocabulary = vocabularyOf(json);
  const bosTokenId = specialId(config, 'bos_token', vocabulary.ids);
  const eosTokenId = specialId(config, 'eos_token', vocabulary.ids);
  const padTokenId = specialId(config, 'pad_token', vocabulary.ids);
  const specialTokenIds = new Set(vocabulary.special);
  for (const id of [bosTokenId, eosTokenId, padTokenId]) if (id !== undefined) specialTokenIds.add(id);
  const forms = tokenForms(json, vocabulary.tokens, vocabulary.added);
  const bare = rememberWords(json, {
    encode: (text) => (text === '' ? [] : checkedIds(inner.encode(text, { add_special_tokens: false }).ids)),
    offsets: (text, ids) => tokenOffsets(text, ids, forms),
    exactOffsets: (text, ids) => exactOffsets(text, ids, forms),
    words: () => bytePairs(json, vocabulary.ids, inner.pre_tokenizer),
  });
  const around = specialTokensAround(inner, bare.encode);

  return {
    vocabSize: vocabulary.tokens.length,
    bosTokenId,
    eosTokenId,
    padTokenId,
    specialTokenIds,
    encode(text, { addSpecialTokens }) {
      const ids = bare.encode(text);
      return addSpecialTokens ? [...around.before, ...ids, ...around.after] : ids;
    },
    encodeWithOffsets(text, { addSpecialTokens }) {
      const placed = bare.encodeWithOffsets(text);
      if (!addSpecialTokens) return placed;
      const { ids, starts, ends } = placed;
      const points = (count: number, at: number): number[] => new Array<number>(count).fill(at);
      const [before, after] = [around.before.length, around.after.length];
      return {
        ids: [...around.before, ...ids, ...around.after],
        starts: Int32Array.from([...points(before, 0), ...starts, ...points(after, text.length)]),
        ends: Int32Array.from([...points(before, 0), ...ends, ...points(after, text.length)]),
      };
    },
    decode(ids, options = {}) {
      // Models pad their embedding, so an id may have no token; such ids have no text.
      const known = Array.from(ids).filter(
        (id) => vocabulary.tokens[id] !== undefined && !(options.skipSpecialTokens === true && specialTokenIds.has(id)),
      );
      if (known.length === 0) return '';
      return inner.decode(known, { clean_up_tokenization_spaces: false });
    },
    tokenToId: (token) => vocabulary.ids.get(token),
    idToToken: (id) => vocabulary.tokens[id],
  };
}

function openLibrary(json: JsonObject): HuggingFaceTokenizer {
  try {
    // Clean-up of spaces before punctuation would change what a model wrote, so it is off whatever the config says.
    return new HuggingFaceTokenizer(json, { clean_up_tokenization_spaces: false });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw problem('models/tokenizer-unsupported', `This tokenizer.json cannot be used: ${said}.`);
  }
}

/** The five parts that tokenizer.json has; absent ones are null, as the Rust library reads them. */
function checkedTokenizerJson(value: unknown): JsonObject {
  if (!isObject(value)) throw invalid('it is not a JSON object');
  const model = value['model'];
  if (!isObject(model)) throw invalid('it has no "model"');
  const type = model['type'] ?? (Array.isArray(model['merges']) ? 'BPE' : undefined);
  if (type !== 'BPE' && type !== 'Unigram') {
    throw problem(
      'models/tokenizer-unsupported',
      `This tokenizer is of type ${JSON.stringify(type ?? 'unknown')}; language models that can be fine-tuned here have a BPE or Unigram tokenizer.`,
    );
  }
  if (type === 'BPE' && (!isObject(model['vocab']) || !Array.isArray(model['merges']))) {
    throw invalid('its BPE model needs "vocab" and "merges"');
  }
  if (type === 'Unigram' && !Array.isArray(model['vocab'])) throw invalid('its Unigram model needs a "vocab" list');
  const normalizer = value['normalizer'] ?? null;
  const preTokenizer = value['pre_tokenizer'] ?? null;
  for (const part of parts(preTokenizer, 'pretokenizers')) refuseUnfaithfulSplit(part, normalizer);
  return {
    ...value,
    model: { ...model, type },
    normalizer,
    pre_tokenizer: preTokenizer,
    post_processor: value['post_processor'] ?? null,
    decoder: value['decoder'] ?? null,
    added_tokens: Array.isArray(value['added_tokens']) ? value['added_tokens'] : [],
  };
}

/** Splits that the library does not carry out as the original, and that are not idle, would give other ids. */
function refuseUnfaithfulSplit(part: JsonObject, normalizer: unknown): void {
  if (part['type'] !== 'Split' || splitBehaviours.has(String(part['behavior']))) return;
  const pattern = isObject(part['pattern']) ? part['pattern']['String'] : undefined;
  // Gemma splits at a space that its normalizer has already replaced, so nothing is ever split.
  const replaced = parts(normalizer, 'normalizers').some(
    (n) =>
      n['type'] === 'Replace' &&
      isObject(n['pattern']) &&
      n['pattern']['String'] === pattern &&
      typeof n['content'] === 'string' &&
      typeof pattern === 'string' &&
      !n['content'].includes(pattern),
  );
  if (replaced) return;
  throw problem(
    'models/tokenizer-unsupported',
    `This tokenizer splits text by "${String(part['behavior'])}", which cannot be reproduced exactly here.`,
  );
}

interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>;
  /** Token by id; absent where the id has none. */
  readonly tokens: readonly (string | undefined)[];
  readonly added: ReadonlyMap<number, string>;
  readonly special: readonly number[];
}

function vocabularyOf(json: JsonObject): Vocabulary {
  const ids = new Map<string, number>();
  const tokens: (string | undefined)[] = [];
  const put = (token: string, id: unknown): void => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0)
      throw invalid(`token ${JSON.stringify(token)} has no id`);
    ids.set(token, id);
    tokens[id] = token;
  };
  const vocab = isObject(json['model']) ? json['model']['vocab'] : undefined;
  if (Array.isArray(vocab)) {
    vocab.forEach((entry: unknown, id) => {
      if (!Array.isArray(entry) || typeof entry[0] !== 'string')
        throw invalid(`entry ${id} of its vocabulary is no [token, score] pair`);
      put(entry[0], id);
    });
  } else if (isObject(vocab)) {
    for (const [token, id] of Object.entries(vocab)) put(token, id);
  }
  const added = new Map<number, string>();
  const special: number[] = [];
  for (const token of json['added_tokens'] as unknown[]) {
    if (!isObject(token) || typeof token['content'] !== 'string' || typeof token['id'] !== 'number') {
      throw invalid('an entry of "added_tokens" has no content or id');
    }
    put(token['content'], token['id']);
    added.set(token['id'], token['content']);
    if (token['special'] === true) special.push(token['id']);
  }
  return { ids, tokens: Array.from(tokens), added, special };
}

function tokenForms(
  json: JsonObject,
  tokens: readonly (string | undefined)[],
  added: ReadonlyMap<number, string>,
): TokenForms {
  const preTokenizers = parts(json['pre_tokenizer'], 'pretokenizers').map((part) => part['type']);
  const decoders = parts(json['decoder'], 'decoders').map((part) => part['type']);
  const model = isObject(json['model']) ? json['model'] : {};
  const unknown = model['type'] === 'Unigram' ? model['unk_id'] : tokens.indexOf(String(model['unk_token']));
  return {
    byteLevel: preTokenizers.includes('ByteLevel') || decoders.includes('ByteLevel'),
    tokens,
    added,
    unknownId: typeof unknown === 'number' && unknown >= 0 ? unknown : undefined,
  };
}

/** What the post-processor lays around a text, such as BOS. It never depends on the text. */
function specialTokensAround(
  inner: HuggingFaceTokenizer,
  bare: (text: string) => readonly number[],
): { readonly before: readonly number[]; readonly after: readonly number[] } {
  const plain = bare('a');
  const full = inner.encode('a', { add_special_tokens: true }).ids;
  for (let at = 0; at + plain.length <= full.length; at++) {
    if (plain.every((id, i) => full[at + i] === id)) {
      return { before: full.slice(0, at), after: full.slice(at + plain.length) };
    }
  }
  throw problem(
    'models/tokenizer-unsupported',
    'The post-processor of this tokenizer changes the text between its special tokens.',
  );
}

/** The library gives undefined for a piece that is neither in the vocabulary nor covered by an unknown token. */
function checkedIds(ids: readonly (number | undefined)[]): number[] {
  return ids.map((id) => {
    if (id !== undefined) return id;
    throw problem(
      'models/tokenizer-unknown-text',
      'The tokenizer has no token for a part of the text and no unknown token.',
    );
  });
}

function specialId(config: JsonObject, name: string, ids: ReadonlyMap<string, number>): number | undefined {
  const value = config[name];
  const token = isObject(value) ? value['content'] : value;
  return typeof token === 'string' ? ids.get(token) : undefined;
}

function invalid(what: string): Error {
  return problem('models/tokenizer-invalid', `This tokenizer.json is not usable: ${what}. Fetch the file again.`);
}
