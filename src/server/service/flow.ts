// Finds the cursor in JSON, or in YAML's bracketed values: which block, which field, what is being typed.
import type { PathPart } from '../../config/path.ts';

export interface FlowPlace {
  /** Path of the brackets around the cursor, below where the scan began. */
  readonly block: readonly PathPart[];
  readonly isList: boolean;
  /** A name is typed here, or the value of `key`; in a list the value of item `index`. */
  readonly role: 'key' | 'value';
  readonly key?: string;
  readonly index: number;
  /** The text at the cursor that a completion replaces, quotes included. */
  readonly start: number;
  readonly end: number;
  /** A colon follows the name already. */
  readonly hasColon: boolean;
  /** Something follows in the brackets without a comma between. */
  readonly needsComma: boolean;
  /** Other names (or items) in these brackets. */
  readonly present: readonly string[];
}

interface Frame {
  readonly isList: boolean;
  readonly path: readonly PathPart[];
  readonly names: string[];
  key: string | undefined;
  role: 'key' | 'value';
  index: number;
}

type Found = Omit<FlowPlace, 'present'> & { readonly frame: Frame; readonly own: string | undefined };

/** Texts longer than this after `from` are not looked at. */
const longestScan = 200_000;

/** The place of `offset` inside the brackets that open at `from`; undefined when it lies outside, or in a comment. */
export function flowPlace(text: string, from: number, offset: number): FlowPlace | undefined {
  const stack: Frame[] = [];
  let found: Found | undefined;
  const limit = Math.min(text.length, from + longestScan);
  let at = from;

  const note = (start: number, end: number): void => {
    const frame = stack.at(-1);
    if (!frame || found || offset < start || offset > end) return;
    const token = text.slice(start, end);
    found = {
      ...{ block: frame.path, isList: frame.isList, role: frame.role, index: frame.index, start, end, frame },
      ...(frame.key === undefined ? {} : { key: frame.key }),
      hasColon: /^\s*:/.test(text.slice(end, end + 80)),
      needsComma: /^\s*["'\w]/.test(text.slice(end, end + 80).replace(/^\s*:/, '')),
      own: token === '' ? undefined : unquoted(token),
    };
  };

  while (at < limit) {
    const character = text[at] ?? '';
    const frame = stack.at(-1);
    if (found && !stack.includes(found.frame)) break;
    if (character === '{' || character === '[') {
      if (frame && at >= offset) note(offset, offset);
      stack.push(opened(frame, character === '['));
      at += 1;
    } else if (character === '}' || character === ']') {
      note(Math.min(offset, at), at);
      stack.pop();
      at += 1;
      if (stack.length === 0) break;
    } else if (character === ',') {
      note(Math.min(offset, at), at);
      if (frame) {
        frame.key = undefined;
        frame.role = frame.isList ? 'value' : 'key';
        frame.index += 1;
      }
      at += 1;
    } else if (character === ':') {
      if (frame && !frame.isList) frame.role = 'value';
      at += 1;
    } else if (character === '#' && /\s/.test(text[at - 1] ?? ' ')) {
      const end = lineEnd(text, at);
      if (offset > at && offset <= end) return undefined;
      at = end;
    } else if (/\s/.test(character)) {
      // An offset between tokens is a place of its own.
      const end = spaceEnd(text, at, limit);
      const next = text[end] ?? '';
      if (offset >= at && offset <= end && !(offset === end && isTokenStart(next))) note(offset, offset);
      at = end;
    } else {
      const end = tokenEnd(text, at, limit);
      note(at, end);
      if (frame) {
        const name = unquoted(text.slice(at, end));
        if (frame.isList || frame.role === 'key') frame.names.push(name);
        if (!frame.isList && frame.role === 'key') frame.key = name;
      }
      at = Math.max(end, at + 1);
    }
  }
  if (!found && offset >= at) note(offset, offset);
  if (!found) return undefined;
  const { frame, own, ...place } = found;
  const names = [...frame.names];
  if (own !== undefined && (place.role === 'key' || place.isList))
    names.splice(names.indexOf(own), names.includes(own) ? 1 : 0);
  return { ...place, present: names };
}

function opened(around: Frame | undefined, isList: boolean): Frame {
  const part: PathPart | undefined = around?.isList === true ? around.index : around?.key;
  const path = around ? [...around.path, ...(part === undefined ? [] : [part])] : [];
  return { isList, path, names: [], key: undefined, role: isList ? 'value' : 'key', index: 0 };
}

function isTokenStart(character: string): boolean {
  return character !== '' && !/[\s,:#[\]{}]/.test(character);
}

/** A quoted text ends at its quote or at the end of the line; a bare one before what ends it in YAML. */
function tokenEnd(text: string, from: number, limit: number): number {
  const quote = text[from];
  if (quote === '"' || quote === "'") {
    for (let i = from + 1; i < limit; i += 1) {
      if (text[i] === '\n') return i;
      if (text[i] === '\\' && quote === '"') i += 1;
      else if (text[i] === quote) return i + 1;
    }
    return limit;
  }
  let end = from;
  while (end < limit && !/[,[\]{}\n]/.test(text[end] ?? '')) {
    if (text[end] === ':' && /[\s,[\]{}"]|^$/.test(text[end + 1] ?? '')) break;
    if (text[end] === '#' && /\s/.test(text[end - 1] ?? '')) break;
    end += 1;
  }
  return from + text.slice(from, end).trimEnd().length;
}

function spaceEnd(text: string, from: number, limit: number): number {
  let end = from;
  while (end < limit && /\s/.test(text[end] ?? '')) end += 1;
  return end;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** A name or value without its quotes. */
export function unquoted(token: string): string {
  return token.replace(/^(["'])(.*?)\1?$/s, '$2').trim();
}
