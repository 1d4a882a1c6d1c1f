// tokenizer.json and tokenizer_config.json, made from a GGUF file's tokenizer metadata.
import type { JsonObject } from '../json.ts';
import type { GgufFile } from './file.ts';
import { metadataFields } from './metadata.ts';
import type { MetadataFields } from './metadata.ts';
import { wordSplits } from './preTokenizers.ts';
import { mergesFromFile, mergesFromScores } from './merges.ts';
import type { Merge } from './merges.ts';

/** Kinds of tokens in `tokenizer.ggml.token_type`. */
const kinds = { unknown: 2, control: 3, userDefined: 4, byte: 6 } as const;

export interface GgufTokenizer {
  readonly tokenizer: JsonObject;
  readonly tokenizerConfig: JsonObject;
  readonly chatTemplate: string | undefined;
}

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly bos: string | undefined;
  readonly eos: string | undefined;
  readonly unknown: string | undefined;
  readonly padding: string | undefined;
}

/** Throws `models/unsupported-gguf` when the file has no tokenizer or one of a kind that is not known exactly. */
export function ggufTokenizer(gguf: GgufFile): GgufTokenizer {
  const fields = metadataFields(gguf);
  const vocabulary = readVocabulary(fields);
  const model = fields.optionalString('tokenizer.ggml.model');
  const built = buildModel(model, vocabulary, fields);
  const addBos = fields.optionalBoolean('tokenizer.ggml.add_bos_token') ?? built.addBos;
  const addEos = fields.optionalBoolean('tokenizer.ggml.add_eos_token') ?? false;
  const { bos, eos, unknown, padding } = vocabulary;
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(vocabulary),
      ...built.parts,
      post_processor: postProcessor(vocabulary, addBos ? bos : undefined, addEos ? eos : undefined),
    },
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      ...(bos === undefined ? {} : { bos_token: bos }),
      ...(eos === undefined ? {} : { eos_token: eos }),
      ...(unknown === undefined ? {} : { unk_token: unknown }),
      ...(padding === undefined ? {} : { pad_token: padding }),
      add_bos_token: addBos,
      add_eos_token: addEos,
      clean_up_tokenization_spaces: false,
      model_max_length: fields.number('.context_length'),
    },
    chatTemplate: fields.optionalString('tokenizer.chat_template'),
  };
}

function readVocabulary(fields: MetadataFields): Vocabulary {
  const tokens = fields.optionalStrings('tokenizer.ggml.tokens');
  if (!tokens || tokens.length === 0)
    throw fields.fail('The file has no tokenizer: `tokenizer.ggml.tokens` is missing');
  const types = fields.optionalNumbers('tokenizer.ggml.token_type') ?? [];
  const token = (name: string) => {
    const id = fields.optionalNumber(`tokenizer.ggml.${name}_token_id`);
    if (id !== undefined && tokens[id] === undefined)
      throw fields.fail(`The ${name} token ${id} is not in the vocabulary`);
    return id === undefined ? undefined : tokens[id];
  };
  return { tokens, types, bos: token('bos'), eos: token('eos'), unknown: token('unknown'), padding: token('padding') };
}

interface BuiltModel {
  readonly parts: JsonObject;
  readonly addBos: boolean;
}

function buildModel(model: string | undefined, vocabulary: Vocabulary, fields: MetadataFields): BuiltModel {
  if (model === 'gpt2') return byteLevel(vocabulary, fields);
  if (model !== 'llama')
    throw fields.fail(`The tokenizer kind ${model ?? '(none)'} is not supported; gpt2 and llama are`);
  return sentencePiece(vocabulary, fields);
}

/** Byte-level BPE (GPT-2, Llama 3, Qwen, SmolLM). */
function byteLevel({ tokens }: Vocabulary, fields: MetadataFields): BuiltModel {
  const name = fields.optionalString('tokenizer.ggml.pre') ?? 'default';
  const split = wordSplits.get(name);
  if (!split) {
    const known = [...wordSplits.keys()].join(', ');
    throw fields.fail(`The file’s pre-tokenizer ${name} (tokenizer.ggml.pre) is not known; these are: ${known}`);
  }
  const merges = fields.optionalStrings('tokenizer.ggml.merges');
  if (!merges) throw fields.fail('`tokenizer.ggml.merges` is missing');
  const bytes = {
    type: 'ByteLevel',
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: split.pattern === undefined,
  };
  const steps = [
    ...(split.digits ? [{ type: 'Digits', individual_digits: true }] : []),
    ...(split.pattern === undefined
      ? []
      : [{ type: 'Split', pattern: { Regex: split.pattern }, behavior: 'Isolated', invert: false }]),
    bytes,
  ];
  return {
    addBos: split.addBos ?? false,
    parts: {
      normalizer: split.nfc ? { type: 'NFC' } : null,
      pre_tokenizer: steps.length === 1 ? bytes : { type: 'Sequence', pretokenizers: steps },
      decoder: { ...bytes, add_prefix_space: true, use_regex: true },
      model: bpe(tokens, mergesFromFile(merges), { ignore_merges: split.ignoreMerges ?? false }),
    },
  };
}

/** BPE with byte fallback as SentencePiece has it (Llama 2, Mistral, TinyLlama, Phi-3, Gemma). */
function sentencePiece(vocabulary: Vocabulary, fields: MetadataFields): BuiltModel {
  const gemma = fields.architecture.startsWith('gemma');
  // Gemma's runs of spaces are stored as real spaces; the others as SentencePiece writes them.
  const tokens = gemma
    ? vocabulary.tokens.map((token) => (/^ +$/.test(token) ? '▁'.repeat(token.length) : token))
    : vocabulary.tokens;
  const prefix = fields.optionalBoolean('tokenizer.ggml.add_space_prefix') ?? !gemma;
  const fromFile = fields.optionalStrings('tokenizer.ggml.merges');
  // Gemma's scores do not follow the order of its merges; the order of its tokens does.
  const scores = gemma ? tokens.map((_, i) => -i) : fields.optionalNumbers('tokenizer.ggml.scores');
  if (!fromFile && scores?.length !== tokens.length)
    throw fields.fail('`tokenizer.ggml.scores` is missing or too short');
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  return {
    addBos: true,
    parts: {
      normalizer: prefix ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace] } : replace,
      pre_tokenizer: null,
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
        ],
      },
      model: bpe(tokens, fromFile ? mergesFromFile(fromFile) : mergesFromScores(tokens, scores ?? []), {
        unk_token: vocabulary.unknown ?? tokens[vocabulary.types.indexOf(kinds.unknown)] ?? null,
        fuse_unk: true,
        byte_fallback: vocabulary.types.includes(kinds.byte) || tokens.includes('<0x00>'),
      }),
    },
  };
}

function bpe(tokens: readonly string[], merges: readonly Merge[], options: JsonObject): JsonObject {
  const vocab = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (!vocab.has(token)) vocab.set(token, id);
  });
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    ...options,
    vocab: Object.fromEntries(vocab),
    merges,
  };
}

/** Tokens that are recognised whole in the text; control tokens are special, user-defined ones are text. */
function addedTokens({ tokens, types, bos, eos, unknown, padding }: Vocabulary): JsonObject[] {
  const named = new Set([bos, eos, unknown, padding]);
  return tokens.flatMap((content, id) => {
    const type = types[id];
    const special = type === kinds.control || type === kinds.unknown || named.has(content);
    if (!special && type !== kinds.userDefined) return [];
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
}

function postProcessor({ tokens }: Vocabulary, bos: string | undefined, eos: string | undefined): JsonObject {
  const special = (token: string | undefined, type_id: number) =>
    token === undefined ? [] : [{ SpecialToken: { id: token, type_id } }];
  const sequence = (id: string, type_id: number) => [
    ...special(bos, type_id),
    { Sequence: { id, type_id } },
    ...special(eos, type_id),
  ];
  const used = [bos, eos].filter((token) => token !== undefined);
  return {
    type: 'TemplateProcessing',
    single: sequence('A', 0),
    pair: [...sequence('A', 0), ...sequence('B', 1)],
    special_tokens: Object.fromEntries(
      used.map((token) => [token, { id: token, ids: [tokens.indexOf(token)], tokens: [token] }]),
    ),
  };
}
