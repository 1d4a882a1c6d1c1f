// What all adapter folders of PEFT have in common: the names of their files, and what is said when one cannot be read.

import { join } from 'node:path';
import { problem, type ProblemError } from '../protocol/problem.ts';
import { readTextIfPresent } from './files.ts';
import { parseJsonObject, type JsonObject } from './json.ts';
import { readSafetensors, type OpenedSafetensors } from './safetensors.ts';

export const adapterConfigName = 'adapter_config.json';
export const adapterWeightsName = 'adapter_model.safetensors';

/** `peft_type` of a prefix. */
export const prefixType = 'PREFIX_TUNING';

export interface AdapterConfig {
  readonly file: string;
  readonly config: JsonObject;
}

/** Throws `models/not-an-adapter` for a folder without one, and `models/invalid-json`. */
export async function readAdapterConfig(folder: string): Promise<AdapterConfig> {
  const file = join(folder, adapterConfigName);
  const text = await readTextIfPresent(file);
  if (text !== undefined) return { file, config: parseJsonObject(text, file) };
  const message = `The folder has no ${adapterConfigName}, so it holds no PEFT adapter.`;
  throw problem('models/not-an-adapter', message, { file: folder });
}

/** Throws what `readSafetensors` throws, and `models/broken-adapter` for tensors of whole numbers. */
export async function readAdapterWeights(folder: string): Promise<OpenedSafetensors> {
  const header = await readSafetensors(join(folder, adapterWeightsName));
  const other = header.others[0];
  if (other) throw brokenAdapter(header.file, `tensor \`${other.name}\` is stored as ${other.dtype}`);
  return header;
}

/** The model that an adapter says it is for. */
export function baseOfAdapter(config: JsonObject): { readonly baseModel: string; readonly revision?: string } {
  const { base_model_name_or_path: baseModel, revision } = config;
  return {
    baseModel: typeof baseModel === 'string' ? baseModel : '',
    ...(typeof revision === 'string' ? { revision } : {}),
  };
}

export function unsupportedAdapter(file: string, message: string): ProblemError {
  return problem('models/unsupported-adapter', message, { file });
}

export function brokenAdapter(file: string, what: string): ProblemError {
  return problem('models/broken-adapter', `This adapter cannot be read: ${what}.`, { file });
}
