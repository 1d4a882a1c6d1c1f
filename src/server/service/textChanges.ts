// Changes of fields as edits of a config's text: what is not meant stays as it is, comments and layout included.
import { isMap, isPair, isScalar, isSeq, parseDocument, type Document, type Pair } from 'yaml';
import { parentPath, parsePath, type PathPart } from '../../config/path.ts';
import { showNumber } from '../../config/words.ts';
import type { ConfigText } from './configText.ts';
import { printed } from './layout.ts';

export type Change =
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'set'; readonly path: string; readonly value: unknown }
  /** Characters by their offsets. */
  | { readonly kind: 'text'; readonly start: number; readonly end: number; readonly newText: string };

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly newText: string;
}

/** The edits that make all changes, in order and without overlaps; undefined when the text cannot be changed so. */
export function editsFor(text: ConfigText, changes: readonly Change[]): Edit[] | undefined {
  const direct = changes.map((change) => directEdit(text, change));
  const found = direct.filter((edit) => edit !== undefined);
  if (found.length === direct.length && !overlaps(found)) return found.sort((a, b) => a.start - b.start);
  return rewritten(text, changes);
}

/** The text with edits made. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((a, b) => b.start - a.start)
    .reduce((now, { start, end, newText }) => now.slice(0, start) + newText + now.slice(end), text);
}

/** The smallest single edit between two texts; none when they are equal. */
export function differenceOf(before: string, after: string): Edit[] {
  if (before === after) return [];
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - start;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return [{ start, end: before.length - tail, newText: after.slice(start, after.length - tail) }];
}

function overlaps(edits: readonly Edit[]): boolean {
  const ordered = [...edits].sort((a, b) => a.start - b.start);
  return ordered.some((edit, index) => index > 0 && edit.start < (ordered[index - 1]?.end ?? 0));
}

function directEdit(text: ConfigText, change: Change): Edit | undefined {
  if (change.kind === 'text') return change;
  const pair = pairAt(text.root, parsePath(change.path) ?? []);
  if (change.kind === 'remove') return pair && removedLines(text, change.path, pair);
  const key = isScalar(pair?.key) ? pair.key.range : undefined;
  if (change.kind === 'rename') {
    const quote = key && text.text[key[0]] === '"' ? '"' : '';
    return key ? { start: key[0], end: key[1], newText: quote + change.to + quote } : undefined;
  }
  const item = pair ? pair.value : itemAt(text.root, parsePath(change.path) ?? []);
  if (isScalar(item) && item.range && item.source !== '' && typeof change.value !== 'object') {
    const isJson = text.text[item.range[0]] === '"';
    return { start: item.range[0], end: item.range[1], newText: scalarText(change.value, isJson) };
  }
  if (pair || typeof change.value === 'object') return undefined;
  return insertedLine(text, change.path, change.value);
}

/** A field in a block of lines goes with its lines; the last one takes its block along. */
function removedLines(text: ConfigText, path: string, pair: Pair): Edit | undefined {
  const parent = parentPath(path);
  const parts = parsePath(parent) ?? [];
  const around = parent === '' ? text.root?.contents : itemAt(text.root, parts);
  if (!isMap(around) || around.flow === true || typeof parts.at(-1) === 'number') return undefined;
  if (around.items.length === 1 && parent !== '') {
    const outer = pairAt(text.root, parts);
    return outer && removedLines(text, parent, outer);
  }
  const key = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
  if (key === undefined) return undefined;
  const start = text.text.lastIndexOf('\n', key - 1) + 1;
  if (text.text.slice(start, key).trim() !== '') return undefined;
  const value = isScalar(pair.value) || isMap(pair.value) || isSeq(pair.value) ? pair.value.range : undefined;
  const last = lastOffset(text.text, value?.[1] ?? key);
  const lineEnd = text.text.indexOf('\n', Math.max(key, last));
  return { start, end: lineEnd === -1 ? text.text.length : lineEnd + 1, newText: '' };
}

/** Ranges of blocks end behind their line: back to what was written. */
function lastOffset(text: string, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(text[at - 1] ?? '')) at -= 1;
  return at;
}

/** A new field goes to the end of its block, or a new block to the end of the file. */
function insertedLine(text: ConfigText, path: string, value: unknown): Edit | undefined {
  const parts = parsePath(path) ?? [];
  const name = parts.at(-1);
  const parent = parentPath(path);
  const block = parent === '' ? text.root?.contents : itemAt(text.root, parsePath(parent) ?? []);
  if (typeof name !== 'string' || parts.slice(0, -1).some((part) => typeof part === 'number')) return undefined;
  if (parent !== '' && block === undefined && isMap(text.root?.contents) && text.root.contents.flow !== true) {
    if (parts.length !== 2) return undefined;
    return appended(text.text, text.text.length, `${parent}:\n  ${name}: ${scalarText(value, false)}`);
  }
  if (!isMap(block) || block.flow === true) return undefined;
  if (name === 'version') return { start: 0, end: 0, newText: `version: ${scalarText(value, false)}\n` };
  const last = block.items.at(-1);
  const key = last && isScalar(last.key) ? last.key.range?.[0] : undefined;
  if (!last || key === undefined) return undefined;
  const indent = key - (text.text.lastIndexOf('\n', key - 1) + 1);
  const range = isScalar(last.value) || isMap(last.value) || isSeq(last.value) ? last.value.range : undefined;
  const end = text.text.indexOf('\n', lastOffset(text.text, Math.max(range?.[1] ?? key, key + 1)));
  return appended(
    text.text,
    end === -1 ? text.text.length : end + 1,
    `${' '.repeat(indent)}${name}: ${scalarText(value, false)}`,
  );
}

function appended(text: string, at: number, line: string): Edit {
  const before = at > 0 && text[at - 1] !== '\n' ? '\n' : '';
  return { start: at, end: at, newText: `${before}${line}\n` };
}

/** For brackets and moved blocks: through the parser's tree, which keeps comments but lays brackets out anew. */
function rewritten(text: ConfigText, changes: readonly Change[]): Edit[] | undefined {
  if (!text.root || text.root.errors.length > 0 || changes.some(({ kind }) => kind === 'text')) return undefined;
  const document: Document = parseDocument(text.text);
  for (const change of changes) {
    if (change.kind === 'text') continue;
    const parts = parsePath(change.path) ?? [];
    try {
      if (change.kind === 'remove') removeIn(document, parts);
      else if (change.kind === 'set') document.setIn(parts, document.createNode(change.value));
      else {
        const pair = pairAt(document, parts);
        if (isScalar(pair?.key)) pair.key.value = change.to;
      }
    } catch {
      return undefined;
    }
  }
  const isJson = text.text.trimStart().startsWith('{');
  const layout = { lineWidth: 0, flowCollectionPadding: /[{[] +\S/.test(text.text) };
  const after = isJson ? `${JSON.stringify(document.toJS(), null, 2)}\n` : printed(document, layout);
  return after === undefined ? undefined : differenceOf(text.text, after);
}

function removeIn(document: Document, parts: readonly PathPart[]): void {
  document.deleteIn(parts);
  const parent = parts.slice(0, -1);
  const around = parent.length === 0 ? undefined : document.getIn(parent);
  if (isMap(around) && around.items.length === 0) removeIn(document, parent);
}

function pairAt(root: Document | undefined, parts: readonly PathPart[]): Pair | undefined {
  const name = parts.at(-1);
  const around = parts.length === 1 ? root?.contents : itemAt(root, parts.slice(0, -1));
  if (!isMap(around)) return undefined;
  return around.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(name));
}

function itemAt(root: Document | undefined, parts: readonly PathPart[]): unknown {
  return root?.getIn(parts, true);
}

/** A value as text: plain where YAML reads it back as the same. */
export function scalarText(value: unknown, quoted: boolean): string {
  if (typeof value === 'number') return showNumber(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  const isPlain = !quoted && /^[A-Za-z_./~][\w./~@+-]*$/.test(value) && !/^(true|false|null|~)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}
