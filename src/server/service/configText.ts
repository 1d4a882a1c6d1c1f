// A config's text as editors need it: read by the trainer's own parser, with its tree, and with what is left of a broken one.
import type { Document } from 'yaml';
import { readDocument, type ConfigDocument } from '../../config/document.ts';
import type { Environment } from '../../config/environment.ts';
import { checkDocument, type ParsedConfig } from '../../config/parse.ts';
import { parsePath, type PathPart } from '../../config/path.ts';
import type { Positions } from '../../config/positions.ts';
import type { FinetuneConfig } from '../../config/schema.generated.ts';
import type { Place } from '../../protocol/problem.ts';

export interface ConfigText {
  readonly text: string;
  /** Absolute path, or the address of a document that has none. */
  readonly file: string;
  readonly document: ConfigDocument;
  readonly root: Document.Parsed | undefined;
  readonly positions: Positions;
}

/** Reads a text. Never throws. */
export function readConfigText(text: string, file: string): ConfigText {
  const document = readDocument(text, file);
  return { text, file, document, root: document.root, positions: document.positions };
}

export interface CheckedText extends ParsedConfig {
  /**
   * The config without the fields that are wrong, when that is one: rules and explanations go on while somewhere else
   * something is being typed.
   */
  readonly usable: FinetuneConfig | undefined;
}

const lastChecks = new WeakMap<ConfigText, { readonly environment: Environment; readonly found: CheckedText }>();

/** Checks a text against the schema, as `parseConfig` does; once for each text and environment. */
export function checkText(text: ConfigText, environment: Environment): CheckedText {
  const known = lastChecks.get(text);
  if (known?.environment === environment) return known.found;
  const found = checkAfresh(text, environment);
  lastChecks.set(text, { environment, found });
  return found;
}

function checkAfresh({ document }: ConfigText, environment: Environment): CheckedText {
  const parsed = checkDocument(document, environment);
  if (parsed.config || document.value === undefined) return { ...parsed, usable: parsed.config };
  return { ...parsed, usable: withoutFaults(document, parsed, environment) };
}

/** Takes out what is wrong, field by field; a second look finds what only then comes to light. */
function withoutFaults(
  document: ConfigDocument,
  first: ParsedConfig,
  environment: Environment,
): FinetuneConfig | undefined {
  let value: unknown = structuredClone(document.value);
  let { problems } = first;
  for (let round = 0; round < 3 && problems.length > 0; round += 1) {
    for (const { place } of problems) {
      const path = place && pathAt(document.positions, place);
      if (path === undefined) return undefined;
      value = without(value, fieldOf(parsePath(path) ?? []));
    }
    const left: ConfigDocument = { ...document, value: asRecord(value), problems: [] };
    const again = checkDocument(left, environment);
    if (again.config) return again.config;
    problems = again.problems;
  }
  return undefined;
}

/** The path of the field whose name or value begins at a place. */
export function pathAt(positions: Positions, place: Place): string | undefined {
  for (const [path, { key, value }] of positions.entries) {
    if (isSame(value, place) || (key && isSame(key, place))) return path;
  }
  return undefined;
}

function isSame(a: Place, b: Place): boolean {
  return a.line === b.line && a.column === b.column && a.endLine === b.endLine && a.endColumn === b.endColumn;
}

/** A list loses no single item, since the others would move: the field that holds it goes. */
function fieldOf(parts: readonly PathPart[]): readonly PathPart[] {
  const end = parts.findLastIndex((part) => typeof part === 'string') + 1;
  return parts.slice(0, end);
}

function without(tree: unknown, parts: readonly PathPart[]): unknown {
  const [first, ...rest] = parts;
  if (first === undefined || typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) {
    return tree.map((item: unknown, index) => (index === first ? without(item, rest) : item));
  }
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, inner]: [string, unknown]) => {
      if (key !== first) return [[key, inner]];
      return rest.length === 0 ? [] : [[key, without(inner, rest)]];
    }),
  );
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
