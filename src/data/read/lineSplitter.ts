// Cuts JSON Lines into lines. Works on bytes: a UTF-8 character never holds the byte of a line end.
import { PieceBuffer } from './pieceBuffer.ts';
import type { Splitter, TextPiece } from './textPiece.ts';

const newline = 0x0a;

/** Splits at `\n`; a line made of spaces, tabs and `\r` only is left out, but counted. */
export class LineSplitter implements Splitter {
  private readonly buffer: PieceBuffer;
  private line = 1;
  private lineStart: number;
  private offset: number;

  /** `rowLimit` in bytes; `origin` is the byte offset of the first chunk (3 after a byte order mark). */
  constructor(rowLimit: number, origin = 0) {
    this.buffer = new PieceBuffer(rowLimit);
    this.lineStart = origin;
    this.offset = origin;
  }

  push(chunk: Buffer): TextPiece[] {
    const pieces: TextPiece[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      this.buffer.add(chunk.subarray(from, at));
      this.emit(pieces, false);
      from = at + 1;
      this.line += 1;
      this.lineStart = this.offset + from;
    }
    if (from < chunk.length) this.buffer.add(chunk.subarray(from));
    this.offset += chunk.length;
    return pieces;
  }

  end(): TextPiece[] {
    const pieces: TextPiece[] = [];
    this.emit(pieces, true);
    return pieces;
  }

  private emit(pieces: TextPiece[], last: boolean): void {
    const { bytes, byteLength } = this.buffer.take();
    if (bytes !== undefined && isBlank(bytes)) return;
    pieces.push({ bytes, byteLength, byteOffset: this.lineStart, line: this.line, column: 1, last });
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
