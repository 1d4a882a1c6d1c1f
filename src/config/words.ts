// Values and what a field expects, said in words.

import type { SchemaNode } from './schema.ts';

/** `"fast" (a text)`, `a list`, `12`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a block of fields';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  return showValue(value);
}

/** What a field may hold, as the end of "must be …". */
export function describeExpected(node: SchemaNode): string {
  if (node['x-expects'] !== undefined) return node['x-expects'];
  if (node.enum) return oneOf(node.enum);
  switch (node.type) {
    case 'integer':
      return `a whole number${range(node)}`;
    case 'number':
      return `a number${range(node)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
      return 'a block of fields, each on an indented line of its own';
    default:
      return 'a text';
  }
}

/** `, such as 4`; empty where the schema has no example. */
export function suchAs(node: SchemaNode): string {
  const example = node.examples?.[0];
  return example === undefined ? '' : `, such as ${showValue(example)}`;
}

/** A value as one would write it in YAML, on one line. */
export function showValue(value: unknown): string {
  if (typeof value === 'number') return showNumber(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(showValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, inner]) => `${key}: ${showValue(inner)}`);
    return `{${fields.join(', ')}}`;
  }
  return String(value);
}

/** Joins with commas and a last `or`. */
export function oneOf(values: readonly unknown[]): string {
  const words = values.map(showValue);
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** Small learning rates read best as 2e-5. */
export function showNumber(value: number): string {
  const small = value !== 0 && Math.abs(value) < 0.001;
  return small ? value.toExponential() : String(value);
}

function range(node: SchemaNode): string {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = node;
  if (minimum !== undefined && maximum !== undefined) return ` from ${showNumber(minimum)} to ${showNumber(maximum)}`;
  const bounds = [
    exclusiveMinimum === undefined ? '' : `above ${showNumber(exclusiveMinimum)}`,
    minimum === undefined ? '' : `at least ${showNumber(minimum)}`,
    exclusiveMaximum === undefined ? '' : `below ${showNumber(exclusiveMaximum)}`,
    maximum === undefined ? '' : `at most ${showNumber(maximum)}`,
  ].filter((bound) => bound !== '');
  return bounds.length === 0 ? '' : `, ${bounds.join(' and ')}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
