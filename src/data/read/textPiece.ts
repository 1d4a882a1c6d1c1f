// The bytes of one row as a splitter cuts them out of a text file, with the place where they start.

export interface TextPiece {
  /** UTF-8 bytes of the row without its line end; undefined when the row is longer than the limit. */
  readonly bytes: Buffer | undefined;
  /** Length of the row in bytes, also when it is too long to be kept. */
  readonly byteLength: number;
  /** Byte offset of the row in the (unpacked) text. */
  readonly byteOffset: number;
  /** Line on which the row starts, counting from 1. */
  readonly line: number;
  /** Column at which the row starts, in UTF-16 units counting from 1. */
  readonly column: number;
  /** True when the file ends right after the row, without a line end. */
  readonly last: boolean;
}

/** Cuts a stream of chunks into rows; a row that crosses chunks is put together, never more than one at a time. */
export interface Splitter {
  /** Rows that are complete after this chunk. */
  push(chunk: Buffer): TextPiece[];
  /** What is left when the stream has ended. */
  end(): TextPiece[];
}
