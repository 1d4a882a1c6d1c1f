// Finds where a value lies in a JSON text by its path, so that a message can point at the very field.

/** Steps from the outermost value to an inner one: names of objects, indices of arrays. */
export type JsonPath = readonly (string | number)[];

/**
 * Offsets of the value at `path` in a text that JSON.parse accepts, [start, end); undefined when there is none.
 * Of a name that occurs twice the last counts, as in JSON.parse.
 */
export function locateJson(text: string, path: JsonPath): { start: number; end: number } | undefined {
  let start = skipSpace(text, 0);
  for (const step of path) {
    const inner = typeof step === 'number' ? findElement(text, start, step) : findMember(text, start, step)?.value;
    if (inner === undefined) return undefined;
    start = inner;
  }
  return { start, end: skipValue(text, start) };
}

/** Offsets of the name of the member at `path`, with its quotes; undefined when there is none or it is an element. */
export function locateName(text: string, path: JsonPath): { start: number; end: number } | undefined {
  const name = path.at(-1);
  const object = locateJson(text, path.slice(0, -1));
  return typeof name !== 'string' || object === undefined ? undefined : findMember(text, object.start, name)?.name;
}

/** A line and column, counting from 1; columns are UTF-16 units, as in editors. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Line and column of an offset in a text that itself starts at `origin`. */
export function positionAt(text: string, offset: number, origin: TextPosition): TextPosition {
  let line = origin.line;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  const column = offset - lineStart + (line === origin.line ? origin.column : 1);
  return { line, column };
}

interface Member {
  readonly name: { readonly start: number; readonly end: number };
  /** Where the value starts. */
  readonly value: number;
}

function findMember(text: string, start: number, name: string): Member | undefined {
  if (text[start] !== '{') return undefined;
  let found: Member | undefined;
  let at = skipSpace(text, start + 1);
  while (text[at] === '"') {
    const keyEnd = skipString(text, at);
    const key: unknown = JSON.parse(text.slice(at, keyEnd));
    const value = skipSpace(text, skipSpace(text, keyEnd) + 1); // past the colon
    if (key === name) found = { name: { start: at, end: keyEnd }, value };
    at = skipSpace(text, skipValue(text, value));
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return found;
}

function findElement(text: string, start: number, index: number): number | undefined {
  if (text[start] !== '[') return undefined;
  let at = skipSpace(text, start + 1);
  for (let i = 0; text[at] !== ']' && at < text.length; i += 1) {
    if (i === index) return at;
    at = skipSpace(text, skipValue(text, at));
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return undefined;
}

/** Where the value that starts here ends. */
export function skipValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const c = text[at]!;
    if (c === '"') {
      at = skipString(text, at);
    } else if (c === '{' || c === '[') {
      depth += 1;
      at += 1;
    } else if (c === '}' || c === ']') {
      depth -= 1;
      at += 1;
    } else if (depth === 0) {
      while (at < text.length && !',]} \t\r\n'.includes(text[at]!)) at += 1;
    } else {
      at += 1;
    }
    if (depth === 0) return at;
  }
  return at;
}

/** Where the string that starts here ends: after its closing quote. */
export function skipString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** The next place that is no white space. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at += 1;
  return at;
}
