// A Python that notes every connection and prints what libraries should not, in front of the real one.

import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface WatchedPython {
  readonly python: string;
  /** Connections and look-ups that programs tried so far, one a line. */
  connections(): Promise<string>;
}

/** Writes the interpreter into `folder`. */
export async function watchedPython(folder: string, real: string): Promise<WatchedPython> {
  const notes = path.join(folder, 'connections.txt');
  const python = path.join(folder, 'python');
  const script = path.resolve(import.meta.dirname, 'watchedPython/run.py');
  await writeFile(notes, '');
  await writeFile(python, `#!/bin/sh\nexec '${real}' '${script}' '${notes}' "$@"\n`);
  await chmod(python, 0o755);
  return { python, connections: () => readFile(notes, 'utf8') };
}
