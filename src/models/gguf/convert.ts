// Turns a GGUF file into an ordinary model folder once, in the cache, so that everything else reads safetensors only.
import { createHash } from 'node:crypto';
import { open, mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheDirectory } from '../../platform/cacheDirectory.ts';
import { problem } from '../../protocol/problem.ts';
import {
  explainReadError,
  explainWriteError,
  isProcessAlive,
  readExactly,
  syncFolder,
  writeTextAtomically,
} from '../files.ts';
import { configJson } from '../configJson.ts';
import type { ModelProgress } from '../progress.ts';
import { elementCount } from '../safetensorsHeader.ts';
import { writeSafetensors } from '../safetensors.ts';
import type { NamedTensor } from '../types.ts';
import { ggufConfig } from './config.ts';
import { readGguf, readGgufTensor } from './file.ts';
import type { GgufFile, GgufTensor } from './file.ts';
import { metadataFields } from './metadata.ts';
import { applyChange, changedShape, tensorTarget } from './tensorNames.ts';
import type { TensorTarget } from './tensorNames.ts';
import { ggufTokenizer } from './tokenizer.ts';

/** Part of the cache key; to be raised whenever the same file would be converted differently. */
const converterVersion = 1;

let serial = 0;

export interface ConvertOptions {
  readonly onProgress?: (progress: ModelProgress) => void;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The folder with config, tokenizer and fp32 weights of a GGUF file, converted now or earlier.
 * Throws what `readGguf`, `ggufConfig` and `ggufTokenizer` throw, `models/disk-full`, and the signal's reason.
 */
export async function convertGguf(path: string, options: ConvertOptions = {}): Promise<string> {
  const gguf = readGguf(path);
  const parent = join(cacheDirectory(options.env), 'gguf');
  const folder = join(parent, await cacheKey(gguf));
  if (await isFolder(folder)) return folder;
  const temporary = `${folder}.tmp-${process.pid}-${serial++}`;
  try {
    await mkdir(parent, { recursive: true });
    await removeAbandoned(parent);
    await mkdir(temporary, { recursive: true });
    await writeModel(gguf, temporary, options);
    await moveIntoPlace(temporary, folder);
  } catch (error) {
    throw explainWriteError(error, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return folder;
}

async function writeModel(gguf: GgufFile, folder: string, options: ConvertOptions): Promise<void> {
  const fields = metadataFields(gguf);
  const config = ggufConfig(gguf, await frequencyTables(gguf));
  const { tokenizer, tokenizerConfig, chatTemplate } = ggufTokenizer(gguf);
  const targets = [...gguf.tensors.values()].flatMap((tensor) => {
    const target = tensorTarget(tensor, fields);
    return target ? [{ tensor, target }] : [];
  });
  const total = targets.reduce((sum, { tensor }) => sum + 4 * elementCount(tensor.shape), 0);
  await checkSpace(folder, total);
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  await writeTextAtomically(join(folder, 'config.json'), configJson(config));
  await writeTextAtomically(join(folder, 'generation_config.json'), json(generationConfig(gguf, config)));
  await writeTextAtomically(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeTextAtomically(join(folder, 'tokenizer_config.json'), json(tokenizerConfig));
  if (chatTemplate !== undefined) await writeTextAtomically(join(folder, 'chat_template.jinja'), chatTemplate);
  await writeSafetensors(join(folder, 'model.safetensors'), converted(gguf, targets, total, options), {
    metadata: { format: 'pt' },
    specs: targets.map(({ tensor, target }) => ({
      name: target.name,
      shape: changedShape(tensor.shape, target.change),
    })),
  });
}

async function* converted(
  gguf: GgufFile,
  targets: readonly { readonly tensor: GgufTensor; readonly target: TensorTarget }[],
  total: number,
  options: ConvertOptions,
): AsyncGenerator<NamedTensor> {
  let done = 0;
  for (const { tensor, target } of targets) {
    options.signal?.throwIfAborted();
    const data = applyChange(await readGgufTensor(gguf, tensor), tensor.shape, target.change);
    yield { name: target.name, shape: changedShape(tensor.shape, target.change), data };
    done += 4 * data.length;
    options.onProgress?.({ stage: 'convert', item: basename(gguf.file), done, total });
  }
}

async function frequencyTables(gguf: GgufFile) {
  const read = async (name: string) => {
    const tensor = gguf.tensors.get(name);
    return tensor ? await readGgufTensor(gguf, tensor) : undefined;
  };
  const frequencies = await read('rope_freqs.weight');
  const long = await read('rope_factors_long.weight');
  const short = await read('rope_factors_short.weight');
  return { ...(frequencies && { frequencies }), ...(long && { long }), ...(short && { short }) };
}

/** Generation ends at any of the tokens that end a text, a turn or a message. */
function generationConfig(gguf: GgufFile, config: Readonly<Record<string, unknown>>) {
  const fields = metadataFields(gguf);
  const ends = ['eos', 'eot', 'eom'].flatMap((name) => fields.optionalNumber(`tokenizer.ggml.${name}_token_id`) ?? []);
  const unique = [...new Set(ends)];
  const ids = Object.entries(config).filter(([key]) => key === 'bos_token_id' || key === 'pad_token_id');
  return {
    ...Object.fromEntries(ids),
    ...(unique.length > 0 && { eos_token_id: unique.length > 1 ? unique : unique[0] }),
  };
}

/** Hash of what the conversion depends on; the data is stood for by size and time of change, reading it would take as long. */
async function cacheKey(gguf: GgufFile): Promise<string> {
  const { size, mtimeMs } = await stat(gguf.file);
  const hash = createHash('sha256').update(`${converterVersion}\n${gguf.file}\n${size}\n${mtimeMs}\n`);
  const header = new Uint8Array(Math.min(gguf.dataStart, size));
  try {
    const handle = await open(gguf.file, 'r');
    try {
      await readExactly(handle, header, 0, gguf.file);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw explainReadError(error, gguf.file);
  }
  return hash.update(header).digest('hex');
}

async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + (64 << 20)) return;
  const gigabytes = (count: number) => `${(count / 2 ** 30).toFixed(1)} GiB`;
  throw problem(
    'models/disk-full',
    `The weights take ${gigabytes(bytes)} once converted to fp32, but only ${gigabytes(free)} are free in ${folder}. ` +
      'Free some space, or set FINETUNE_CACHE to a folder on another disk.',
  );
}

/** Another process may have made the same folder meanwhile: then that one is used. */
async function moveIntoPlace(temporary: string, folder: string): Promise<void> {
  try {
    await rename(temporary, folder);
  } catch (error) {
    if (!(await isFolder(folder))) throw error;
    return;
  }
  await syncFolder(join(folder, '..'));
}

/** Removes what conversions left that were killed. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /\.tmp-(\d+)-\d+$/.exec(name)?.[1];
    if (pid !== undefined && !isProcessAlive(Number(pid)))
      await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
