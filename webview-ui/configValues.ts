// Configs as flat lists of values, and what differs between them. Pure.

import { isObject } from '../src/protocol/guards.ts';

export type FlatConfig = ReadonlyMap<string, unknown>;

/** `training.learning_rate` → 2e-4. Lists are values as a whole, as decisions name them. */
export function flatten(config: Readonly<Record<string, unknown>>, prefix = ''): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [name, value] of Object.entries(config)) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (isObject(value)) for (const [below, inner] of flatten(value, path)) flat.set(below, inner);
    else flat.set(path, value);
  }
  return flat;
}

/** A value as a person would write it in the config. */
export function valueText(value: unknown): string {
  if (value === undefined) return '–';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3) {
    return value.toExponential().replace('e+', 'e');
  }
  return JSON.stringify(value) ?? '–';
}

export interface ConfigDifference {
  readonly path: string;
  /** One for each config; undefined where it has no such value. */
  readonly values: readonly unknown[];
}

/** The values that are not equal in all configs, in the order in which they first appear. */
export function differences(configs: readonly FlatConfig[]): ConfigDifference[] {
  const paths = [...new Set(configs.flatMap((config) => [...config.keys()]))];
  return paths
    .map((path) => ({ path, values: configs.map((config) => config.get(path)) }))
    .filter(({ values }) => values.some((value) => JSON.stringify(value) !== JSON.stringify(values[0])));
}
