// Reads fields of a config.json: typed, with defaults as transformers has them, and a clear error for what is not supported.

import { problem } from '../../protocol/problem.ts';
import { isObject } from '../../protocol/guards.ts';

export type ModelConfig = Readonly<Record<string, unknown>>;

/** Fails: the engine does not compute what this field asks for. */
export function unsupported(field: string, value: unknown, expected: string): never {
  const found = value === undefined ? `no "${field}"` : `"${field}": ${JSON.stringify(value)}`;
  throw problem(
    'model/unsupported-config',
    `config.json has ${found}, but ${expected}. The embedded engine does not train a model approximately: choose another model.`,
  );
}

export function numberField(config: ModelConfig, field: string, fallback?: number): number {
  const value = config[field] ?? fallback;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return unsupported(field, value, 'a number is needed there');
}

/** A whole number above 0, such as a number of layers. */
export function countField(config: ModelConfig, field: string, fallback?: number): number {
  const value = numberField(config, field, fallback);
  return Number.isInteger(value) && value > 0
    ? value
    : unsupported(field, value, 'a whole number above 0 is needed there');
}

export function optionalNumber(config: ModelConfig, field: string): number | undefined {
  return config[field] === undefined || config[field] === null ? undefined : numberField(config, field);
}

export function booleanField(config: ModelConfig, field: string, fallback: boolean): boolean {
  const value = config[field] ?? fallback;
  return typeof value === 'boolean' ? value : unsupported(field, value, 'true or false is needed there');
}

export function stringField(config: ModelConfig, field: string, fallback: string): string {
  const value = config[field] ?? fallback;
  return typeof value === 'string' ? value : unsupported(field, value, 'a name is needed there');
}

export function objectField(config: ModelConfig, field: string): ModelConfig | undefined {
  const value = config[field];
  if (value === undefined || value === null) return undefined;
  if (isObject(value)) return value;
  return unsupported(field, value, 'an object is needed there');
}

export function numberList(config: ModelConfig, field: string): readonly number[] {
  const value = config[field];
  if (Array.isArray(value) && value.every((v): v is number => typeof v === 'number')) return value;
  return unsupported(field, value, 'a list of numbers is needed there');
}

/** Fails unless a field is absent or one of the values that this engine computes. */
export function onlySupported(config: ModelConfig, field: string, supported: readonly unknown[]): void {
  const value = config[field];
  if (value === undefined || value === null || supported.includes(value)) return;
  const choice = supported.map((s) => JSON.stringify(s)).join(', ');
  unsupported(field, value, choice ? `only ${choice} can be computed` : 'this cannot be computed');
}
