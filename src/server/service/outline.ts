// What a config's text is made of, for editors: its fields as a tree, what can be folded, and what to select around a place.
import { parentPath, valueAt } from '../../config/path.ts';
import { showValue } from '../../config/words.ts';
import type { Place } from '../../protocol/problem.ts';
import type { ConfigText } from './configText.ts';

export interface OutlineField {
  /** `training.epochs`. */
  readonly path: string;
  readonly name: string;
  /** Its value on one line; empty for a block. */
  readonly detail: string;
  /** From the name to the end of the last thing inside. */
  readonly whole: Span;
  /** The name; of a list's item the item. */
  readonly label: Span;
  readonly isBlock: boolean;
  readonly children: readonly OutlineField[];
}

/** A place with both ends; lines and columns count from 1. */
export type Span = Required<Place>;

/** The fields of a text as they are nested, in its order. */
export function outline(text: ConfigText): OutlineField[] {
  const inside = new Map<string, string[]>();
  for (const path of text.positions.entries.keys()) {
    const block = parentPath(path);
    const known = inside.get(block);
    if (known) known.push(path);
    else inside.set(block, [path]);
  }
  const lines = text.text.split('\n');
  const fieldsIn = (block: string): OutlineField[] =>
    (inside.get(block) ?? []).flatMap((path) => {
      const entry = text.positions.entries.get(path);
      if (!entry || path === block) return [];
      const value = spanOf(entry.value);
      const start = spanOf(entry.key ?? entry.value);
      // What an alias (`*name`) repeats was written elsewhere.
      const children = fieldsIn(path).filter(({ whole }) => contains(value, whole.line, whole.column));
      const content = valueAt(text.document.value, path);
      const isBlock = typeof content === 'object' && content !== null;
      const field: OutlineField = {
        path,
        name: path.slice(block.length).replace(/^\./, ''),
        detail: isBlock ? '' : short(showValue(content)),
        whole: { ...start, ...endBefore(value, start, lines) },
        label: entry.key ? start : { ...start, ...endBefore(start, start, lines) },
        isBlock,
        children,
      };
      return [field];
    });
  return fieldsIn('');
}

function spanOf(place: Place): Span {
  const { file, line = 1, column = 1 } = place;
  return { file, line, column, endLine: place.endLine ?? line, endColumn: place.endColumn ?? column };
}

/** The end of a span without the empty lines and spaces behind it; never before its beginning. */
function endBefore(
  { endLine, endColumn }: Span,
  { line, column }: Span,
  lines: readonly string[],
): Pick<Span, 'endLine' | 'endColumn'> {
  let at = endLine;
  let written = (lines[at - 1] ?? '').slice(0, endColumn - 1).trimEnd();
  while (written === '' && at > line) {
    at -= 1;
    written = (lines[at - 1] ?? '').trimEnd();
  }
  return { endLine: at, endColumn: at === line ? Math.max(column, written.length + 1) : written.length + 1 };
}

export interface Fold {
  /** Lines from 1, both inclusive. */
  readonly start: number;
  readonly end: number;
  readonly isComment: boolean;
}

/** Blocks and comments of more than one line. */
export function folds(text: ConfigText): Fold[] {
  const found: Fold[] = [];
  const visit = (fields: readonly OutlineField[]): void => {
    for (const { whole, children } of fields) {
      if (whole.endLine > whole.line) found.push({ start: whole.line, end: whole.endLine, isComment: false });
      visit(children);
    }
  };
  visit(outline(text));
  const lines = text.text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const start = at;
    while (/^\s*#/.test(lines[at] ?? '')) at += 1;
    if (at - start > 1) found.push({ start: start + 1, end: at, isComment: true });
  }
  return found;
}

/** Places around a line and column (from 1), the narrowest first: value, field, block, and so on. */
export function placesAround(text: ConfigText, line: number, column: number): Span[] {
  const found: Span[] = [];
  const add = (place: Span): void => {
    const last = found.at(-1);
    // Each must hold the one before: editors refuse any other chain.
    const isWider = !last || (holds(place, last) && !holds(last, place));
    if (contains(place, line, column) && isWider) found.push(place);
  };
  const visit = (fields: readonly OutlineField[]): void => {
    const field = fields.find(({ whole }) => contains(whole, line, column));
    if (!field) return;
    visit(field.children);
    const { label, whole } = field;
    const value = text.positions.entries.get(field.path)?.value;
    const trimmed = value && { ...spanOf(value), endLine: whole.endLine, endColumn: whole.endColumn };
    for (const place of [label, ...(trimmed ? [trimmed] : []), whole]) add(place);
  };
  visit(outline(text));
  return found;
}

/** The path of the innermost field at a line and column (from 1). */
export function fieldAt(text: ConfigText, line: number, column: number): string | undefined {
  let fields: readonly OutlineField[] = outline(text);
  let path: string | undefined;
  for (;;) {
    const inner = fields.find(({ whole }) => contains(whole, line, column));
    if (!inner) return path;
    path = inner.path;
    fields = inner.children;
  }
}

function contains({ line: first, column: from, endLine, endColumn }: Span, line: number, column: number): boolean {
  if (line < first || line > endLine) return false;
  return !(line === first && column < from) && !(line === endLine && column > endColumn);
}

function holds(outer: Span, inner: Span): boolean {
  return contains(outer, inner.line, inner.column) && contains(outer, inner.endLine, inner.endColumn);
}

function short(value: string): string {
  const line = value.trim().replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
