// Files of this very package (bundles, schemas, examples), found from wherever this code was bundled to.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/** Absolute path of a file inside the package, such as `dist/trainer.js`. The file need not exist. */
export function packageFile(name: string): string {
  root ??= findRoot(dirname(fileURLToPath(import.meta.url)));
  return join(root, name);
}

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('The files of fine-tune-workbench are not where its code expects them.');
  return findRoot(parent);
}
