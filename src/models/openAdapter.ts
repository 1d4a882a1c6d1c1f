// Opens an adapter of PEFT to be asked with, whichever kind it is.

import { readAdapter, type OpenedAdapter } from './adapter.ts';
import { readAdapterConfig, prefixType } from './peftFolder.ts';
import { readPrefixAdapter, type OpenedPrefix } from './prefixAdapter.ts';

/** Low-rank matrices beside a model's layers, or a prefix before its rows. */
export type AnyAdapter = OpenedAdapter | OpenedPrefix;

/** Throws what `readAdapter` and `readPrefixAdapter` throw. */
export async function openAdapter(folder: string): Promise<AnyAdapter> {
  const { config } = await readAdapterConfig(folder);
  return config['peft_type'] === prefixType ? readPrefixAdapter(folder) : readAdapter(folder);
}
