// One row of a tool's mapping table, and the ways to make one: their key → our field, and what happens to the value.

import { Expression, type SourceKey } from './source.ts';
import { showValue } from '../words.ts';

export interface Carried {
  readonly value: unknown;
  /** Why the value is another one than in the source; absent where it is the same. */
  readonly why?: string;
  /** Our field, where it is not the rule's. */
  readonly to?: string;
  /** The run is another one than before: said first in the report. */
  readonly important?: boolean;
}

export interface NotCarried {
  /** Why it is left out and what to do. */
  readonly todo: string;
  readonly important?: boolean;
}

export type Converted = Carried | NotCarried;

/** What a conversion may look up beside its own value. */
export interface Context {
  /** The value of another key that has the say; undefined where it is not in the source. */
  readonly value: (name: string) => unknown;
  readonly keys: readonly SourceKey[];
  /** LLaMA-Factory's dataset_info.json, where the caller found it. */
  readonly datasetInfo?: Readonly<Record<string, unknown>>;
}

export interface Rule {
  /** Names, with `*` for any ending, and `scope.name` where only that scope is meant. */
  readonly keys: readonly string[];
  /** Our field; absent where there is none. `[]` is the index of the key. */
  readonly to?: string;
  /** What the docs say about the value. */
  readonly note: string;
  /** Whether a key without a value means something; else its default holds. */
  readonly takesNull?: boolean;
  readonly convert: (value: unknown, context: Context, key: SourceKey) => Converted;
}

export function isCarried(converted: Converted): converted is Carried {
  return 'value' in converted;
}

type Convert = Rule['convert'];

/** A rule with a conversion of its own. */
export function rule(to: string, keys: readonly string[], note: string, convert: Convert): Rule {
  return { keys, to, note, convert: (value, ...rest) => unlessExpression(value, () => convert(value, ...rest)) };
}

/** Keys that have no counterpart, with what to do about it. */
export function none(keys: readonly string[], todo: string, important = false): Rule {
  return { keys, note: todo, convert: () => ({ todo, ...(important ? { important } : {}) }) };
}

/** Like `none`, where a value that switches the thing off needs nothing. */
export function noneIfOn(keys: readonly string[], todo: string, important = false): Rule {
  const convert: Convert = (value) =>
    isOff(value) ? { todo: 'Off, as here always: nothing to do.' } : { todo, ...(important ? { important } : {}) };
  return { keys, note: todo, convert };
}

/** A number that means the same. */
export function number(to: string, keys: readonly string[], note = ''): Rule {
  return rule(to, keys, note, (value) => {
    const found = asNumber(value);
    return found === undefined ? notUnderstood(value, 'a number') : { value: found };
  });
}

/** A flag that means the same. */
export function flag(to: string, keys: readonly string[], note = ''): Rule {
  return rule(to, keys, note, (value) => {
    const found = asFlag(value);
    return found === undefined ? notUnderstood(value, 'true or false') : { value: found };
  });
}

/** A text that means the same. */
export function text(to: string, keys: readonly string[], note = ''): Rule {
  return rule(to, keys, note, (value) => (typeof value === 'string' ? { value } : notUnderstood(value, 'a text')));
}

/** One of our values, for one of theirs; `otherwise` says what becomes of the rest. */
export function choice(
  to: string,
  keys: readonly string[],
  note: string,
  known: Readonly<Record<string, Carried>>,
  otherwise: (value: string) => Converted,
): Rule {
  return rule(to, keys, note, (value) => {
    const name = String(value).toLowerCase();
    return (Object.hasOwn(known, name) ? known[name] : undefined) ?? otherwise(String(value));
  });
}

export function notUnderstood(value: unknown, expected: string): NotCarried {
  return { todo: `${showValue(value)} is not ${expected}. Write the value yourself.`, important: true };
}

function unlessExpression(value: unknown, convert: () => Converted): Converted {
  if (!(value instanceof Expression)) return convert();
  return {
    todo: `Only Python can tell what \`${value.text}\` is. Write the value yourself, or leave the default.`,
    important: true,
  };
}

/** Why a value changed that only has another name. */
export function calledThere(value: unknown): string {
  return `Called ${showValue(value)} there.`;
}

export function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const found = Number(value.replaceAll('_', ''));
  return Number.isFinite(found) ? found : undefined;
}

export function asFlag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = String(value).toLowerCase();
  if (/^(?:true|yes|on|1)$/.test(word)) return true;
  return /^(?:false|no|off|0|none)$/.test(word) ? false : undefined;
}

export function asList(value: unknown): string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap((item) => String(item).split(/[\s,]+/)).filter((item) => item !== '');
}

/** Nothing, false, zero, an empty list or the word none. */
export function isOff(value: unknown): boolean {
  if (value === null || value === undefined || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return asFlag(value) === false || value === '';
}
