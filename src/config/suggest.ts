// *Did you mean*: the field or value that a person most likely wanted.

import { foreignNames, foreignValues, namesInBlocks } from './otherTools.ts';
import { allFields, resolveNode, type FieldInfo } from './schema.ts';

export interface FieldSuggestion {
  /** Path of our field. */
  readonly path: string;
  /** What differs besides the name. */
  readonly note?: string;
}

/**
 * Fields meant by an unknown `name` in a block (`training`, or empty for the root), most likely first: a path written
 * as a name, another way of writing a field of this block, another tool's name, a field of this name elsewhere, a typing
 * error here or elsewhere, the longer or shorter word. A block is no guess for a single `value`, nor the other way round.
 */
export function suggestFields(block: string, name: string, value?: unknown): readonly FieldSuggestion[] {
  const schemaBlock = block.replaceAll(/\[\d+\]/g, '[]');
  // A column's name says little about what was meant elsewhere.
  const fields = allFields().filter((field) => field.block === schemaBlock || !/(^|\.)columns$/.test(field.block));
  const fitting = fields.filter((field) => fits(field, value));
  const here = fitting.filter((field) => field.block === schemaBlock);
  const elsewhere = fitting.filter((field) => field.block !== schemaBlock && !field.block.includes('[]'));
  const plain = plainName(name);

  const dotted = allFields().find((field) => field.block !== '' && field.path === name);
  if (dotted)
    return [{ path: dotted.path, note: `\`${dotted.name}:\` on an indented line under \`${dotted.block}:\`` }];
  const respelled = here.filter((field) => plainName(field.name) === plain);
  if (respelled.length > 0) return respelled.map(toSuggestion);
  const own = namesInBlocks[schemaBlock]?.[name.toLowerCase().replaceAll('-', '_')];
  const meant = here.find((field) => field.name === own);
  if (meant) return [toSuggestion(meant)];
  const foreign = foreignNames.get(name.toLowerCase().replaceAll('-', '_')) ?? foreignNames.get(name);
  if (foreign) return [foreign];
  const moved = elsewhere.filter((field) => plainName(field.name) === plain);
  if (moved.length > 0) return moved.map(toSuggestion);
  const similarHere = nearest(plain, here, (field) => plainName(field.name));
  if (similarHere.length > 0) return similarHere.map(toSuggestion);
  const similarElsewhere = nearest(plain, elsewhere, (field) => plainName(field.name));
  if (similarElsewhere.length > 0) return similarElsewhere.map(toSuggestion);
  return here.filter((field) => plain.length > 3 && isLonger(plain, plainName(field.name))).map(toSuggestion);
}

/** One of two words begins with the other, as `training` with `train`. */
function isLonger(a: string, b: string): boolean {
  return b.length > 3 && (a.startsWith(b) || b.startsWith(a));
}

/** Whether a value has the form that a field takes: a block of fields, a list, or a single value. */
function fits({ schema }: FieldInfo, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return [schema, ...(schema.anyOf ?? [])].map(resolveNode).some((node) => {
    const isBlock = node.type === 'object' || node.properties !== undefined;
    const isList = node.type === 'array' || node.items !== undefined;
    if (Array.isArray(value)) return isList;
    if (typeof value === 'object') return isBlock;
    return !isBlock && !isList && (node.type !== undefined || node.enum !== undefined);
  });
}

/** The allowed value meant by a wrong one: another tool's name for it, or the nearest spelling. */
export function suggestValue(path: string, value: string, allowed: readonly string[]): string | undefined {
  const foreign = foreignValues[path.replaceAll(/\[\d+\]/g, '[]').replace('data.train[].format', 'data.format')];
  const key = value.toLowerCase();
  const known = foreign && Object.hasOwn(foreign, key) ? foreign[key] : undefined;
  return known ?? nearest(plainName(value), allowed, plainName)[0];
}

/** The candidates nearest to a text, if any is near enough to be a typing error; equally near ones together. */
export function nearest<T>(text: string, candidates: readonly T[], nameOf: (candidate: T) => string): T[] {
  const allowed = Math.max(1, Math.floor(text.length / 3));
  let best: T[] = [];
  let bestDistance = allowed + 1;
  for (const candidate of candidates) {
    const name = nameOf(candidate);
    // Of very short names everything is near: there a typing error must leave most letters in place.
    if (Math.min(name.length, text.length) < 3 && name !== text) continue;
    const distance = editDistance(text, name);
    if (distance < bestDistance) {
      best = [candidate];
      bestDistance = distance;
    } else if (distance === bestDistance && distance <= allowed) best.push(candidate);
  }
  return best;
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

function toSuggestion(field: FieldInfo): FieldSuggestion {
  return { path: field.path };
}

/** `Learning-Rate`, `learningRate` and `learning_rate` are one name. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '');
}
