// What a person most likely meant by a value that a field does not take: for messages, and for quick fixes that write it.

import { resolveNode, type SchemaNode } from './schema.ts';
import { suggestValue } from './suggest.ts';

/** The value meant by a text, if that can be told: a boolean, a number, or one of the field's words. */
export function meantValue(path: string, schema: SchemaNode, value: unknown): boolean | number | string | undefined {
  if (typeof value !== 'string') return undefined;
  return meantBoolean(schema, value) ?? meantNumber(schema, value)?.number ?? meantWord(path, schema, value);
}

/** YAML 1.2 has `true` and `false` only; people remember more. */
export function meantBoolean(schema: SchemaNode, value: string): boolean | undefined {
  if (schema.type !== 'boolean' && !schema.enum?.includes(true)) return undefined;
  if (/^(yes|on|y|true)$/i.test(value)) return true;
  return /^(no|off|n|false)$/i.test(value) ? false : undefined;
}

/** A number with quotes, separators or `%`. */
export function meantNumber(
  schema: SchemaNode,
  value: string,
): { readonly number: number; readonly percent?: string } | undefined {
  const types = branchesOf(schema).map((node) => node.type);
  if (!types.some((type) => type === 'number' || type === 'integer')) return undefined;
  const percent = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(value)?.[1];
  if (percent !== undefined) return { number: Number(percent) / 100, percent };
  const number = Number(value.replaceAll(/[_, ]/g, ''));
  return value.trim() === '' || !Number.isFinite(number) ? undefined : { number };
}

/** One of the words that the field takes. */
export function meantWord(path: string, schema: SchemaNode, value: string): string | undefined {
  const allowed = branchesOf(schema)
    .flatMap((node) => node.enum ?? [])
    .filter((item) => typeof item === 'string');
  return suggestValue(path, value, allowed);
}

function branchesOf(schema: SchemaNode): SchemaNode[] {
  return [schema, ...(schema.anyOf ?? [])].map(resolveNode);
}
