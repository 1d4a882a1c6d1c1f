// Small hand-written guards for messages between windows: ajv compiles code, which a webview's policy forbids.

export type Guard<T> = (value: unknown) => value is T;

/** A guard whose field may be left out. */
export interface OptionalGuard<T> {
  readonly optional: Guard<T>;
}

type FieldGuards<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? OptionalGuard<NonNullable<T[K]>> : Guard<T[K]>;
};

/** Longest text that is accepted, in UTF-16 units: an answer or a log tail, not a file. */
const textLimit = 4_000_000;
/** Longest list that is accepted. */
const listLimit = 200_000;
/** How deep free JSON values may be nested. */
const depthLimit = 32;

/** True for an object that is neither null nor an array: what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const text: Guard<string> = (value): value is string => typeof value === 'string' && value.length <= textLimit;

export const flag: Guard<boolean> = (value): value is boolean => typeof value === 'boolean';

/** Any number, NaN and infinity included: a diverged run must stay visible. */
export const number: Guard<number> = (value): value is number => typeof value === 'number';

export const finite: Guard<number> = (value): value is number => Number.isFinite(value);

/** A whole number from 0 up. */
export const count: Guard<number> = (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

export const float64: Guard<Float64Array> = (value): value is Float64Array => value instanceof Float64Array;

export const bytes: Guard<Uint8Array> = (value): value is Uint8Array => value instanceof Uint8Array;

export function between(low: number, high: number): Guard<number> {
  return (value): value is number => typeof value === 'number' && value >= low && value <= high;
}

export function oneOf<const T extends string>(...allowed: readonly T[]): Guard<T> {
  return (value): value is T => allowed.some((known) => known === value);
}

export function optional<T>(guard: Guard<T>): OptionalGuard<T> {
  return { optional: guard };
}

export function list<T>(item: Guard<T>, limit = listLimit): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.length <= limit && value.every(item);
}

/** An object used as a dictionary. */
export function dictionary<T>(item: Guard<T>, limit = listLimit): Guard<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> => {
    if (!isObject(value)) return false;
    const fields = Object.values(value);
    return fields.length <= limit && fields.every(item);
  };
}

/** An object with these fields; others may be there too and are passed over. */
export function shape<T extends object>(fields: FieldGuards<T>): Guard<T> {
  const entries = Object.entries<Guard<unknown> | OptionalGuard<unknown>>(fields);
  return (value): value is T =>
    isObject(value) &&
    entries.every(([name, guard]) => {
      const field = Object.hasOwn(value, name) ? value[name] : undefined;
      if (typeof guard === 'function') return guard(field);
      return field === undefined || guard.optional(field);
    });
}

/** JSON of any shape, not too deep. */
export const json: Guard<unknown> = (value): value is unknown => isJson(value, depthLimit);

function isJson(value: unknown, depth: number): boolean {
  if (depth === 0) return false;
  if (value === null || value === undefined) return true;
  if (typeof value === 'string') return value.length <= textLimit;
  if (typeof value === 'number' || typeof value === 'boolean') return true;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth - 1));
  return isObject(value) && Object.values(value).every((item) => isJson(item, depth - 1));
}
