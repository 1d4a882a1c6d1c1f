// heartbeat.json: a sign of life every second, also while the engine computes, for those who cannot ask the process.

import { writeFile } from 'node:fs/promises';
import { renameStubbornly } from '../runs/atomicFile.ts';

/** Time between two beats, in milliseconds. */
const interval = 1000;

/** Writes the file every second until stopped. A beat that cannot be written is skipped: it must not end the run. */
export function startHeartbeat(file: string, facts: () => Readonly<Record<string, unknown>>): () => void {
  const temporary = `${file}.tmp`;
  let writing = false;
  const beat = async (): Promise<void> => {
    if (writing) return;
    writing = true;
    try {
      await writeFile(temporary, JSON.stringify({ time: new Date().toISOString(), pid: process.pid, ...facts() }));
      await renameStubbornly(temporary, file);
    } catch {
      // The next beat tries again.
    } finally {
      writing = false;
    }
  };
  void beat();
  const timer = setInterval(() => void beat(), interval);
  timer.unref();
  return () => clearInterval(timer);
}
