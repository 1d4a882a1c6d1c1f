// The components of a tokenizer.json: normalizers, pre-tokenizers and decoders come alone or in sequences.

import { isObject } from '../protocol/guards.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A component, or the members of a Sequence of them. */
export function parts(component: unknown, members: string): JsonObject[] {
  if (!isObject(component)) return [];
  const list = component['type'] === 'Sequence' ? component[members] : undefined;
  return Array.isArray(list) ? list.flatMap((part: unknown) => parts(part, members)) : [component];
}
