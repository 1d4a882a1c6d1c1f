// The runs of a config: which there are, newest first, by the manifests of their folders.
import path from 'node:path';
import { configCopy, runsFolderOf } from '../runs/layout.ts';
import { readManifest, type RunManifest } from '../runs/manifest.ts';
import { runFolders } from '../runs/store.ts';

export interface RunOfConfig {
  readonly folder: string;
  readonly manifest: RunManifest;
  /** The copy of the config that it was started from. */
  readonly config: string;
}

/**
 * Runs that were started from a config, newest first. Runs lie beside it or in a folder of the workspace; a folder that
 * cannot be read as a run is passed over.
 */
export async function runsOfConfig(file: string, workspaceFolders: readonly string[]): Promise<RunOfConfig[]> {
  const folders = [...new Set([path.dirname(file), ...workspaceFolders])].map(runsFolderOf);
  const runs = await Promise.all(folders.map(async (folder) => runsIn(folder, file)));
  return runs.flat().sort((a, b) => b.manifest.created.localeCompare(a.manifest.created));
}

async function runsIn(runsFolder: string, file: string): Promise<RunOfConfig[]> {
  const folders = await runFolders(runsFolder).catch(() => []);
  const runs = await Promise.all(
    folders.map(async (folder) => {
      const manifest = await readManifest(folder).catch(() => undefined);
      if (!manifest || path.resolve(manifest.config_file) !== path.resolve(file)) return undefined;
      return { folder, manifest, config: configCopy(folder, file) };
    }),
  );
  return runs.filter((run) => run !== undefined);
}
