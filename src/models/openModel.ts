// Opens a model by what a person writes: a folder, a .gguf file or a hub id; reads no weights, only where they lie.
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { problem } from '../protocol/problem.ts';
import { convertGguf } from './gguf/convert.ts';
import { openFolder } from './modelFolder.ts';
import { misspelledPath, pathMissing } from './pathHints.ts';
import type { ModelProgress } from './progress.ts';
import { parseHubReference } from './hubReference.ts';
import type { LoadedModel } from './types.ts';

export type { ModelProgress } from './progress.ts';

export interface OpenModelOptions {
  /** Relative paths count from here: the folder of the config file. */
  readonly baseDirectory: string;
  readonly onProgress?: (progress: ModelProgress) => void;
  /** Aborts a download or conversion; what is there is kept for the next time. */
  readonly signal?: AbortSignal;
  /** The process's own unless given. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Opens a folder (absolute, relative to `baseDirectory` or `~/…`), a `.gguf` file, or `org/name[@revision]` of the hub.
 * A path that exists comes before a hub id of the same spelling.
 * @throws ProblemError `models/not-found`, `models/file-missing`, `models/no-weights`, `models/pickled-weights`,
 *   `models/no-tokenizer`, `models/hub-…`, `models/broken-…`; the signal's reason when aborted.
 */
export async function openModel(reference: string, options: OpenModelOptions): Promise<LoadedModel> {
  const path = resolve(
    options.baseDirectory,
    reference.replace(/^~(?=$|[/\\])/, () => homedir()),
  );
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return openFolder(path, { reference, path });
  if (found?.isFile()) return openFile(reference, path, options);
  const hub = parseHubReference(reference);
  // `modles/smol` beside a folder `models/smal` is a slip of the pen, not a hub id.
  if (!hub || (await misspelledPath(path)) !== undefined) throw await pathMissing(reference, path);
  // The hub's client is large; a model on this machine does not wait for it.
  const { fetchFromHub } = await import('./hub.ts');
  const folder = await fetchFromHub(hub, options);
  return openFolder(folder, { reference, path: folder });
}

async function openFile(reference: string, path: string, options: OpenModelOptions): Promise<LoadedModel> {
  if (path.toLowerCase().endsWith('.gguf')) {
    const folder = await convertGguf(path, options);
    return openFolder(folder, { reference, path });
  }
  if (path.endsWith('.safetensors')) {
    const message =
      'Name the folder of the model, not its weights alone: config.json and tokenizer.json are needed too.';
    throw problem('models/not-a-model', message, { file: path });
  }
  throw problem('models/not-a-model', 'This is neither a model folder nor a .gguf file.', { file: path });
}
