// events.jsonl: appended line by line, read back through the codec. A line torn by a crash is cut off before going on.

import { closeSync, constants, fsyncSync, ftruncateSync, fstatSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { EventDraft, TrainerEvent } from '../protocol/events.ts';
import { createJsonLineDecoder, encodeJsonLine, type JsonLine } from '../protocol/jsonLines.ts';
import { initialRunState, reduceRun, type RunState } from '../protocol/runState.ts';
import { checkEvent } from '../protocol/validate.ts';
import { isErrno } from './atomicFile.ts';
import { openRegular } from './regularFile.ts';

export interface EventLog {
  /** Numbers, dates and appends an event. Throws the system's error (disk full) and then leaves no torn line. */
  append(draft: EventDraft): TrainerEvent;
  /** Makes what was appended survive a power cut. */
  sync(): void;
  close(): void;
}

/**
 * Opens the log for its only writer. `nextSeq` is where the numbering goes on: `nextSeq` of the state that
 * `readEvents` gave. Writing is synchronous, so the order on disk is the order of the calls.
 */
export function openEventLog(file: string, nextSeq: number, now: () => Date = () => new Date()): EventLog {
  // Not in append mode: Windows would then refuse to cut a torn line off.
  const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT);
  let end = fstatSync(descriptor).size;
  let seq = nextSeq;
  return {
    append(draft) {
      const event: TrainerEvent = { seq, time: now().toISOString(), ...draft };
      const bytes = Buffer.from(encodeJsonLine(event));
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at, end + at);
      } catch (error) {
        ftruncateSync(descriptor, end);
        throw error;
      }
      end += bytes.length;
      seq += 1;
      return event;
    },
    sync: () => fsyncSync(descriptor),
    close: () => closeSync(descriptor),
  };
}

/** Cuts an unfinished last line off, so that the next append begins a line of its own. Returns the bytes removed. */
export async function repairEventLog(file: string): Promise<number> {
  const handle = await open(file, 'r+').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (!handle) return 0;
  try {
    const { size } = await handle.stat();
    const end = await endOfLastLine(handle, size);
    if (end < size) await handle.truncate(end);
    return size - end;
  } finally {
    await handle.close();
  }
}

export interface EventLogContent {
  readonly state: RunState;
  /** Lines that could not be understood, as sentences. A torn last line is not one of them: it is still being written. */
  readonly problems: readonly string[];
}

/** Replays the log of a run. `onEvent` sees every event in order; a missing file is an empty log, and so is one that cannot be read. */
export async function readEvents(
  file: string,
  onEvent: (event: TrainerEvent) => void = () => {},
): Promise<EventLogContent> {
  const decoder = createJsonLineDecoder();
  const problems: string[] = [];
  let state = initialRunState;
  try {
    const handle = await openRegular(file);
    for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 20 })) {
      if (!(chunk instanceof Uint8Array)) continue;
      for (const line of decoder.push(chunk)) {
        const event = eventOfLine(line, (sentence) => problems.push(sentence));
        if (!event) continue;
        state = reduceRun(state, event);
        onEvent(event);
      }
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (!isErrno(error, 'ENOENT')) problems.push(`The event log cannot be read: ${reason}.`);
  }
  return { state, problems };
}

/** The event of a line; what is wrong goes to `report`. Events of newer programs are passed over. */
export function eventOfLine(line: JsonLine, report: (sentence: string) => void): TrainerEvent | undefined {
  if (!line.ok) {
    report(`${line.problem} (${line.text})`);
    return undefined;
  }
  const checked = checkEvent(line.value);
  if (checked.ok) return checked.value;
  report(checked.problem);
  return undefined;
}

/** Offset just behind the last newline, looked for backwards. */
async function endOfLastLine(handle: Awaited<ReturnType<typeof open>>, size: number): Promise<number> {
  const block = 64 * 1024;
  for (let to = size; to > 0; to -= block) {
    const from = Math.max(0, to - block);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (at >= 0) return from + at + 1;
  }
  return 0;
}
