// What a model is without opening it: its config and the sizes of its tensors. For editors: no tokenizer, no conversion, no
// network.
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { readTextIfPresent } from './files.ts';
import { ggufConfig } from './gguf/config.ts';
import { readGguf } from './gguf/file.ts';
import { metadataFields } from './gguf/metadata.ts';
import { changedShape, tensorTarget } from './gguf/tensorNames.ts';
import { cachedSnapshot, hubCache } from './hubCache.ts';
import { hubEnvironment } from './hubEnvironment.ts';
import { parseHubReference } from './hubReference.ts';
import { parseJsonObject, type JsonObject } from './json.ts';
import { elementCount } from './safetensorsHeader.ts';
import { readFolderWeights } from './shards.ts';

export interface ModelOutline {
  /** The folder or .gguf file. */
  readonly path: string;
  readonly config: JsonObject;
  /** Weights of the stored tensors; undefined where they are not there. */
  readonly parameters: number | undefined;
}

/** The outline of a model that is on this machine, or undefined. Throws what reading its files throws. */
export async function readModelOutline(
  reference: string,
  { baseDirectory, env = process.env }: { readonly baseDirectory: string; readonly env?: NodeJS.ProcessEnv },
): Promise<ModelOutline | undefined> {
  const path = resolve(
    baseDirectory,
    reference.replace(/^~(?=$|[/\\])/, () => homedir()),
  );
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return folderOutline(path);
  if (found?.isFile()) return path.toLowerCase().endsWith('.gguf') ? ggufOutline(path) : undefined;
  const hub = parseHubReference(reference);
  if (!hub) return undefined;
  const { cache } = await hubEnvironment(env);
  const snapshot = await cachedSnapshot(hubCache(cache, hub.id), hub.revision);
  return snapshot === undefined ? undefined : folderOutline(snapshot);
}

async function folderOutline(path: string): Promise<ModelOutline | undefined> {
  const file = join(path, 'config.json');
  const text = await readTextIfPresent(file);
  if (text === undefined) return undefined;
  const stored = await readFolderWeights(path).catch(() => undefined);
  const shapes = stored && [...stored.weights.values()].map(({ shape }) => shape);
  return { path, config: parseJsonObject(text, file), parameters: shapes && countOf(shapes) };
}

function ggufOutline(path: string): ModelOutline {
  const gguf = readGguf(path);
  const fields = metadataFields(gguf);
  const shapes = [...gguf.tensors.values()].flatMap((tensor) => {
    const target = tensorTarget(tensor, fields);
    return target ? [changedShape(tensor.shape, target.change)] : [];
  });
  return { path, config: ggufConfig(gguf, {}), parameters: countOf(shapes) };
}

function countOf(shapes: readonly (readonly number[])[]): number {
  return shapes.reduce((sum, shape) => sum + elementCount(shape), 0);
}
