// A plain tree against the schema; every fault told in a person's words, with its place.

import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Problem } from '../protocol/problem.ts';
import { explainFault, type Fault } from './explain.ts';
import type { PathPart } from './path.ts';
import type { Positions } from './positions.ts';
import { annotationKeywords, configSchema } from './schema.ts';
import type { FinetuneConfig } from './schema.generated.ts';

let compiled: ValidateFunction<FinetuneConfig> | undefined;

/** The typed config, or the problems of a tree that is not one. The tree is not changed. */
export function validateTree(
  tree: unknown,
  positions: Positions,
): { config: FinetuneConfig; problems: [] } | { config?: never; problems: Problem[] } {
  const validate = (compiled ??= compileSchema());
  if (validate(tree)) return { config: tree, problems: [] };
  const faults = relevantErrors(validate.errors ?? []).map((error) => toFault(error, tree));
  return { problems: distinct(faults).map((fault) => explainFault(fault, positions)) };
}

/** Whether a field takes a value, whatever the rest of the config says. */
export function takesValue(parts: readonly PathPart[], value: unknown): boolean {
  const least = { version: 1, model: 'model', data: { train: 'rows.jsonl' } };
  const { problems } = validateTree(withValue(least, parts, value), { file: '', entries: new Map() });
  // What else its block needs is another matter.
  return problems.every(({ code }) => code === 'config/missing-field');
}

function withValue(tree: unknown, [first, ...rest]: readonly PathPart[], value: unknown): unknown {
  if (first === undefined) return value;
  if (typeof first === 'number') return [withValue(undefined, rest, value)];
  const block: object = typeof tree === 'object' && tree !== null ? tree : {};
  return { ...block, [first]: withValue(Reflect.get(block, first), rest, value) };
}

function compileSchema(): ValidateFunction<FinetuneConfig> {
  // verbose keeps the offending value and its schema beside each error.
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true });
  ajv.addVocabulary(annotationKeywords);
  return ajv.compile<FinetuneConfig>(configSchema);
}

/**
 * Of `anyOf`: where something inside the value is wrong, only that (an unknown key in a list of files is not also "not a
 * path"); else one error for the whole, not one for each branch.
 */
function relevantErrors(errors: readonly ErrorObject[]): ErrorObject[] {
  const dropped = new Set<ErrorObject>();
  for (const whole of errors.filter((error) => error.keyword === 'anyOf')) {
    const hasInner = errors.some((error) => error.instancePath.startsWith(`${whole.instancePath}/`));
    if (hasInner) dropped.add(whole);
    const branches = errors.filter((error) => error !== whole && error.instancePath === whole.instancePath);
    for (const error of branches) dropped.add(error);
  }
  // Of a key that is none of the allowed ones, `propertyNames` tells the place, `enum` only the reason.
  return errors.filter((error) => !dropped.has(error) && error.propertyName === undefined);
}

function toFault(error: ErrorObject, tree: unknown): Fault {
  const path = pathOf(error.instancePath, tree);
  const params: Readonly<Record<string, unknown>> = error.params;
  if (error.keyword === 'additionalProperties') return unknown(path, String(params['additionalProperty']), error.data);
  if (error.keyword === 'propertyNames') return unknown(path, String(params['propertyName']), error.data);
  if (error.keyword === 'required') return { kind: 'missing', path, name: String(params['missingProperty']) };
  const outOfRange = /^(exclusive)?(minimum|maximum)$/i.test(error.keyword);
  return { kind: outOfRange ? 'range' : 'value', path, value: error.data };
}

/** `block`: the value that the key stands in. */
function unknown(path: readonly PathPart[], name: string, block: unknown): Fault {
  const value: unknown = typeof block === 'object' && block !== null ? Reflect.get(block, name) : undefined;
  return { kind: 'unknown', path, name, value };
}

/** JSON pointer → parts; a number is an index only where the tree has a list. */
function pathOf(pointer: string, tree: unknown): PathPart[] {
  const parts: PathPart[] = [];
  let at = tree;
  for (const text of pointer.split('/').slice(1)) {
    const name = text.replaceAll('~1', '/').replaceAll('~0', '~');
    const part = Array.isArray(at) ? Number(name) : name;
    parts.push(part);
    at = typeof at === 'object' && at !== null ? (at as Readonly<Record<PathPart, unknown>>)[part] : undefined;
  }
  return parts;
}

/** One problem for each place: a value of the wrong type is not also out of range. */
function distinct(faults: readonly Fault[]): Fault[] {
  const seen = new Set<string>();
  return faults.filter((fault) => {
    const key = JSON.stringify([fault.path, 'name' in fault ? fault.name : '']);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
