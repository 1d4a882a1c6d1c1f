// Looks metadata fields up with their expected type, so that a wrong file is told by field name.
import { problem } from '../../protocol/problem.ts';
import type { ProblemError } from '../../protocol/problem.ts';
import { isCount } from '../json.ts';
import type { GgufFile, GgufValue } from './file.ts';

/** Typed access to one file's metadata; `arch('x')` names are prefixed with the architecture (`llama.x`). */
export interface MetadataFields {
  readonly architecture: string;
  number(key: string): number;
  /** A whole number of at least 1. */
  count(key: string): number;
  optionalCount(key: string): number | undefined;
  optionalNumber(key: string): number | undefined;
  optionalString(key: string): string | undefined;
  optionalBoolean(key: string): boolean | undefined;
  optionalStrings(key: string): readonly string[] | undefined;
  optionalNumbers(key: string): readonly number[] | undefined;
  fail(what: string): ProblemError;
}

/** Reads metadata by full key; a leading dot stands for the architecture's own prefix. */
export function metadataFields(gguf: GgufFile): MetadataFields {
  const fail = (what: string) => problem('models/unsupported-gguf', `${what}.`, { file: gguf.file });
  const architecture = gguf.metadata.get('general.architecture');
  if (typeof architecture !== 'string') throw fail('The metadata field `general.architecture` is missing');
  const full = (key: string) => (key.startsWith('.') ? architecture + key : key);

  function optional<T extends GgufValue>(key: string, is: (v: GgufValue) => v is T, what: string): T | undefined {
    const value = gguf.metadata.get(full(key));
    if (value === undefined) return undefined;
    if (!is(value)) throw fail(`The metadata field \`${full(key)}\` is not ${what}`);
    return value;
  }

  function present(value: number | undefined, key: string): number {
    if (value === undefined) throw fail(`The metadata field \`${full(key)}\` is missing`);
    return value;
  }

  const optionalCount = (key: string) => optional(key, isPositiveCount, 'a whole number above 0');
  const optionalNumber = (key: string) => optional(key, isNumber, 'a number');
  return {
    architecture,
    fail,
    optionalNumber,
    optionalCount,
    number: (key) => present(optionalNumber(key), key),
    count: (key) => present(optionalCount(key), key),
    optionalString: (key) => optional(key, isString, 'a string'),
    optionalBoolean: (key) => optional(key, isBoolean, 'true or false'),
    optionalStrings: (key) => optional(key, isStrings, 'a list of strings'),
    optionalNumbers: (key) => optional(key, isNumbers, 'a list of numbers'),
  };
}

function isNumber(value: GgufValue): value is number {
  return typeof value === 'number';
}

function isPositiveCount(value: GgufValue): value is number {
  return isCount(value) && value > 0;
}

function isString(value: GgufValue): value is string {
  return typeof value === 'string';
}

function isBoolean(value: GgufValue): value is boolean {
  return typeof value === 'boolean';
}

function isStrings(value: GgufValue): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isNumbers(value: GgufValue): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}
