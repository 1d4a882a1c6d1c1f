// Reads an event log as it grows, each line once. Only whole lines are taken, so a line torn by a crash and cut off
// later is never seen.

import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import type { TrainerEvent } from '../protocol/events.ts';
import { createJsonLineDecoder } from '../protocol/jsonLines.ts';
import { emptyBlock, type StepBlock } from '../metrics/stepBlock.ts';
import { eventOfLine } from './eventLog.ts';
import { openIfReadable } from './regularFile.ts';
import { createStepScanner } from './stepScanner.ts';

/** An event and where its line begins in the file, in bytes. */
export interface PlacedEvent {
  readonly event: TrainerEvent;
  readonly place: number;
}

/** Steps as columns. Their memory is used again for the next ones: whoever gets them copies what is to stay. */
export interface PlacedSteps {
  readonly steps: StepBlock;
}

/** A piece of the log: steps come as columns where they are spelled as our trainer does, and as events otherwise. */
export type LogPart = PlacedEvent | PlacedSteps;

export interface LogFollower {
  /**
   * Reads what was added since the last call. `onRestart` is called first when the file is shorter than before: another
   * log lies there, and everything known has to be forgotten. Resolves to the number of bytes that were read.
   */
  read(onPart: (part: LogPart) => void, onRestart: () => void): Promise<number>;
}

/** Read at once, in bytes; the caller gets its turn between two pieces. */
const pieceSize = 1 << 20;

/** A line over this many bytes is no event of ours and is passed over. */
const longestLine = 16 << 20;

/** Steps that are passed on together. */
const blockSize = 4096;

/** `onProblem` gets a sentence for each line that cannot be understood. Reading begins at byte `from`. */
export function createLogFollower(file: string, onProblem: (sentence: string) => void, from = 0): LogFollower {
  let offset = from;
  const decode = createPieceDecoder(onProblem);
  return {
    async read(onPart, onRestart) {
      const handle = await openIfReadable(file);
      if (!handle) return 0;
      try {
        const { size } = await handle.stat();
        if (size < offset) {
          offset = 0;
          onRestart();
        }
        const begin = offset;
        let length = pieceSize;
        let room = Buffer.allocUnsafe(Math.min(length, size - offset));
        while (offset < size) {
          if (room.length < Math.min(length, size - offset)) room = Buffer.allocUnsafe(length);
          const { bytesRead } = await handle.read(room, 0, Math.min(length, size - offset), offset);
          const end = room.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
          if (end === 0) {
            if (bytesRead < length) break;
            if (length >= longestLine) offset = await behindNextLine(handle, offset + bytesRead, size, onProblem);
            else length *= 2;
            continue;
          }
          decode(room.subarray(0, end), offset, onPart);
          offset += end;
          length = pieceSize;
        }
        return offset - begin;
      } finally {
        await handle.close();
      }
    },
  };
}

/** Tells the lines of a piece in order: steps by the scanner, what it does not know by the checked path. */
function createPieceDecoder(onProblem: (sentence: string) => void) {
  const scanner = createStepScanner();
  const block = emptyBlock(blockSize);
  return (bytes: Buffer, offset: number, onPart: (part: LogPart) => void): void => {
    const flush = (): void => {
      if (block.length > 0) onPart({ steps: block });
      block.length = 0;
      block.metrics.clear();
    };
    const readable = isUtf8(bytes);
    const piece = { bytes, text: readable ? bytes.toString('latin1') : '', offset };
    const { seq } = block.fields;
    for (let start = 0, end = bytes.indexOf(0x0a); end >= 0; start = end + 1, end = bytes.indexOf(0x0a, start)) {
      if (readable && scanner.scan(piece, start, end, block)) {
        // A gap, or an event seen twice, begins a block of its own.
        const last = block.length - 1;
        if (last > 0 && seq[last] !== seq[last - 1]! + 1) {
          block.length = last;
          flush();
          scanner.scan(piece, start, end, block);
        }
        if (block.length === blockSize) flush();
        continue;
      }
      flush();
      const event = decodeLine(bytes.subarray(start, end + 1), onProblem);
      if (event) onPart({ event, place: offset + start });
    }
    flush();
  };
}

/** The event of a line with its line end, by the checked path; undefined when there is none. */
export function decodeLine(bytes: Uint8Array, onProblem: (sentence: string) => void): TrainerEvent | undefined {
  const [line] = createJsonLineDecoder().push(bytes);
  return line && eventOfLine(line, onProblem);
}

/** The event whose line begins at a place; undefined when there is none. */
export async function eventAt(file: string, place: number): Promise<TrainerEvent | undefined> {
  const handle = await openIfReadable(file);
  if (!handle) return undefined;
  try {
    for (let length = 16 * 1024; length <= longestLine; length *= 8) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, place);
      const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
      if (end >= 0) return decodeLine(buffer.subarray(0, end + 1), () => undefined);
      if (bytesRead < length) return undefined;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

async function behindNextLine(
  handle: FileHandle,
  from: number,
  size: number,
  onProblem: (sentence: string) => void,
): Promise<number> {
  onProblem(`A line of more than ${longestLine} bytes was passed over.`);
  for (let at = from; at < size; at += pieceSize) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(pieceSize), 0, pieceSize, at);
    const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
    if (end >= 0) return at + end + 1;
  }
  return size;
}
