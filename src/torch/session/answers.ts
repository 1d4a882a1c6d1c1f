// What the Python worker answers, checked where it enters.

import { lazyValidator, describeSchemaError } from '../../protocol/validate.ts';
import { floatsOf } from './frames.ts';

export interface TensorInfo {
  readonly name: string;
  readonly shape: readonly number[];
}

export type Setting = string | number | boolean | readonly (string | number | boolean)[];

export interface Created {
  readonly totalParameters: number;
  readonly trainableParameters: number;
  readonly adaptedModules: readonly string[];
  readonly sharesBeginnings: boolean;
  /** Tokens of the longest row of which each place sees all before it; null = there is no such limit. */
  readonly looksBack: number | null;
  /** The class of transformers, such as `LlamaForCausalLM`. */
  readonly modelClass: string;
  readonly trained: readonly TensorInfo[];
  /** What the worker really uses, by name. */
  readonly settings: Readonly<Record<string, Setting>>;
  readonly versions: Readonly<Record<string, string>>;
}

const count = { type: 'integer', minimum: 0 };
const texts = { type: 'array', items: { type: 'string' } };
const tensors = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'shape'],
    properties: { name: { type: 'string' }, shape: { type: 'array', items: count } },
  },
};

const created = lazyValidator<Created>({
  type: 'object',
  required: [
    'totalParameters',
    'trainableParameters',
    'adaptedModules',
    'sharesBeginnings',
    'looksBack',
    'modelClass',
    'trained',
    'settings',
    'versions',
  ],
  properties: {
    totalParameters: count,
    trainableParameters: count,
    adaptedModules: texts,
    sharesBeginnings: { type: 'boolean' },
    looksBack: { anyOf: [count, { type: 'null' }] },
    modelClass: { type: 'string' },
    trained: tensors,
    settings: { type: 'object' },
    versions: { type: 'object', additionalProperties: { type: 'string' } },
  },
});
const tensorList = lazyValidator<{ readonly tensors: readonly TensorInfo[] }>({
  type: 'object',
  required: ['tensors'],
  properties: { tensors },
});

/** Throws an Error that says what is wrong with the answer. */
export function readCreated(value: unknown): Created {
  const validate = created();
  if (!validate(value)) throw wrongAnswer(describeSchemaError(validate.errors));
  return value;
}

export function readTensorList(value: unknown): readonly TensorInfo[] {
  const validate = tensorList();
  if (!validate(value)) throw wrongAnswer(describeSchemaError(validate.errors));
  return value.tensors;
}

export function readNumber(value: unknown, name: string): number {
  const number: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof number !== 'number') throw wrongAnswer(`it has no number ${name}`);
  return number;
}

const observedNames = lazyValidator<{ readonly observed: readonly string[] }>({
  type: 'object',
  required: ['observed'],
  properties: { observed: texts },
});

/** Numbers by the names that an answer gives its last parts. */
export function readObserved(value: unknown, parts: readonly Uint8Array[]): Record<string, Float32Array> {
  const validate = observedNames();
  if (!validate(value)) throw wrongAnswer(describeSchemaError(validate.errors));
  const { observed } = value;
  const own = parts.slice(parts.length - observed.length);
  return Object.fromEntries(observed.map((name, i) => [name, readFloats(own[i], (own[i]?.length ?? 0) / 4)]));
}

/** The float32 numbers of a part that must hold `count` of them. */
export function readFloats(part: Uint8Array | undefined, count: number): Float32Array {
  if (part?.length !== 4 * count) throw wrongAnswer(`it has ${part?.length ?? 0} bytes for ${count} numbers`);
  return floatsOf(part);
}

/** The one float64 of a part. */
export function readDouble(part: Uint8Array | undefined): number {
  if (part?.length !== 8) throw wrongAnswer(`it has ${part?.length ?? 0} bytes for one number`);
  return new DataView(part.buffer, part.byteOffset).getFloat64(0, true);
}

function wrongAnswer(what: string): Error {
  return new Error(`The Python worker's answer cannot be used: ${what}.`);
}
