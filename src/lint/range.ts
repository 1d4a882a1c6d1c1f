// Where in the text of a row a value lies, down to single characters of a string with escapes.
import { locateJson, positionAt, type JsonPath, type TextPosition } from '../data/json/locate.ts';

/** Characters [start, end) of the decoded text at the end of the path. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

export interface LineRange {
  /** From 1. */
  readonly line: number;
  /** UTF-16 offsets in the line, from 0. */
  readonly start: number;
  readonly end: number;
}

/** Offsets in `text` of the value at `path`, of the nearest value around it, or of a part of a string. */
export function offsetsOf(text: string, path: JsonPath, part?: Part): Part {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const range = locateJson(text, path.slice(0, depth));
    if (range === undefined) continue;
    if (part === undefined || depth < path.length || text[range.start] !== '"') return range;
    return {
      start: rawOffset(text, range.start + 1, part.start),
      end: rawOffset(text, range.start + 1, part.end),
    };
  }
  return { start: 0, end: text.length };
}

/** Line and columns of offsets in a row that starts at `origin`; a range over several lines ends with its first line. */
export function lineRange(text: string, { start, end }: Part, origin: TextPosition): LineRange {
  const from = positionAt(text, start, origin);
  const lineEnd = text.indexOf('\n', start);
  const until = lineEnd === -1 ? end : Math.min(end, lineEnd);
  return { line: from.line, start: from.column - 1, end: from.column - 1 + Math.max(0, until - start) };
}

/** Offset in the JSON text of the n-th character of the string that begins at `from`. */
function rawOffset(text: string, from: number, n: number): number {
  let at = from;
  for (let i = 0; i < n; i += 1) {
    if (text[at] !== '\\') at += 1;
    else at += text[at + 1] === 'u' ? 6 : 2;
  }
  return at;
}
