// What opening a model tells while it takes long.

/** A download of a model's files, or the conversion of a GGUF file. */
export interface ModelProgress {
  readonly stage: 'download' | 'convert';
  /** Name of the file at hand. */
  readonly item: string;
  /** Bytes done and to be done over all files. */
  readonly done: number;
  readonly total: number;
}
