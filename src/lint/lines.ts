// A text as lines with their ends, and what an edit makes of them.

export interface DocumentLine {
  /** Without its line end. */
  readonly text: string;
  readonly end: '' | '\n' | '\r\n' | '\r';
}

/** An edit in whole lines: those from `from` until `until` (from 0, exclusive) become `lines`. */
export interface LineEdit {
  readonly from: number;
  readonly until: number;
  readonly lines: readonly DocumentLine[];
}

const newline = '\n';

/**
 * The text after the last line end is a line too, unless more lines follow it elsewhere (`isInside`). Lines end as they
 * do in editors, so at a lone `\r` too.
 */
export function splitLines(text: string, isInside = false): DocumentLine[] {
  const lines: DocumentLine[] = [];
  let from = 0;
  let nextReturn = text.indexOf('\r');
  let nextNewline = text.indexOf(newline);
  while (nextReturn !== -1 || nextNewline !== -1) {
    const at = nextReturn === -1 || (nextNewline !== -1 && nextNewline < nextReturn) ? nextNewline : nextReturn;
    const end = at === nextNewline ? newline : nextNewline === at + 1 ? '\r\n' : '\r';
    lines.push({ text: text.slice(from, at), end });
    from = at + end.length;
    if (nextReturn !== -1 && nextReturn < from) nextReturn = text.indexOf('\r', from);
    if (nextNewline !== -1 && nextNewline < from) nextNewline = text.indexOf(newline, from);
  }
  if (!isInside || from < text.length) lines.push({ text: text.slice(from), end: isInside ? newline : '' });
  return lines;
}

/** A place in a text as LSP says it: both from 0, characters in UTF-16 units. */
export interface LinePlace {
  readonly line: number;
  readonly character: number;
}

/** What the replacement of a range by a text does to lines; places beyond a line or the text mean their ends. */
export function lineEdit(lines: readonly DocumentLine[], start: LinePlace, end: LinePlace, text: string): LineEdit {
  const first = placed(lines, start);
  const last = placed(lines, end);
  const [head, tail] = [lines[first.line]!, lines[last.line]!];
  let from = first.line;
  let whole = head.text.slice(0, first.character) + text + tail.text.slice(last.character) + tail.end;
  // A `\n` that comes to stand behind a lone `\r` makes one line end with it.
  const before = lines[from - 1];
  if (whole.startsWith(newline) && before?.end === '\r') {
    whole = `${before.text}\r${whole}`;
    from -= 1;
  }
  const until = last.line + 1;
  return { from, until, lines: splitLines(whole, until < lines.length) };
}

function placed(lines: readonly DocumentLine[], { line, character }: LinePlace): LinePlace {
  if (line >= lines.length) return { line: lines.length - 1, character: lines.at(-1)?.text.length ?? 0 };
  if (line < 0) return { line: 0, character: 0 };
  return { line, character: Math.max(0, Math.min(character, lines[line]!.text.length)) };
}

/** Makes the edit in a list of lines. */
export function applyLineEdit<Line extends DocumentLine>(
  lines: Line[],
  { from, until }: LineEdit,
  inserted: readonly Line[],
): void {
  if (inserted.length === until - from) inserted.forEach((line, i) => (lines[from + i] = line));
  // As arguments of one call only as many as every engine takes.
  else if (inserted.length <= 10_000) lines.splice(from, until - from, ...inserted);
  else {
    const rest = lines.splice(from);
    for (const line of inserted) lines.push(line);
    for (const line of rest.slice(until - from)) lines.push(line);
  }
}
