// Writes what training made in the layouts that others read: a PEFT adapter folder, a Hugging Face model folder.
import { basename, join } from 'node:path';
import { configJson } from './configJson.ts';
import { indexName, singleName } from './shards.ts';
import { writeTextAtomically } from './files.ts';
import { writeSafetensors } from './safetensors.ts';
import type { TensorSpec } from './safetensors.ts';
import { elementCount } from './safetensorsHeader.ts';
import type { NamedTensor, WeightDtype } from './types.ts';

export { readAdapter, writeAdapter } from './adapter.ts';
export type { AdapterSettings, OpenedAdapter } from './adapter.ts';

/** Files bigger than this are cut into shards, as `save_pretrained` does. */
const defaultShardBytes = 5e9;
const dtypeBytes: Readonly<Record<WeightDtype, number>> = { F32: 4, F16: 2, BF16: 2 };
const torchNames: Readonly<Record<WeightDtype, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

export interface ModelExport {
  readonly config: Readonly<Record<string, unknown>>;
  readonly generationConfig: Readonly<Record<string, unknown>>;
  /** Name → content, copied as they are. */
  readonly tokenizerFiles: ReadonlyMap<string, string | Uint8Array>;
  /** What `tensors` will bring, in its order. */
  readonly specs: readonly TensorSpec[];
  readonly tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>;
  /** Default F32. */
  readonly dtype?: WeightDtype;
  /** Default 5 GB. */
  readonly maxShardBytes?: number;
}

/**
 * Writes a folder that `transformers` loads. Tensors stream through one at a time; config.json comes last, so that a
 * folder broken off half-way is no model. Throws `models/disk-full`, `models/cannot-write`.
 */
export async function writeModelFolder(folder: string, model: ModelExport): Promise<void> {
  const dtype = model.dtype ?? 'F32';
  const shards = planShards(model.specs, dtypeBytes[dtype], model.maxShardBytes ?? defaultShardBytes);
  await writeShards(folder, shards, model.tensors, dtype);
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  for (const [name, text] of model.tokenizerFiles) await writeTextAtomically(join(folder, basename(name)), text);
  if (Object.keys(model.generationConfig).length > 0) {
    await writeTextAtomically(join(folder, 'generation_config.json'), json(model.generationConfig));
  }
  const kept = Object.entries(model.config).filter(([key]) => key !== 'dtype' && key !== 'torch_dtype');
  const config = { ...Object.fromEntries(kept), torch_dtype: torchNames[dtype] };
  await writeTextAtomically(join(folder, 'config.json'), configJson(config));
}

/** Tensors go into a shard until it would grow beyond the limit; a bigger tensor gets one of its own. */
export function planShards(specs: readonly TensorSpec[], elementBytes: number, maxBytes: number): TensorSpec[][] {
  const shards: TensorSpec[][] = [[]];
  let size = 0;
  for (const spec of specs) {
    const bytes = elementCount(spec.shape) * elementBytes;
    if (size > 0 && size + bytes > maxBytes) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)?.push(spec);
    size += bytes;
  }
  return shards;
}

async function writeShards(
  folder: string,
  shards: readonly (readonly TensorSpec[])[],
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  dtype: WeightDtype,
): Promise<void> {
  const options = { metadata: { format: 'pt' }, dtype };
  const pad = (count: number) => String(count).padStart(5, '0');
  const names = shards.map((_, i) =>
    shards.length === 1 ? singleName : `model-${pad(i + 1)}-of-${pad(shards.length)}.safetensors`,
  );
  const source = asyncIterator(tensors);
  for (const [i, specs] of shards.entries()) {
    await writeSafetensors(join(folder, names[i]!), take(source, specs.length), { ...options, specs });
  }
  if ((await source.next()).done !== true) throw new RangeError('more tensors came than were announced');
  if (shards.length === 1) return;
  const map = shards.flatMap((specs, i) => specs.map((spec) => [spec.name, names[i]!] as const));
  const size = shards.flat().reduce((sum, spec) => sum + elementCount(spec.shape) * dtypeBytes[dtype], 0);
  const index = { metadata: { total_size: size }, weight_map: Object.fromEntries(map) };
  await writeTextAtomically(join(folder, indexName), `${JSON.stringify(index, null, 2)}\n`);
}

async function* asyncIterator<T>(source: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, undefined> {
  yield* source;
  return undefined;
}

/** The next `count` items, leaving the source open for more (a `for await` would close it). */
async function* take<T>(source: AsyncGenerator<T, undefined>, count: number): AsyncGenerator<T> {
  for (let i = 0; i < count; i++) {
    const next = await source.next();
    if (next.done === true) return;
    yield next.value;
  }
}
