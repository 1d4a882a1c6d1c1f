// How a byte-level vocabulary's text is cut into words before merging, by the name that GGUF files give (`tokenizer.ggml.pre`).

export interface WordSplit {
  /** Regular expression whose matches are words; absent = the one of GPT-2, built into the byte-level step. */
  readonly pattern?: string;
  /** Digits stand alone. */
  readonly digits?: boolean;
  /** A word that is in the vocabulary is taken whole, whatever the merges say. */
  readonly ignoreMerges?: boolean;
  /** BOS is added where the file does not say. */
  readonly addBos?: boolean;
  /** Text is brought into Unicode form NFC first. */
  readonly nfc?: boolean;
}

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const lineEnds = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
/** Words of the GPT-4 family; they differ in how many digits go together. */
const cl100k = (digits: string) =>
  String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|${lineEnds}`;
const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const cased = (ending: string) =>
  String.raw`[^\r\n\p{L}\p{N}]?${upper}*${lower}+${ending}|[^\r\n\p{L}\p{N}]?${upper}+${lower}*${ending}`;
const o200k = (ending: string, digits: string) =>
  String.raw`${cased(ending)}|${digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${lineEnds}`;
const upToThree = String.raw`\p{N}{1,3}`;
const single = String.raw`\p{N}`;

const gpt2: WordSplit = {};
const gpt2Digits: WordSplit = { digits: true };
const llama3: WordSplit = { pattern: cl100k(upToThree), ignoreMerges: true, addBos: true };
const dbrx: WordSplit = { pattern: cl100k(upToThree) };
const qwen2: WordSplit = { pattern: cl100k(single), nfc: true };
const gpt4o: WordSplit = { pattern: o200k(`${contractions}?`, upToThree) };

/** Name in the file → split. A name that is not here is an error: another split gives other tokens. */
export const wordSplits: ReadonlyMap<string, WordSplit> = new Map<string, WordSplit>([
  ...['default', 'gpt-2', 'phi-2', 'mpt', 'olmo', 'jais'].map((name) => [name, gpt2] as const),
  ...['smollm', 'starcoder', 'refact', 'codeshell', 'exaone', 'minerva-7b'].map((name) => [name, gpt2Digits] as const),
  ...['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'pixtral', 'midm-2.0'].map((name) => [name, llama3] as const),
  ...['dbrx', 'smaug-bpe'].map((name) => [name, dbrx] as const),
  ...['qwen2', 'deepseek-r1-qwen', 'megrez'].map((name) => [name, qwen2] as const),
  ...['gpt-4o', 'llama4'].map((name) => [name, gpt4o] as const),
  ['tekken', { pattern: o200k('', single), ignoreMerges: true, addBos: true }],
]);
