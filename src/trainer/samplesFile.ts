// samples.jsonl: the answers to the config's prompts on their own, one object a line, for reading without the events.

import { appendFileSync } from 'node:fs';
import type { EventDraft } from '../protocol/events.ts';

/** Appends a `sample` event; other events are passed over. */
export function recordSample(file: string, event: EventDraft): void {
  if (event.type !== 'sample') return;
  const { step, prompt, answer } = event;
  appendFileSync(file, `${JSON.stringify({ step, prompt, answer })}\n`);
}
