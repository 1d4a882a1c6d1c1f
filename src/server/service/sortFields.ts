// Sorts the fields of a config into the order of its documentation. What was written moves as it is: a field with the
// comments above it and behind it. Nothing is laid out anew.
import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, isSeq, parseDocument, type Pair, type YAMLMap } from 'yaml';
import { allFields } from '../../config/schema.ts';
import { commentsOf, saysTheSame } from './layout.ts';
import { applyEdits, type Edit } from './textChanges.ts';

/** The text with its fields in order; undefined when it cannot be read, or when sorting would change what it says. */
export function sortedFields(text: string): string | undefined {
  const mark = text.startsWith('\uFEFF') ? 1 : 0;
  const body = text.slice(mark);
  let now = body;
  // Each round puts the innermost blocks in order that are not; more levels than this has no config.
  for (let round = 0; round < 50; round += 1) {
    const { contents, errors } = parseDocument(now, { version: '1.2' });
    if (errors.length > 0 || !isMap(contents)) return undefined;
    const edits = innermostUnsorted(contents, '', now);
    if (edits.length === 0) break;
    now = applyEdits(now, edits);
  }
  const isWhole = saysTheSame(now, body) && isDeepStrictEqual(remarks(now), remarks(body));
  return isWhole ? text.slice(0, mark) + now : undefined;
}

/** Comments wherever they stand: one above a field may come to stand behind a dash. */
function remarks(text: string): string[] {
  return commentsOf(text)
    .map((comment) => comment.replace(/^… /, ''))
    .sort();
}

/** Edits that put the blocks in order which are not, as far as everything inside of them is. */
function innermostUnsorted(map: YAMLMap, block: string, text: string): Edit[] {
  const inside = map.items.flatMap(({ key, value }) => {
    if (!isScalar(key)) return [];
    const inner = block === '' ? String(key.value) : `${block}.${String(key.value)}`;
    if (isMap(value)) return innermostUnsorted(value, inner, text);
    if (!isSeq(value)) return [];
    return value.items.flatMap((item) => (isMap(item) ? innermostUnsorted(item, `${inner}[]`, text) : []));
  });
  const wanted = inOrder(map, block);
  if (inside.length > 0 || wanted.every((from, at) => from === at)) return inside;
  const slots = map.flow === true ? flowSlots(map, text) : blockSlots(map, text, block === '');
  return slots ? [permuted(text, slots, wanted)] : [];
}

/** For each place the index of the field that belongs there; unknown names come last, as they were. */
function inOrder({ items }: YAMLMap, block: string): number[] {
  const names = ranks(block);
  const rank = ({ key }: Pair): number => (isScalar(key) && names.get(String(key.value))) || Infinity;
  const indices = items.map((_, index) => index);
  return indices.sort((a, b) => compare(rank(items[a]!), rank(items[b]!)) || a - b);
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

let known: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;

/** Names of a block → their place in the schema, from 1. */
function ranks(block: string): ReadonlyMap<string, number> {
  if (!known) {
    const all = new Map<string, Map<string, number>>();
    for (const { block: around, name } of allFields()) {
      const names = all.get(around) ?? new Map<string, number>();
      all.set(around, names.set(name, names.size + 1));
    }
    known = all;
  }
  return known.get(block) ?? new Map();
}

interface Slot {
  readonly start: number;
  readonly end: number;
}

/** What stands between the slots stays. */
function permuted(text: string, slots: readonly Slot[], order: readonly number[]): Edit {
  const begin = slots[0]?.start ?? 0;
  const pieces: string[] = [];
  let at = begin;
  for (const [index, { start, end }] of slots.entries()) {
    const from = slots[order[index] ?? index] ?? { start, end };
    pieces.push(text.slice(at, start), text.slice(from.start, from.end));
    at = end;
  }
  return { start: begin, end: at, newText: pieces.join('') };
}

/** Names with their values, between brackets; undefined where comments stand between them. */
function flowSlots({ items }: YAMLMap, text: string): Slot[] | undefined {
  const slots = items.map((pair) => ({ start: startOf(pair), end: endOf(pair) }));
  const isPlain = slots.every(({ end }, index) => {
    const next = slots[index + 1];
    return next === undefined || /^[\s,]*$/.test(text.slice(end, next.start));
  });
  return isPlain ? slots : undefined;
}

/** Whole lines: comments above a field, the field, and what is commented out below its last line. */
function blockSlots({ items }: YAMLMap, text: string, isRoot: boolean): Slot[] | undefined {
  const [first] = items;
  if (!first) return undefined;
  const column = columnOf(text, startOf(first));
  // The first field's comments reach up to what is written above it.
  const top = text.lastIndexOf('\n', Math.max(0, lineStart(text, startOf(first)) - 1));
  let from = isRoot ? headerEnd(text, startOf(first)) : commentsAbove(text, Math.max(0, top), startOf(first), column);
  const slots: Slot[] = [];
  for (const [index, pair] of items.entries()) {
    const next = items[index + 1];
    const lineEnd = endOfLine(text, endOf(pair));
    const gap = next ? text.slice(lineEnd, lineStart(text, startOf(next))) : '';
    const own = ownedBelow(gap, column);
    const end = lineEnd + own;
    slots.push({ start: from, end });
    if (!next) break;
    if (columnOf(text, startOf(next)) !== column || lineStart(text, startOf(next)) <= lineEnd) return undefined;
    const between = text.slice(end, lineStart(text, startOf(next)));
    const comment = between.search(/#/);
    from = comment === -1 ? startOf(next) : end + comment;
  }
  return slots;
}

/** Comments between what is above (a line's end) and a nested block's first field are that field's. */
function commentsAbove(text: string, above: number, key: number, column: number): number {
  let at = key;
  let end = lineStart(text, key);
  while (end > above && end > 0) {
    const start = lineStart(text, end - 1);
    const comment = /^( *)#/.exec(text.slice(start, end));
    if (!comment || comment[1]!.length < column) break;
    at = start + comment[1]!.length;
    end = start;
  }
  // The first field of a list's item shares its line with the dash.
  return columnOf(text, key) === text.slice(lineStart(text, key), key).search(/\S|$/) ? at : key;
}

/** The file's own comment stays on top: only one that an empty line sets apart from it belongs to the first field. */
function headerEnd(text: string, key: number): number {
  const above = text.slice(0, lineStart(text, key));
  const last = /\n[ \t]*\n((?:#.*\n)+)$/.exec(above)?.[1];
  return last === undefined ? key : above.length - last.length;
}

/** Length of the lines at the beginning of a gap that are indented deeper than the block: commented-out fields. */
function ownedBelow(gap: string, column: number): number {
  let at = 0;
  let owned = 0;
  for (const line of gap.split('\n')) {
    at += line.length + 1;
    const indent = /^( *)#/.exec(line)?.[1]?.length;
    if (indent !== undefined && indent > column) owned = at - 1;
    else if (line.trim() !== '') break;
  }
  return owned;
}

function startOf({ key }: Pair): number {
  return isScalar(key) ? (key.range?.[0] ?? 0) : 0;
}

/** Where the last thing that is written in a field ends; comments are not counted. */
function endOf({ key, value }: Pair): number {
  return endOfNode(value) ?? (isScalar(key) ? (key.range?.[1] ?? 0) : 0);
}

function endOfNode(node: unknown): number | undefined {
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return last && endOf(last);
  }
  if (isSeq(node) && node.flow !== true) return endOfNode(node.items.at(-1));
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const end: unknown = node.range[1];
  return typeof end === 'number' ? end : undefined;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The end of the line on which something ends; a text over several lines ends with its own line break. */
function endOfLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset - 1;
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end;
}

function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}
