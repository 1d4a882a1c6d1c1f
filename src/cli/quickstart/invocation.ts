// How a person calls this program from here, so that commands that are shown can be copied.
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, relative } from 'node:path';
import { shortPath } from '../render/problems.ts';
import { quoted } from './report.ts';

/** `npx finetune` in the package's own folder and below it, `finetune` where it was called so, else `node` with the path. */
export function howToCall(script: string | undefined, directory: string): string {
  if (script === undefined || basename(script) === 'finetune') return 'finetune';
  const packageFolder = dirname(dirname(real(script)));
  const inside = relative(packageFolder, real(directory));
  if (!inside.startsWith('..') && !isAbsolute(inside)) return 'npx finetune';
  return `node ${quoted(shortPath(script, directory))}`;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
