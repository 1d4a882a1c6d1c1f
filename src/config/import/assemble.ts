// Fields by path to a config's tree, and whether the schema accepts one of them.

import { parsePath, type PathPart } from '../path.ts';
import { validateTree } from '../validate.ts';
import { isObject } from '../../protocol/guards.ts';

/** Fields as a tree; a list of one plain file is its path alone. */
export function assemble(fields: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const tree: Record<string, unknown> = { version: 1 };
  for (const [path, value] of fields) setIn(tree, parsePath(path) ?? [path], value);
  const { data } = tree;
  if (isObject(data) && Array.isArray(data['train'])) tree['data'] = withShortTrain(data, data['train']);
  return tree;
}

/** What the schema says against one field; undefined where it is a value of it. */
export function fault(path: string, value: unknown): string | undefined {
  const fields = new Map<string, unknown>([
    ['model', 'm'],
    [path.startsWith('data.train[') ? path.replace(/\].*$/, '].path') : 'data.train', 'd'],
  ]);
  fields.set(path, value);
  const { problems } = validateTree(assemble(fields), { file: '', entries: new Map() });
  return problems[0]?.message;
}

function withShortTrain(data: Record<string, unknown>, train: readonly unknown[]): Record<string, unknown> {
  // Indexes whose file was left out are holes.
  const files = train.filter(isObject);
  const [only, ...others] = files;
  if (!only || others.length > 0) return { ...data, train: files };
  const { path, format, columns, ...more } = only;
  if (Object.keys(more).length > 0) return { ...data, train: files };
  return {
    ...data,
    train: path,
    ...(format === undefined ? {} : { format }),
    ...(columns === undefined ? {} : { columns }),
  };
}

type Container = Record<string, unknown> | unknown[];

function setIn(tree: Record<string, unknown>, parts: readonly PathPart[], value: unknown): void {
  let at: Container = tree;
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1];
    if (next === undefined) {
      put(at, part, value);
      return;
    }
    const there = get(at, part);
    const inner: Container = isObject(there) || Array.isArray(there) ? there : typeof next === 'number' ? [] : {};
    put(at, part, inner);
    at = inner;
  }
}

function get(container: Container, part: PathPart): unknown {
  if (Array.isArray(container)) return typeof part === 'number' ? container[part] : undefined;
  return container[String(part)];
}

function put(container: Container, part: PathPart, value: unknown): void {
  if (!Array.isArray(container)) container[String(part)] = value;
  else if (typeof part === 'number') container[part] = value;
}
