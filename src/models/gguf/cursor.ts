// Reads little-endian values one after another from the start of a file that may lie about its lengths.
import { closeSync, openSync, readSync, fstatSync } from 'node:fs';
import { problem } from '../../protocol/problem.ts';
import type { ProblemError } from '../../protocol/problem.ts';
import { explainReadError } from '../files.ts';

const chunkBytes = 1 << 20;

/** A position in a file; every read checks that the file still has what is asked for. */
export interface Cursor {
  readonly file: string;
  readonly size: number;
  position(): number;
  uint8(): number;
  int8(): number;
  uint16(): number;
  int16(): number;
  uint32(): number;
  int32(): number;
  float32(): number;
  float64(): number;
  /** May lose precision above 2^53; lengths go through `length`. */
  uint64(): number;
  int64(): number;
  /** A count of things that take at least `elementBytes` each; `what` names it in the message. */
  length(elementBytes: number, what: string): number;
  string(what: string): string;
  fail(what: string): ProblemError;
}

/**
 * Opens a file, lets `read` walk over it and closes it. Synchronous: a GGUF header holds some hundred thousand small
 * strings in a few megabytes, and a promise for each would take seconds.
 */
export function withCursor<Result>(file: string, read: (cursor: Cursor) => Result): Result {
  try {
    const descriptor = openSync(file, 'r');
    try {
      return read(createCursor(descriptor, file));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw explainReadError(error, file);
  }
}

function createCursor(descriptor: number, file: string): Cursor {
  const { size } = fstatSync(descriptor);
  let buffer = Buffer.alloc(0);
  let bufferStart = 0;
  let at = 0;

  const fail = (what: string) => problem('models/broken-gguf', `This is not a sound GGUF file: ${what}.`, { file });

  /** Makes `count` bytes available and returns their place in `buffer`. */
  const take = (count: number): number => {
    const position = bufferStart + at;
    if (count > size - position) throw fail(`it ends in the middle of its header (at byte ${size})`);
    if (at + count > buffer.length) {
      const next = Buffer.alloc(Math.min(Math.max(count, chunkBytes), size - position));
      let done = 0;
      while (done < next.length) {
        const bytes = readSync(descriptor, next, done, next.length - done, position + done);
        if (bytes === 0) throw fail('it became shorter while it was read');
        done += bytes;
      }
      buffer = next;
      bufferStart = position;
      at = 0;
    }
    const start = at;
    at += count;
    return start;
  };

  // `take` may replace the buffer, so it is called before the buffer is looked at.
  const read = (count: number, decode: (bytes: Buffer, start: number) => number) => () => {
    const start = take(count);
    return decode(buffer, start);
  };

  const length = (elementBytes: number, what: string): number => {
    const start = take(8);
    const claimed = buffer.readBigUInt64LE(start);
    if (claimed * BigInt(elementBytes) > BigInt(size - (bufferStart + at))) {
      throw fail(`${what} claims a length of ${claimed}, more than the file can hold`);
    }
    return Number(claimed);
  };

  return {
    file,
    size,
    fail,
    length,
    position: () => bufferStart + at,
    uint8: read(1, (bytes, start) => bytes.readUInt8(start)),
    int8: read(1, (bytes, start) => bytes.readInt8(start)),
    uint16: read(2, (bytes, start) => bytes.readUInt16LE(start)),
    int16: read(2, (bytes, start) => bytes.readInt16LE(start)),
    uint32: read(4, (bytes, start) => bytes.readUInt32LE(start)),
    int32: read(4, (bytes, start) => bytes.readInt32LE(start)),
    float32: read(4, (bytes, start) => bytes.readFloatLE(start)),
    float64: read(8, (bytes, start) => bytes.readDoubleLE(start)),
    uint64: read(8, (bytes, start) => Number(bytes.readBigUInt64LE(start))),
    int64: read(8, (bytes, start) => Number(bytes.readBigInt64LE(start))),
    string: (what) => {
      const count = length(1, what);
      const start = take(count);
      return buffer.toString('utf8', start, start + count);
    },
  };
}
