// How a config trains the weights.

import { defaults, type FinetuneConfig } from './schema.generated.ts';

export type Method = NonNullable<FinetuneConfig['method']>;

/** The method that will be used. */
export function methodOf(config: Pick<FinetuneConfig, 'method'>): Method {
  return config.method ?? defaults.method;
}

/** Whether the method trains low-rank adapters. */
export function trainsLora(config: Pick<FinetuneConfig, 'method'>): boolean {
  return ['lora', 'qlora'].includes(methodOf(config));
}

/** Places of keys and values that stand before every row; 0 for other methods than `prefix`. */
export function prefixLength({ method, prefix }: Pick<FinetuneConfig, 'method' | 'prefix'>): number {
  return method === 'prefix' ? (prefix?.num_virtual_tokens ?? defaults.prefix.num_virtual_tokens) : 0;
}
