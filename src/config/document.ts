// Config text (YAML 1.2, of which JSON is a part) to a plain tree that knows where each value was written.

import { LineCounter, parseDocument, type Document } from 'yaml';
import type { Place, Problem } from '../protocol/problem.ts';
import type { Position, Positions } from './positions.ts';
import { findBadCharacters, syntaxProblems } from './syntax.ts';
import { readTree } from './tree.ts';
import { isObject } from '../protocol/guards.ts';

/** A config as written: nothing is checked against the schema yet. */
export interface ConfigDocument {
  /** The plain tree; undefined when the text could not be read. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly positions: Positions;
  readonly problems: readonly Problem[];
  /** The parser's own tree, for editors; it is there for broken texts too, unless they are no text at all. */
  readonly root?: Document.Parsed;
}

/** Larger files are not configs: the longest sensible one has a few kilobytes. */
const maximumCharacters = 1 << 20;

/** Reads the text of a config file. Never throws: what is wrong is in `problems`. */
export function readDocument(text: string, file: string): ConfigDocument {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const entries = new Map<string, Position>();
  const positions: Positions = { file, entries };

  if (body.length > maximumCharacters) return { value: undefined, positions, problems: [tooLarge(file, body.length)] };
  const lines = new LineCounter();
  const placeAt = (start: number, end: number): Place => rangePlace(file, lines, start, end);
  const parsed = parseDocument(body, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const badCharacters = findBadCharacters(body, placeAt);
  if (badCharacters) return { value: undefined, positions, problems: [badCharacters] };

  const failed = (problems: readonly Problem[]): ConfigDocument => ({
    ...{ value: undefined, positions, problems },
    root: parsed,
  });
  const syntax = syntaxProblems(parsed, body, placeAt);
  if (syntax.some((found) => found.code !== 'config/duplicate-key')) return failed(syntax);
  const tree = readTree(parsed, placeAt, (path, position) => entries.set(path, position));
  const problems = [...syntax, ...tree.problems];
  if (tree.value === null || tree.value === undefined) return failed([...problems, emptyFile(file)]);
  if (!isObject(tree.value)) return failed([...problems, notAMapping(tree.value, placeAt(0, 0))]);
  return { value: tree.value, positions, problems, root: parsed };
}

function rangePlace(file: string, lines: LineCounter, start: number, end: number): Place {
  const from = lines.linePos(start);
  const to = lines.linePos(Math.max(start, end));
  return { file, line: Math.max(1, from.line), column: Math.max(1, from.col), endLine: to.line, endColumn: to.col };
}

function tooLarge(file: string, characters: number): Problem {
  return {
    code: 'config/too-large',
    severity: 'error',
    message: `This file has ${characters} characters, and a config has at most ${maximumCharacters}. Is it a data file? Name it under \`data.train\` of a config.`,
    place: { file },
  };
}

function emptyFile(file: string): Problem {
  return {
    code: 'config/empty-file',
    severity: 'error',
    message: 'This config is empty. The smallest one has `version: 1`, `model:` and `data:` with `train:`.',
    place: { file, line: 1, column: 1 },
  };
}

function notAMapping(value: unknown, place: Place): Problem {
  const what = Array.isArray(value) ? 'a list' : 'a single value';
  return {
    code: 'config/not-a-mapping',
    severity: 'error',
    message: `This file holds ${what}, but a config is made of fields: lines such as \`version: 1\` and \`model: …\`.`,
    place,
  };
}
