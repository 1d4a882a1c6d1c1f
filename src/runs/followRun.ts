// Follows a run from its folder: every event so far, then each new one, until the run has ended or its process is gone.

import { setTimeout as delay } from 'node:timers/promises';
import type { TrainerEvent } from '../protocol/events.ts';
import { createJsonLineDecoder } from '../protocol/jsonLines.ts';
import { isErrno } from './atomicFile.ts';
import { eventOfLine } from './eventLog.ts';
import { runPaths } from './layout.ts';
import { readManifest } from './manifest.ts';
import { openRegular } from './regularFile.ts';
import { isLiveStatus, statusOf } from './store.ts';

export interface FollowOptions {
  /** Events below this number are passed over. */
  readonly fromSeq?: number;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
  /** Lines that could not be understood. */
  readonly onProblem?: (sentence: string) => void;
  /** Time between looks at the file, in milliseconds. Polling works on every disk, shared ones too. */
  readonly interval?: number;
}

/** How often the process is asked for, in milliseconds: that costs a subprocess on Windows and macOS. */
const lifeInterval = 2000;

/** The events of a run, old and new. Ends when the run is no longer live and everything has been read. */
export async function* followRun(folder: string, options: FollowOptions = {}): AsyncGenerator<TrainerEvent> {
  const { fromSeq = 0, signal, onProblem = () => {}, interval = 150 } = options;
  const decoder = createJsonLineDecoder();
  let offset = 0;
  let asked = 0;
  let ended = false;
  while (!signal?.aborted) {
    const bytes = await readFrom(runPaths(folder).events, offset);
    offset += bytes.length;
    for (const line of decoder.push(bytes)) {
      const event = eventOfLine(line, onProblem);
      if (!event) continue;
      ended = event.type === 'finished' || event.type === 'failed';
      if (event.seq >= fromSeq) yield event;
    }
    if (bytes.length > 0) continue;
    if (ended) asked = 0;
    if (Date.now() - asked >= lifeInterval) {
      asked = Date.now();
      const status = await statusOf(await readManifest(folder));
      // What was written between the last look and the end must not be lost.
      if (!isLiveStatus(status) && (await readFrom(runPaths(folder).events, offset)).length === 0) return;
    }
    await delay(interval, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}

async function readFrom(file: string, offset: number): Promise<Uint8Array> {
  const handle = await openRegular(file).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (!handle) return new Uint8Array();
  try {
    const { size } = await handle.stat();
    const length = Math.min(Math.max(0, size - offset), 1 << 20);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
