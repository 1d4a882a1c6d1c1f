// A glance at a long event log: its beginning, its end and a line here and there between. Within some milliseconds it gives a
// curve that can be read; spikes are left to the look at all of it (skimLog.ts).

import type { FileHandle } from 'node:fs/promises';
import type { TrainerEvent } from '../protocol/events.ts';
import { decodeLine, type PlacedEvent } from './logFollower.ts';
import { openIfReadable } from './regularFile.ts';

/** Places that are looked at: about half as many as a chart has pixels for. */
const places = 300;
/** Bytes that are read at a place; a step has some hundreds. */
const pieceSize = 8 * 1024;
/** Bytes that are read at the beginning and at the end: what was planned, and what is told of this moment. */
const edgeSize = 64 * 1024;
/** Fewer steps than this are no picture. */
const leastSteps = 20;

/** Events of the log in its order, steps ascending; undefined when they do not make a picture. */
export async function glanceAtLog(file: string): Promise<readonly PlacedEvent[] | undefined> {
  const handle = await openIfReadable(file);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    if (size < 4 * edgeSize) return undefined;
    const between = Array.from({ length: places }, (_, i) =>
      Math.floor(edgeSize + (i * (size - 2 * edgeSize)) / places),
    );
    const pieces = await Promise.all([
      linesAt(handle, 0, edgeSize, Number.POSITIVE_INFINITY),
      ...between.map((offset) => linesAt(handle, offset, pieceSize, 1)),
      linesAt(handle, size - edgeSize, edgeSize, Number.POSITIVE_INFINITY),
    ]);
    const events = ascending(pieces.flat());
    return events.filter(({ event }) => event.type === 'step').length < leastSteps ? undefined : events;
  } finally {
    await handle.close();
  }
}

/** Events of whole lines in a piece of the log, `most` at most. */
async function linesAt(handle: FileHandle, offset: number, length: number, most: number): Promise<PlacedEvent[]> {
  if (offset < 0) return [];
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
  const bytes = buffer.subarray(0, bytesRead);
  const found: PlacedEvent[] = [];
  // Only the first line of the file is known to begin where the piece does.
  let start = offset === 0 ? 0 : bytes.indexOf(0x0a) + 1;
  for (let end = bytes.indexOf(0x0a, start); end >= 0 && found.length < most; end = bytes.indexOf(0x0a, start)) {
    const event = decodeLine(bytes.subarray(start, end + 1), () => undefined);
    if (event) found.push({ event, place: offset + start });
    start = end + 1;
  }
  return found;
}

/** Without steps that are run again later: of those the last time counts. */
function ascending(events: readonly PlacedEvent[]): PlacedEvent[] {
  let next = Number.POSITIVE_INFINITY;
  const isKept = (event: TrainerEvent): boolean => {
    if (event.type !== 'step') return true;
    if (event.step >= next) return false;
    next = event.step;
    return true;
  };
  return events
    .toReversed()
    .filter(({ event }) => isKept(event))
    .toReversed();
}
