// The texts and plain values of a JSON text with their paths and places, and where each character of a string is written.
import { skipSpace, skipString, skipValue, type JsonPath } from './locate.ts';

export interface JsonLeaf {
  /** Path of the value; of a name: the path of the member that it names. */
  readonly path: JsonPath;
  /** Offsets of the value as it is written, quotes included, [start, end). */
  readonly start: number;
  readonly end: number;
  readonly kind: 'text' | 'name' | 'other';
}

/** Values nested deeper than this are left out; the formats refuse them too. */
const maxDepth = 100;

/** Leaves in the order of the text, which JSON.parse must accept. Of a name that occurs twice the last counts, as there. */
export function jsonLeaves(text: string): JsonLeaf[] {
  return leavesOf(text, skipSpace(text, 0), [], []);
}

function leavesOf(text: string, start: number, path: JsonPath, into: JsonLeaf[]): JsonLeaf[] {
  const first = text[start];
  if (first === '{') membersOf(text, start, path, into);
  else if (first === '[') elementsOf(text, start, path, into);
  else into.push({ path, start, end: skipValue(text, start), kind: first === '"' ? 'text' : 'other' });
  return into;
}

function membersOf(text: string, start: number, path: JsonPath, into: JsonLeaf[]): void {
  if (path.length >= maxDepth) return;
  const members = new Map<string, JsonLeaf[]>();
  let at = skipSpace(text, start + 1);
  while (text[at] === '"') {
    const nameEnd = skipString(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const inner = [...path, name];
    const value = skipSpace(text, skipSpace(text, nameEnd) + 1); // past the colon
    members.delete(name);
    members.set(name, leavesOf(text, value, inner, [{ path: inner, start: at, end: nameEnd, kind: 'name' }]));
    at = skipSpace(text, skipValue(text, value));
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  for (const leaves of members.values()) for (const leaf of leaves) into.push(leaf);
}

function elementsOf(text: string, start: number, path: JsonPath, into: JsonLeaf[]): void {
  if (path.length >= maxDepth) return;
  let at = skipSpace(text, start + 1);
  for (let i = 0; at < text.length && text[at] !== ']'; i += 1) {
    leavesOf(text, at, [...path, i], into);
    at = skipSpace(text, skipValue(text, at));
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
}

/** A string of a JSON text: its value, and the offsets [starts[i], ends[i]) at which UTF-16 unit i of it is written. */
export interface WrittenString {
  readonly value: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Reads the string whose opening quote stands at `start`; an escape such as `\n` or `\u00e9` is one unit. */
export function writtenString(text: string, start: number): WrittenString {
  const end = skipString(text, start);
  const value = JSON.parse(text.slice(start, end)) as string;
  const starts = new Int32Array(value.length);
  const ends = new Int32Array(value.length);
  let at = start + 1;
  for (let i = 0; i < value.length; i += 1) {
    starts[i] = at;
    at += text[at] !== '\\' ? 1 : text[at + 1] === 'u' ? 6 : 2;
    ends[i] = at;
  }
  return { value, starts, ends };
}
