// Where events go: the run folder's log first, then whoever listens on stdout.

import type { EventDraft } from '../protocol/events.ts';
import { encodeJsonLine } from '../protocol/jsonLines.ts';
import type { EventLog } from '../runs/eventLog.ts';

export interface Reporter {
  /** Throws when the log cannot be written (disk full). */
  report(event: EventDraft): void;
  /** As `report`, but a log that cannot be written does not matter any more: stdout still gets the event. */
  reportLast(event: EventDraft): void;
}

/** `send` takes one line for stdout and must not throw. */
export function createReporter(log: EventLog, nextSeq: number, send: (line: string) => void): Reporter {
  let upcoming = nextSeq;
  return {
    report(draft) {
      const event = log.append(draft);
      upcoming = event.seq + 1;
      send(encodeJsonLine(event));
    },
    reportLast(draft) {
      try {
        this.report(draft);
        log.sync();
      } catch {
        send(encodeJsonLine({ seq: upcoming, time: new Date().toISOString(), ...draft }));
      }
    },
  };
}
