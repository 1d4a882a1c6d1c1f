// A parsed YAML document to plain values, noting where each of them stands.

import { isAlias, isMap, isPair, isScalar, isSeq, type Document, type Node } from 'yaml';
import type { Place, Problem } from '../protocol/problem.ts';
import { formatPath, type PathPart } from './path.ts';
import type { Position } from './positions.ts';

export type PlaceAt = (start: number, end: number) => Place;

/** More values than this come only from aliases that multiply themselves. */
const maximumValues = 20_000;
const maximumDepth = 50;

/** The plain value of a document; `note` is told the place of every field and list item. */
export function readTree(
  document: Document.Parsed,
  placeAt: PlaceAt,
  note: (path: string, position: Position) => void,
): { value: unknown; problems: Problem[] } {
  const problems: Problem[] = [];
  let values = 0;

  const placeOfNode = (node: unknown): Place => {
    const range = isNodeWithRange(node) ? node.range : [0, 0];
    return placeAt(range[0] ?? 0, range[1] ?? 0);
  };

  const read = (node: unknown, path: readonly PathPart[]): unknown => {
    values += 1;
    if (values === maximumValues || path.length === maximumDepth) problems.push(tooManyValues(placeOfNode(node)));
    if (values >= maximumValues || path.length >= maximumDepth) return null;
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target) return read(target, path);
      problems.push(unknownAlias(node.source, placeOfNode(node)));
      return null;
    }
    if (isMap(node)) return readMap(node.items, path);
    if (isSeq(node)) return node.items.map((item, index) => readItem(item, [...path, index]));
    return isScalar(node) ? plainScalar(node.value) : null;
  };

  const readItem = (item: unknown, path: readonly PathPart[]): unknown => {
    note(formatPath(path), { value: placeOfNode(item), source: 'file' });
    return read(item, path);
  };

  const readMap = (items: readonly unknown[], path: readonly PathPart[]): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    for (const pair of items) {
      if (!isPair(pair)) continue;
      const keyPlace = placeOfNode(pair.key);
      if (!isScalar(pair.key)) {
        problems.push(keyIsNotText(keyPlace));
        continue;
      }
      const key = String(pair.key.value);
      const inner = [...path, key];
      const empty =
        pair.value === null || (isScalar(pair.value) && pair.value.type === 'PLAIN' && pair.value.source === '');
      note(formatPath(inner), { key: keyPlace, value: empty ? keyPlace : placeOfNode(pair.value), source: 'file' });
      // defineProperty: a key named `__proto__` must become a field like any other (and then be unknown).
      const value = read(pair.value, inner);
      Object.defineProperty(result, key, { value, enumerable: true, writable: true, configurable: true });
    }
    return result;
  };

  return { value: read(document.contents, []), problems };
}

function isNodeWithRange(node: unknown): node is Node & { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

/** YAML's core schema has text, numbers, booleans and null; anything else is told as text. */
function plainScalar(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return JSON.stringify(value) ?? '';
}

function tooManyValues(place: Place): Problem {
  return {
    code: 'config/too-large',
    severity: 'error',
    message: 'This config nests or repeats itself too deeply. Write the values out instead of using aliases (`*name`).',
    place,
  };
}

function unknownAlias(name: string, place: Place): Problem {
  return {
    code: 'config/yaml-syntax',
    severity: 'error',
    message: `\`*${name}\` repeats a value marked \`&${name}\`, but nothing above is marked so. If a text begins with \`*\`, put it in quotes.`,
    place,
  };
}

function keyIsNotText(place: Place): Problem {
  return {
    code: 'config/yaml-syntax',
    severity: 'error',
    message: 'The name of a field must be plain text, not a list or a block.',
    place,
  };
}
