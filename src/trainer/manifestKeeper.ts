// Keeps run.json in step with the run: one writer, one write after another.

import { readManifest, writeManifest, type RunManifest } from '../runs/manifest.ts';

export interface ManifestKeeper {
  readonly current: () => RunManifest;
  /** Changes fields; the file follows. Whether that worked is told by `settled`. */
  update(change: Partial<RunManifest>): void;
  /** Waits for the file to be as `current`. Throws what the last write threw. */
  settled(): Promise<void>;
}

export async function keepManifest(folder: string): Promise<ManifestKeeper> {
  let manifest = await readManifest(folder);
  let writing = Promise.resolve();
  return {
    current: () => manifest,
    update(change) {
      manifest = { ...manifest, ...change };
      const snapshot = manifest;
      // A write that failed (full disk) does not keep the next one from being tried.
      writing = writing.catch(() => undefined).then(() => writeManifest(folder, snapshot));
      // The error stays for `settled`; until then it must not count as unhandled.
      writing.catch(() => undefined);
    },
    settled: () => writing,
  };
}
