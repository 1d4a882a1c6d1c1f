// From a row's id, such as `data/train.jsonl:12`, to the place that may be opened. Pure but for resolving links.

import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { RunManifest } from '../../runs/manifest.ts';

export interface RowPlace {
  readonly file: string;
  /** From 1; absent for rows of Parquet files. */
  readonly line?: number;
  readonly column?: number;
}

/** The file and line of an id, relative to the config's folder; undefined for a text of another form. */
export function parseRowId(id: string, baseDirectory: string): RowPlace | undefined {
  const lines = /^(.+?):(\d{1,10})(?::(\d{1,10}))?$/s.exec(id);
  if (lines) {
    const [, file = '', line, column] = lines;
    return {
      file: path.resolve(baseDirectory, file),
      line: Math.max(1, Number(line)),
      ...(column === undefined ? {} : { column: Number(column) + 1 }),
    };
  }
  const parquet = /^(.+)#\d{1,10}$/s.exec(id);
  return parquet ? { file: path.resolve(baseDirectory, parquet[1] ?? '') } : undefined;
}

/**
 * True when the file lies in a workspace folder, or is one that the run's config names as data. Links are followed
 * first, so that none leads out.
 */
export async function mayOpen(
  file: string,
  workspaceFolders: readonly string[],
  manifest: RunManifest,
): Promise<boolean> {
  const real = await realpath(file).catch(() => undefined);
  if (real === undefined) return false;
  const folders = await Promise.all(workspaceFolders.map((folder) => realpath(folder).catch(() => folder)));
  if (folders.some((folder) => isInside(real, folder))) return true;
  const named = await Promise.all(
    dataFiles(manifest).map((name) => realpath(path.resolve(manifest.base_directory, name)).catch(() => undefined)),
  );
  return named.includes(real);
}

export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
}

/** Files that the effective config names; a glob is none. */
function dataFiles({ prepared }: RunManifest): string[] {
  const data = prepared?.config['data'];
  if (typeof data !== 'object' || data === null) return [];
  const train: unknown = Reflect.get(data, 'train');
  const validation: unknown = Reflect.get(data, 'validation');
  const paths = Array.isArray(train)
    ? train.map(
        (item: unknown) => (typeof item === 'object' && item !== null ? Reflect.get(item, 'path') : item) as unknown,
      )
    : [train];
  return [...paths, validation].filter((item): item is string => typeof item === 'string');
}
