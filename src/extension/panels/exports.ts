// What a panel lets a person take away: all steps as CSV, a picture of a chart.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readEvents } from '../../runs/eventLog.ts';
import { runPaths } from '../../runs/layout.ts';
import type { EventOf } from '../../protocol/events.ts';

const columns = [
  'step',
  'time',
  'epoch',
  'loss',
  'learning_rate',
  'grad_norm',
  'tokens',
  'trained_tokens',
  'tokens_per_second',
  'memory_bytes',
  'seconds',
] as const satisfies readonly (keyof EventOf<'step'>)[];

/** Writes every step that counts; one that was run again after a restart is there once, as it was the last time. */
export async function writeCsv(folder: string, target: string): Promise<number> {
  const steps = new Map<number, string>();
  await readEvents(runPaths(folder).events, (event) => {
    if (event.type === 'step') steps.set(event.step, columns.map((name) => String(event[name])).join(','));
    if (event.type === 'resumed') for (const step of steps.keys()) if (step > event.step) steps.delete(step);
  });
  const file = createWriteStream(target);
  file.write(`${columns.join(',')}\n`);
  for (const step of [...steps.keys()].toSorted((a, b) => a - b)) {
    if (!file.write(`${steps.get(step) ?? ''}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  return steps.size;
}

/** PNG files begin with these bytes. */
const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export function isPng(bytes: Uint8Array): boolean {
  return bytes.length > pngSignature.length && pngSignature.every((byte, index) => bytes[index] === byte);
}
