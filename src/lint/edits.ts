// Quick fixes as rules say them, by paths, and as editors need them: replaced characters of a row's text.
import { locateJson, locateName, type JsonPath } from '../data/json/locate.ts';
import { offsetsOf, type Part } from './range.ts';

/** One change of a row. */
export type RowEdit =
  /** Characters of the text at the path (all of them without `part`) become `text`. */
  | { readonly replace: JsonPath; readonly part?: Part; readonly text: string }
  /** The value at the path becomes this JSON. */
  | { readonly set: JsonPath; readonly json: string }
  /** A new element before the one at the path. */
  | { readonly insertBefore: JsonPath; readonly json: string }
  /** The member or element at the path goes, with its comma; so do the elements after it up to `count` in all. */
  | { readonly remove: JsonPath; readonly count?: number }
  /** The member at the path gets another name. */
  | { readonly rename: JsonPath; readonly to: string };

export type Change =
  | { readonly title: string; readonly edits: readonly RowEdit[] }
  /** The row itself goes. */
  | { readonly title: string; readonly removeRow: true };

/** Characters [start, end) of a text that become `newText`. */
export interface TextEdit extends Part {
  readonly newText: string;
}

/** The JSON text of the value at a path; `null` where there is none. */
export function jsonAt(text: string, path: JsonPath): string {
  const range = locateJson(text, path);
  return range === undefined ? 'null' : text.slice(range.start, range.end);
}

/** The edits of a row's text, in its order; undefined when the text has no such places. */
export function textEdits(text: string, edits: readonly RowEdit[]): TextEdit[] | undefined {
  const made = edits.map((edit) => textEdit(text, edit));
  if (!made.every((edit) => edit !== undefined)) return undefined;
  return made.sort((a, b) => a.start - b.start);
}

function textEdit(text: string, edit: RowEdit): TextEdit | undefined {
  if ('replace' in edit) return replaced(text, edit.replace, edit.part, edit.text);
  if ('rename' in edit) {
    const name = locateName(text, edit.rename);
    return name && { ...name, newText: JSON.stringify(edit.to) };
  }
  if ('remove' in edit) return removed(text, edit.remove, edit.count ?? 1);
  const range = locateJson(text, 'set' in edit ? edit.set : edit.insertBefore);
  if (range === undefined) return undefined;
  return 'set' in edit
    ? { ...range, newText: edit.json }
    : { start: range.start, end: range.start, newText: `${edit.json}, ` };
}

function replaced(text: string, path: JsonPath, part: Part | undefined, by: string): TextEdit | undefined {
  const range = locateJson(text, path);
  if (range === undefined || text[range.start] !== '"') return undefined;
  if (part === undefined) return { ...range, newText: JSON.stringify(by) };
  return { ...offsetsOf(text, path, part), newText: JSON.stringify(by).slice(1, -1) };
}

function removed(text: string, path: JsonPath, count: number): TextEdit | undefined {
  const step = path.at(-1);
  const lastPath = typeof step === 'number' ? [...path.slice(0, -1), step + count - 1] : path;
  const [first, last] = [locateName(text, path) ?? locateJson(text, path), locateJson(text, lastPath)];
  if (first === undefined || last === undefined) return undefined;
  const after = skip(text, last.end, 1);
  if (text[after] === ',') return { start: first.start, end: skip(text, after + 1, 1), newText: '' };
  const before = skip(text, first.start - 1, -1);
  return { start: text[before] === ',' ? before : first.start, end: last.end, newText: '' };
}

/** The next place in a direction that holds no white space. */
function skip(text: string, from: number, direction: 1 | -1): number {
  let at = from;
  while (at >= 0 && at < text.length && ' \t\r\n'.includes(text[at]!)) at += direction;
  return at;
}
