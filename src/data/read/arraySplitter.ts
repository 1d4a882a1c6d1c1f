// Cuts one big JSON array into its elements while it streams by, so that the array never has to fit in memory.
import type { Place } from '../../protocol/problem.ts';
import { problem } from '../../protocol/problem.ts';
import { PieceBuffer } from './pieceBuffer.ts';
import type { Splitter, TextPiece } from './textPiece.ts';

type State =
  'before the array' | 'element or end' | 'element' | 'inside an element' | 'comma or end' | 'after the array';

/**
 * Finds the ends of the elements by brackets and quotes alone; whether an element is valid JSON is its parser's
 * business. Throws a ProblemError where the array itself is broken, since what follows cannot be told apart.
 */
export class ArraySplitter implements Splitter {
  private readonly buffer: PieceBuffer;
  private readonly file: string;
  private state: State = 'before the array';
  private depth = 0;
  private inString = false;
  private escaped = false;
  private offset: number;
  private line = 1;
  private column = 1;
  private start = { byteOffset: 0, line: 1, column: 1 };

  /** `file` names the place of errors; `rowLimit` in bytes; `origin` is the byte offset of the first chunk. */
  constructor(file: string, rowLimit: number, origin = 0) {
    this.buffer = new PieceBuffer(rowLimit);
    this.file = file;
    this.offset = origin;
  }

  push(chunk: Buffer): TextPiece[] {
    const pieces: TextPiece[] = [];
    let from = 0; // where the current element goes on in this chunk
    for (let i = 0; i < chunk.length; i += 1) {
      const byte = chunk[i]!;
      if (this.state === 'inside an element') {
        // A bare value (number, word) ends before a comma or bracket that is not its own.
        const bareEnd = this.depth === 0 && !this.inString && (byte === 0x2c || byte === 0x5d);
        if (bareEnd) {
          this.finish(pieces, chunk.subarray(from, i));
          this.between(byte, i);
        } else if (this.insideElement(byte)) {
          this.finish(pieces, chunk.subarray(from, i + 1));
        }
      } else if (this.between(byte, i)) {
        from = i;
      }
      this.count(byte);
    }
    if (this.state === 'inside an element') this.buffer.add(chunk.subarray(from));
    this.offset += chunk.length;
    return pieces;
  }

  end(): TextPiece[] {
    if (this.state === 'after the array') return [];
    const line = this.state === 'inside an element' ? ` in the element that starts on line ${this.start.line}` : '';
    throw problem(
      'data/truncated-file',
      `The JSON array ends too early${line}: there is no "]". The file may have been cut off.`,
      this.place(),
    );
  }

  /** One byte of an element; true when the element ends with it. */
  private insideElement(byte: number): boolean {
    if (this.inString) {
      if (this.escaped) this.escaped = false;
      else if (byte === 0x5c) this.escaped = true;
      else if (byte === 0x22) {
        this.inString = false;
        return this.depth === 0;
      }
      return false;
    }
    if (byte === 0x22) this.inString = true;
    else if (byte === 0x7b || byte === 0x5b) this.depth += 1;
    else if (byte === 0x7d || byte === 0x5d) {
      this.depth -= 1;
      return this.depth <= 0; // below zero: a bracket too many, which the element's parser reports
    }
    return false;
  }

  /** One byte between elements; true when an element starts with it. */
  private between(byte: number, index: number): boolean {
    if (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) return false;
    switch (this.state) {
      case 'before the array':
        if (byte === 0x5b) this.state = 'element or end';
        else throw this.unexpected('"["', byte);
        return false;
      case 'comma or end':
        if (byte === 0x2c) this.state = 'element';
        else if (byte === 0x5d) this.state = 'after the array';
        else throw this.unexpected('"," or "]" after the element', byte);
        return false;
      case 'after the array':
        throw this.unexpected('the end of the file after the array', byte);
      case 'element or end':
      case 'element':
        if (byte === 0x5d && this.state === 'element or end') {
          this.state = 'after the array';
          return false;
        }
        if (byte === 0x5d || byte === 0x2c || byte === 0x7d || byte === 0x3a) throw this.unexpected('an element', byte);
        this.state = 'inside an element';
        this.start = { byteOffset: this.offset + index, line: this.line, column: this.column };
        this.depth = 0;
        this.insideElement(byte);
        return true;
      case 'inside an element':
        return false;
    }
  }

  private finish(pieces: TextPiece[], tail: Buffer): void {
    this.buffer.add(tail);
    pieces.push({ ...this.buffer.take(), ...this.start, last: false });
    this.state = 'comma or end';
  }

  /** Keeps line and column: columns are UTF-16 units, of which a character of four bytes takes two. */
  private count(byte: number): void {
    if (byte === 0x0a) {
      this.line += 1;
      this.column = 1;
    } else if ((byte & 0xc0) !== 0x80) {
      this.column += byte >= 0xf0 ? 2 : 1;
    }
  }

  private unexpected(expected: string, byte: number): Error {
    const found = byte === 0 ? 'a NUL byte (0x00)' : JSON.stringify(String.fromCharCode(byte));
    return problem('data/invalid-json', `Expected ${expected}, found ${found}.`, this.place());
  }

  private place(): Place {
    return { file: this.file, line: this.line, column: this.column };
  }
}
