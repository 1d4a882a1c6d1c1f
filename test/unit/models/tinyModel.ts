// The tiny model of tinyGguf.ts as a model folder, for tests of everything that opens folders.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { convertGguf } from '../../../src/models/gguf/convert.ts';
import { encodeGguf } from './ggufWriter.ts';
import { tinyGguf } from './tinyGguf.ts';

/** Name → content of a model folder's files; `work` is a folder for what is made on the way. */
export async function modelFiles(work: string): Promise<Record<string, Buffer>> {
  await mkdir(work, { recursive: true });
  const file = join(work, 'tiny.gguf');
  await writeFile(file, encodeGguf(tinyGguf()));
  const folder = await convertGguf(file, { env: { FINETUNE_CACHE: join(work, 'cache') } });
  const names = await readdir(folder);
  const contents = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const));
  await rm(work, { recursive: true });
  return Object.fromEntries(contents);
}

/** Writes a model folder, with files changed, added, or left out where the change is undefined. */
export async function writeModel(
  folder: string,
  files: Readonly<Record<string, Buffer>>,
  changes: Readonly<Record<string, Buffer | string | undefined>> = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries({ ...files, ...changes })) {
    if (content !== undefined) await writeFile(join(folder, name), content);
  }
  return folder;
}
