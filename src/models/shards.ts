// The weights of a model folder: one safetensors file, or the shards that its index names.
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { problem } from '../protocol/problem.ts';
import { readTextIfPresent } from './files.ts';
import { parseJsonObject } from './json.ts';
import { readSafetensors } from './safetensors.ts';
import type { OpenedSafetensors, OtherTensor } from './safetensors.ts';
import type { WeightEntry } from './types.ts';
import { isObject } from '../protocol/guards.ts';

export const singleName = 'model.safetensors';
export const indexName = 'model.safetensors.index.json';

export interface FolderWeights {
  readonly weights: ReadonlyMap<string, WeightEntry>;
  readonly others: readonly OtherTensor[];
  /** sha256 (hex) over file names, sizes and headers, not the data. */
  readonly hash: string;
}

/** Reads the headers of a folder's weights. Throws `models/no-weights`, `models/broken-index` and what `readSafetensors` throws. */
export async function readFolderWeights(folder: string): Promise<FolderWeights> {
  const index = join(folder, indexName);
  const indexText = await readTextIfPresent(index);
  if (indexText !== undefined) return readShards(folder, readIndex(indexText, index), index);
  const names = await readdir(folder);
  const files = names.filter((name) => name.endsWith('.safetensors') && !name.startsWith('adapter_model'));
  const name = files.includes(singleName) ? singleName : files.length === 1 ? files[0] : undefined;
  if (name === undefined) throw noWeights(folder, names, files);
  const opened = await readSafetensors(join(folder, name));
  return { weights: opened.entries, others: opened.others, hash: hashHeaders([opened]) };
}

/** tensor name → shard file name, from the text of an index file. Shards must lie in the same folder. */
export function readIndex(text: string, file: string): ReadonlyMap<string, string> {
  const map = parseJsonObject(text, file)['weight_map'];
  if (!isObject(map)) throw problem('models/broken-index', 'The index has no `weight_map` object.', { file });
  const entries = Object.entries(map).map(([name, shard]): [string, string] => {
    if (typeof shard !== 'string' || !/^[^/\\:]+\.safetensors$/.test(shard)) {
      const what = `names ${JSON.stringify(shard)} for \`${name}\`, which is not a safetensors file of this folder`;
      throw problem('models/broken-index', `The index ${what}.`, { file });
    }
    return [name, shard];
  });
  if (entries.length === 0) throw problem('models/broken-index', 'The index names no tensors.', { file });
  return new Map(entries);
}

async function readShards(folder: string, map: ReadonlyMap<string, string>, index: string): Promise<FolderWeights> {
  const present = new Set(await readdir(folder));
  const shardNames = [...new Set(map.values())].sort();
  const missing = shardNames.filter((name) => !present.has(name));
  if (missing.length > 0) {
    const what = `${missing.length} of ${shardNames.length} weight files are missing: ${missing.slice(0, 5).join(', ')}`;
    throw problem('models/shards-missing', `${what}. Fetch the model again; files that are there are kept.`, {
      file: index,
    });
  }
  const opened: OpenedSafetensors[] = [];
  for (const name of shardNames) opened.push(await readSafetensors(join(folder, name)));
  const byShard = new Map(opened.map((shard) => [basename(shard.file), shard]));
  const weights = new Map<string, WeightEntry>();
  const others: OtherTensor[] = [];
  for (const [name, shard] of map) {
    const entry = byShard.get(shard)?.entries.get(name);
    const other = byShard.get(shard)?.others.find((tensor) => tensor.name === name);
    if (entry) weights.set(name, entry);
    else if (other) others.push(other);
    else throw problem('models/broken-index', `\`${name}\` should be in ${shard}, but is not.`, { file: index });
  }
  return { weights, others, hash: hashHeaders(opened) };
}

function noWeights(folder: string, names: readonly string[], safetensors: readonly string[]): Error {
  const place = { file: folder };
  if (safetensors.length > 1) {
    const list = safetensors.slice(0, 5).join(', ');
    return problem('models/no-weights', `The folder has several weight files (${list}) but no ${indexName}.`, place);
  }
  if (names.some((name) => /^pytorch_model.*\.bin$|\.(pt|pth|ckpt)$/.test(name))) {
    return problem(
      'models/pickled-weights',
      'The weights are in PyTorch’s pickle format, which can run code when opened, so it is never read. ' +
        'Convert them once: `AutoModelForCausalLM.from_pretrained(folder).save_pretrained(new_folder)` in Python writes safetensors.',
      place,
    );
  }
  const gguf = names.find((name) => name.endsWith('.gguf'));
  if (gguf) return problem('models/no-weights', `Name the GGUF file itself: ${join(folder, gguf)}.`, place);
  return problem('models/no-weights', `The folder has neither ${singleName} nor ${indexName}.`, place);
}

function hashHeaders(files: readonly OpenedSafetensors[]): string {
  const hash = createHash('sha256');
  for (const { file, fileSize, headerText } of files) hash.update(`${basename(file)}\n${fileSize}\n${headerText}\n`);
  return hash.digest('hex');
}
