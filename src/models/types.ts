// What a model on disk is to the rest of the program: config, weights by name, tokenizer, chat template.

/** Element types that stored weights may have. */
export type WeightDtype = 'F32' | 'F16' | 'BF16';

/** One stored tensor: where its bytes lie. Nothing is read until it is used. */
export interface WeightEntry {
  readonly name: string;
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
  /** Absolute path of the safetensors file. */
  readonly file: string;
  /** Byte offset of the data from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** A tensor in memory. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Text to token ids and back. */
export interface Tokenizer {
  readonly vocabSize: number;
  readonly bosTokenId: number | undefined;
  readonly eosTokenId: number | undefined;
  readonly padTokenId: number | undefined;
  /** Ids of all special tokens (control tokens that plain text should not contain). */
  readonly specialTokenIds: ReadonlySet<number>;
  /**
   * Token ids of a text. `addSpecialTokens` adds what the tokenizer's own post-processor adds (BOS for Llama);
   * special tokens written in the text are always recognised.
   */
  encode(text: string, options: { addSpecialTokens: boolean }): number[];
  /**
   * The same ids with the characters that each token covers: the UTF-16 units [starts[i], ends[i]) of the text, empty
   * for tokens that were added around it. Tokens that share a character (parts of its UTF-8 bytes) overlap there.
   */
  encodeWithOffsets(
    text: string,
    options: { addSpecialTokens: boolean },
  ): { ids: number[]; starts: Int32Array; ends: Int32Array };
  /** Text of token ids. */
  decode(ids: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string;
  tokenToId(token: string): number | undefined;
  idToToken(id: number): string | undefined;
}

/** A model opened from a folder, a hub cache snapshot or a GGUF file. */
export interface LoadedModel {
  /** The reference as the person wrote it. */
  readonly reference: string;
  /** Absolute path of the folder, or of the .gguf file. */
  readonly path: string;
  /** The parsed config.json (Hugging Face vocabulary); for GGUF made from its metadata. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly generationConfig: Readonly<Record<string, unknown>>;
  /** Stored weights by their Hugging Face name, such as `model.layers.0.self_attn.q_proj.weight`. */
  readonly weights: ReadonlyMap<string, WeightEntry>;
  readonly tokenizer: Tokenizer;
  /** Jinja source of the model's own chat template. */
  readonly chatTemplate: string | undefined;
  /** Files that make the tokenizer and template, to be copied beside an exported adapter or model: name → content. */
  readonly tokenizerFiles: ReadonlyMap<string, string>;
  /** sha256 (hex) of what a run depends on. `weights` hashes file names, sizes and headers, not the data. */
  readonly hashes: {
    readonly config: string;
    readonly tokenizer: string;
    readonly template: string;
    readonly weights: string;
  };
}
