// Lets other work of the process happen while rows are encoded: heartbeats, commands, a stop.
import { setImmediate } from 'node:timers/promises';

const sliceMs = 40;

/** To be awaited once a row: gives way about 25 times a second, and stops when the signal says so. */
export function createPacer(signal: AbortSignal | undefined, onPause: () => void): () => Promise<void> | undefined {
  let until = performance.now() + sliceMs;
  return () => {
    if (performance.now() < until) return undefined; // no promise, hardly any cost
    onPause();
    return setImmediate().then(() => {
      signal?.throwIfAborted();
      until = performance.now() + sliceMs;
    });
  };
}
