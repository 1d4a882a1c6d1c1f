// The end of a run's event log: its last step and how it ended. A list of a thousand runs must not read gigabytes.

import type { FileHandle } from 'node:fs/promises';
import type { EventOf, TrainerEvent } from '../protocol/events.ts';
import { checkEvent } from '../protocol/validate.ts';
import { runPaths } from './layout.ts';
import { openIfReadable } from './regularFile.ts';

export interface RunTail {
  /** Bytes of the log when it was read: a log of the same size has the same end. */
  readonly size: number;
  readonly step?: EventOf<'step'>;
  readonly evaluated?: EventOf<'evaluated'>;
  readonly finished?: EventOf<'finished'>;
  readonly failed?: EventOf<'failed'>;
  readonly progress?: EventOf<'progress'>;
}

/** How far back the last step is looked for, in bytes. */
const reach = 256 * 1024;

/** Reads the end of a run's log. `known` is returned as it is while the file has not grown. A missing log is an empty one. */
export async function readTail(folder: string, known?: RunTail): Promise<RunTail> {
  const handle = await openIfReadable(runPaths(folder).events);
  if (!handle) return { size: 0 };
  try {
    const { size } = await handle.stat();
    if (known?.size === size) return known;
    let tail: RunTail = { size };
    let resumed = false;
    for (const event of await lastEvents(handle, size)) {
      // A new process went on with a run that had ended: that end no longer counts.
      if (event.type === 'hello') resumed = true;
      if (resumed && (event.type === 'finished' || event.type === 'failed')) continue;
      tail = take(tail, event);
      if (tail.step) break;
    }
    return tail;
  } finally {
    await handle.close();
  }
}

/** What is known after one earlier event; later ones win. */
function take(tail: RunTail, event: TrainerEvent): RunTail {
  switch (event.type) {
    case 'step':
      return { ...tail, step: tail.step ?? event };
    case 'evaluated':
      return { ...tail, evaluated: tail.evaluated ?? event };
    case 'finished':
      return { ...tail, finished: tail.finished ?? event };
    case 'failed':
      return { ...tail, failed: tail.failed ?? event };
    case 'progress':
      return { ...tail, progress: tail.progress ?? event };
    default:
      return tail;
  }
}

/** The events at the end of the file, the last one first; checked only as they are asked for. */
async function lastEvents(handle: FileHandle, size: number): Promise<Iterable<TrainerEvent>> {
  const length = Math.min(reach, size);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  return eventsBackwards(buffer.subarray(0, bytesRead), length === size);
}

function* eventsBackwards(bytes: Buffer, whole: boolean): Generator<TrainerEvent> {
  // What follows the last newline is still being written.
  let end = bytes.lastIndexOf(0x0a);
  while (end > 0) {
    const start = bytes.lastIndexOf(0x0a, end - 1) + 1;
    if (start === 0 && !whole) return;
    const event = eventOf(bytes.subarray(start, end).toString('utf8'));
    if (event) yield event;
    end = start - 1;
  }
}

function eventOf(text: string): TrainerEvent | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const checked = checkEvent(value);
    return checked.ok ? checked.value : undefined;
  } catch {
    return undefined;
  }
}
