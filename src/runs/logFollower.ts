// Reads an event log as it grows, each line once. Only whole lines are taken, so a line torn by a crash and cut off
// later is never seen.

import { open } from 'node:fs/promises';
import type { TrainerEvent } from '../protocol/events.ts';
import { createJsonLineDecoder } from '../protocol/jsonLines.ts';
import { eventOfLine } from './eventLog.ts';

/** An event and where its line begins in the file, in bytes. */
export interface PlacedEvent {
  readonly event: TrainerEvent;
  readonly place: number;
}

export interface LogFollower {
  /**
   * Reads what was added since the last call. `onRestart` is called first when the file is shorter than before: another
   * log lies there, and everything known has to be forgotten. Resolves to the number of bytes that were read.
   */
  read(onEvents: (events: readonly PlacedEvent[]) => void, onRestart: () => void): Promise<number>;
}

/** Read at once, in bytes; the caller gets its turn between two pieces. */
const pieceSize = 1 << 20;

/** A line over this many bytes is no event of ours and is passed over. */
const longestLine = 16 << 20;

/** `onProblem` gets a sentence for each line that cannot be understood. Reading begins at byte `from`. */
export function createLogFollower(file: string, onProblem: (sentence: string) => void, from = 0): LogFollower {
  let offset = from;
  return {
    async read(onEvents, onRestart) {
      const handle = await open(file, 'r').catch(() => undefined);
      if (!handle) return 0;
      try {
        const { size } = await handle.stat();
        if (size < offset) {
          offset = 0;
          onRestart();
        }
        const begin = offset;
        let length = pieceSize;
        while (offset < size) {
          const piece = Buffer.allocUnsafe(Math.min(length, size - offset));
          const { bytesRead } = await handle.read(piece, 0, piece.length, offset);
          const end = piece.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
          if (end === 0) {
            if (bytesRead < length) break;
            if (length >= longestLine) offset = await behindNextLine(handle, offset + bytesRead, size, onProblem);
            else length *= 2;
            continue;
          }
          onEvents(decode(piece.subarray(0, end), offset, onProblem));
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

function decode(bytes: Uint8Array, offset: number, onProblem: (sentence: string) => void): PlacedEvent[] {
  const events: PlacedEvent[] = [];
  for (let start = 0, end = bytes.indexOf(0x0a); end >= 0; start = end + 1, end = bytes.indexOf(0x0a, start)) {
    for (const line of createJsonLineDecoder().push(bytes.subarray(start, end + 1))) {
      const event = eventOfLine(line, onProblem);
      if (event) events.push({ event, place: offset + start });
    }
  }
  return events;
}

/** The event whose line begins at a place; undefined when there is none. */
export async function eventAt(file: string, place: number): Promise<TrainerEvent | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return undefined;
  try {
    for (let length = 16 * 1024; length <= longestLine; length *= 8) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, place);
      const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
      if (end >= 0) return decode(buffer.subarray(0, end + 1), place, () => undefined)[0]?.event;
      if (bytesRead < length) return undefined;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

async function behindNextLine(
  handle: Awaited<ReturnType<typeof open>>,
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
