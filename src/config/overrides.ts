// `--set path=value`: fields set on the command line, laid over what the file says.

import { isAlias, LineCounter, parseDocument, visit } from 'yaml';
import type { Place, Problem } from '../protocol/problem.ts';
import type { ConfigDocument } from './document.ts';
import { exclusivePairs } from './exclusive.ts';
import { formatPath, parsePath, type PathPart } from './path.ts';
import type { Position } from './positions.ts';
import { readTree } from './tree.ts';
import { isObject } from '../protocol/guards.ts';

interface Override {
  readonly path: readonly PathPart[];
  readonly value: unknown;
  readonly place: Place;
  /** Places of everything inside the value. */
  readonly inner: readonly string[];
}

/**
 * The document with `path=value` overrides applied in order; the value is YAML (`1e-4`, `[q_proj, v_proj]`). A field set
 * here takes the place of its rival in the file: `training.max_steps=5` removes `training.epochs`.
 */
export function applyOverrides(document: ConfigDocument, overrides: readonly string[]): ConfigDocument {
  const problems: Problem[] = [...document.problems];
  const entries = new Map<string, Position>(document.positions.entries);
  const value = document.value === undefined ? undefined : structuredClone(document.value);
  const chosen = new Set<string>();

  for (const text of overrides) {
    const override = readOverride(text, problems);
    if (!override || value === undefined) continue;
    if (!setAt(value, override.path, override.value)) {
      problems.push(noSuchPlace(override));
      continue;
    }
    const path = formatPath(override.path);
    chosen.add(path);
    forget(entries, path);
    for (const at of [path, ...override.inner]) entries.set(at, { value: override.place, source: 'override' });
  }
  if (value !== undefined) {
    for (const rival of exclusivePairs.flatMap(([a, b]) => rivalToRemove(chosen, a, b))) {
      removeAt(value, parsePath(rival) ?? []);
      forget(entries, rival);
    }
  }
  return { value, positions: { file: document.positions.file, entries }, problems };
}

function rivalToRemove(chosen: ReadonlySet<string>, a: string, b: string): string[] {
  if (chosen.has(a) === chosen.has(b)) return [];
  return [chosen.has(a) ? b : a];
}

function readOverride(text: string, problems: Problem[]): Override | undefined {
  const equals = text.indexOf('=');
  const name = (equals === -1 ? text : text.slice(0, equals)).trim();
  const place: Place = { file: `--set ${name}` };
  const path = parsePath(name);
  if (equals === -1 || !path) {
    problems.push({
      code: 'config/override-syntax',
      severity: 'error',
      message: `\`${text}\` does not set a field. Write path=value, such as training.learning_rate=1e-4.`,
      place: { file: '--set' },
    });
    return undefined;
  }
  const source = text.slice(equals + 1).trim();
  const parsed = parseDocument(source, { lineCounter: new LineCounter(), prettyErrors: false });
  let hasAlias = false;
  visit(parsed, (_, node) => {
    hasAlias ||= isAlias(node);
  });
  if (parsed.errors.length > 0 || parsed.warnings.length > 0 || hasAlias) {
    problems.push({
      code: 'config/override-syntax',
      severity: 'error',
      message: `The value \`${source}\` cannot be read. Put a text with any of { } [ ] , # : * & ! in quotes.`,
      place,
    });
    return undefined;
  }
  const inner: string[] = [];
  const tree = readTree(
    parsed,
    () => place,
    (at) => inner.push(at.startsWith('[') ? `${name}${at}` : `${name}.${at}`),
  );
  problems.push(...tree.problems);
  return { path, value: tree.value, place, inner };
}

/** Sets a value inside a plain tree, making blocks on the way; false where a list or a single value is in the way. */
function setAt(tree: Record<string, unknown>, path: readonly PathPart[], value: unknown): boolean {
  let at: unknown = tree;
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    if (Array.isArray(at)) {
      if (typeof part !== 'number' || part >= at.length) return false;
      if (last) at[part] = value;
      else at = at[part];
    } else if (isObject(at)) {
      if (typeof part === 'number') return false;
      if (last) define(at, part, value);
      else {
        if (!Object.hasOwn(at, part) || at[part] === null) define(at, part, {});
        at = at[part];
      }
    } else return false;
  }
  return true;
}

function removeAt(tree: Record<string, unknown>, path: readonly PathPart[]): void {
  const [block, field] = path;
  const inner = block === undefined ? undefined : tree[block];
  if (isObject(inner) && field !== undefined) Reflect.deleteProperty(inner, field);
}

/** Not an assignment: a field named `__proto__` must become a field like any other (and then be unknown). */
function define(block: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(block, key, { value, enumerable: true, writable: true, configurable: true });
}

function forget(entries: Map<string, Position>, path: string): void {
  for (const at of [...entries.keys()]) {
    if (at === path || at.startsWith(`${path}.`) || at.startsWith(`${path}[`)) entries.delete(at);
  }
}

function noSuchPlace(override: Override): Problem {
  return {
    code: 'config/override-path',
    severity: 'error',
    message: `\`${formatPath(override.path)}\` leads into something that is not a block, or to a list item that is not there.`,
    place: override.place,
  };
}
