// Where the cursor stands in a config: in which block, at a name or at a value, and what is being typed. Needs no valid text.
import type { PathPart } from '../../config/path.ts';
import { flowPlace, unquoted } from './flow.ts';
import { yamlLines, type YamlLine } from './yamlLines.ts';

export interface Cursor {
  readonly role: 'key' | 'value';
  /** Block around: for a name the block that it belongs to, for a value the path of its field or list item. */
  readonly path: readonly PathPart[];
  /** Offsets of the text that a completion replaces. */
  readonly start: number;
  readonly end: number;
  /** Names that the block has already, or items of the list, without the one at the cursor. */
  readonly present: readonly string[];
  /** `block`: YAML by indentation; `flow`: inside brackets of YAML; `json`: a JSON document. */
  readonly style: 'block' | 'flow' | 'json';
  /** A colon follows the name already. */
  readonly hasColon: boolean;
  /** The value follows its colon or bracket without a space, so one has to be written. */
  readonly needsSpace: boolean;
  /** JSON: another name follows without a comma between. */
  readonly needsComma: boolean;
  /** Spaces before the names of this block. */
  readonly indent: number;
}

/** The cursor at an offset; undefined in comments and inside of long texts. */
export function cursorAt(text: string, offset: number): Cursor | undefined {
  const first = /^\s*\{/.exec(text);
  if (first) {
    return offset < first[0].length ? undefined : inFlow(text, first[0].length - 1, offset, [], 'json', 0);
  }
  const lines = yamlLines(text);
  const number = lineAt(lines, offset);
  const line = lines[number];
  if (!line || line.isText) return undefined;
  const column = offset - line.start;
  const owner = ownerOfFlow(lines, number, offset, text);
  if (owner) return owner;
  if (isComment(line, column)) return undefined;
  if (line.key && column > line.key.end) return valueOfKey(lines, number, column);
  return atName(lines, number, column);
}

function lineAt(lines: readonly YamlLine[], offset: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (lines[middle]!.start <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The place inside brackets that were opened on this line or above. */
function ownerOfFlow(lines: readonly YamlLine[], number: number, offset: number, text: string): Cursor | undefined {
  let at = number;
  while (at > 0 && lines[at]?.isInside === true) at -= 1;
  const line = lines[at];
  if (line?.value === undefined || line.isInside || !/[[{]/.test(line.text[line.value] ?? '')) return undefined;
  const from = line.start + line.value;
  // Lines that are no longer inside of the brackets are told by the scan of lines.
  if (at !== number && !lines.slice(at + 1, number + 1).every(({ isInside }) => isInside)) return undefined;
  if (offset <= from) return undefined;
  const after = lines.slice(at + 1).find(({ isInside }) => !isInside);
  return inFlow(text.slice(0, after?.start), from, offset, pathOfValue(lines, at), 'flow', line.column);
}

function inFlow(
  text: string,
  from: number,
  offset: number,
  base: readonly PathPart[],
  style: 'flow' | 'json',
  indent: number,
): Cursor | undefined {
  const place = flowPlace(text, from, offset);
  if (!place) return undefined;
  const block = [...base, ...place.block];
  const path = place.role === 'key' ? block : [...block, place.isList ? place.index : (place.key ?? '')];
  const before = text[place.start - 1] ?? '';
  return {
    ...{ role: place.role, path, start: place.start, end: place.end, style, indent },
    present: place.role === 'key' || place.isList ? place.present : [],
    hasColon: place.role === 'key' && place.hasColon,
    needsSpace: before === ':' || (before === ',' && place.start === place.end),
    needsComma: style === 'json' && place.needsComma,
  };
}

function isComment(line: YamlLine, column: number): boolean {
  const hash = line.text.indexOf('#', Math.min(line.end, line.text.length));
  if (line.isInside) return line.text.trimStart().startsWith('#') && column > line.column;
  return hash !== -1 && column > hash;
}

function valueOfKey(lines: readonly YamlLine[], number: number, column: number): Cursor {
  const line = lines[number]!;
  const start = line.value ?? Math.max(column, line.key!.end + 1);
  const end = line.value === undefined ? start : Math.max(line.end, column > line.end ? column : line.end);
  const isSpaced = /\s/.test(line.text[start - 1] ?? '');
  return {
    ...{ role: 'value', path: pathOfValue(lines, number), present: [], style: 'block', hasColon: false },
    start: line.start + Math.min(start, Math.max(column, start)),
    end: line.start + Math.max(start, Math.min(end, line.text.length)),
    needsSpace: !isSpaced,
    needsComma: false,
    indent: line.column,
  };
}

/** A name that is being typed, a name that is complete, an empty line, or the item of a list. */
function atName(lines: readonly YamlLine[], number: number, column: number): Cursor {
  const line = lines[number]!;
  const isEmpty = line.isInside || line.column >= line.text.trimEnd().length;
  const indent = isEmpty ? (line.dashes.length > 0 ? Math.max(column, line.column) : column) : line.column;
  const parents = pathAbove(lines, number, indent);
  const end = line.key ? line.key.end : isEmpty ? column : Math.max(line.end, line.column);
  const start = isEmpty ? column : line.column;
  const isItem = line.dashes.length > 0 && !line.key;
  return {
    role: 'key',
    path: parents,
    start: line.start + start,
    end: line.start + Math.max(start, end),
    present: isItem ? itemsBeside(lines, number, line.dashes.at(-1) ?? 0) : namesBeside(lines, number, indent),
    ...{ style: 'block', hasColon: line.key !== undefined, needsComma: false, indent },
    needsSpace: isEmpty && line.dashes.length > 0 && !/\s/.test(line.text[column - 1] ?? ' '),
  };
}

/** Path of the value that begins on a line: of its field, or of its list item. */
function pathOfValue(lines: readonly YamlLine[], number: number): PathPart[] {
  const line = lines[number]!;
  const above = pathAbove(lines, number, line.column);
  return line.key ? [...above, line.key.name] : above;
}

/** What encloses something that begins at `column` of a line. */
function pathAbove(lines: readonly YamlLine[], number: number, column: number): PathPart[] {
  const parts: PathPart[] = [];
  let left = column;
  let orEqual = false;
  const takeDashes = (at: number): void => {
    for (const dash of [...(lines[at]?.dashes ?? [])].reverse()) {
      if (dash >= left) continue;
      parts.unshift(indexOfItem(lines, at, dash));
      left = dash;
      orEqual = true; // a list may begin in the column of its field's name
    }
  };
  takeDashes(number);
  for (let at = number - 1; at >= 0 && (left > 0 || orEqual); at -= 1) {
    const line = lines[at]!;
    if (line.isInside) continue;
    if (line.key && (line.column < left || (orEqual && line.column === left && line.dashes.length === 0))) {
      parts.unshift(line.key.name);
      left = line.column;
      orEqual = false;
      takeDashes(at);
    } else if (line.dashes.some((dash) => dash < left)) takeDashes(at);
  }
  return parts;
}

function indexOfItem(lines: readonly YamlLine[], number: number, dash: number): number {
  let index = 0;
  for (let at = number - 1; at >= 0; at -= 1) {
    const line = lines[at]!;
    if (line.isInside) continue;
    if (line.dashes.includes(dash)) index += 1;
    else if ((line.dashes[0] ?? line.column) <= dash) break;
  }
  return index;
}

function namesBeside(lines: readonly YamlLine[], number: number, column: number): string[] {
  const names: string[] = [];
  const own = lines[number]!;
  for (let at = number - 1; at >= 0 && own.dashes.length === 0; at -= 1) {
    const line = lines[at]!;
    if (line.isInside) continue;
    if (line.key && line.column === column) names.unshift(line.key.name);
    if ((line.dashes[0] ?? line.column) < column) break;
  }
  for (let at = number + 1; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (line.isInside) continue;
    if ((line.dashes[0] ?? line.column) < column) break;
    if (line.key && line.column === column && line.dashes.length === 0) names.push(line.key.name);
  }
  return names;
}

function itemsBeside(lines: readonly YamlLine[], number: number, dash: number): string[] {
  const items: string[] = [];
  const look = (step: 1 | -1): void => {
    for (let at = number + step; at >= 0 && at < lines.length; at += step) {
      const line = lines[at]!;
      if (line.isInside) continue;
      if (!line.dashes.includes(dash)) {
        if ((line.dashes[0] ?? line.column) <= dash) return;
        continue;
      }
      if (line.value !== undefined && !line.key) items.push(unquoted(line.text.slice(line.value, line.end)));
    }
  };
  look(-1);
  look(1);
  return items;
}
