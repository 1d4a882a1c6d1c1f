// Which folder's runs a command is about: the current one, or the nearest parent that already has runs.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { runsFolderOf } from '../runs/layout.ts';

/** The runs folder that belongs to `directory`. */
export function findRunsFolder(directory: string): string {
  let folder = resolve(directory);
  while (!existsSync(join(folder, '.finetune', 'runs'))) {
    const parent = dirname(folder);
    if (parent === folder) return runsFolderOf(directory);
    folder = parent;
  }
  return runsFolderOf(folder);
}
