// A text as lines with their ends.

export interface DocumentLine {
  /** Without its line end. */
  readonly text: string;
  readonly end: '' | '\n' | '\r\n';
}

/** The text after the last line end is a line too, unless more lines follow it elsewhere (`isInside`). */
export function splitLines(text: string, isInside = false): DocumentLine[] {
  const lines: DocumentLine[] = [];
  let from = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
    const isCrlf = at > from && text[at - 1] === '\r';
    lines.push({ text: text.slice(from, isCrlf ? at - 1 : at), end: isCrlf ? '\r\n' : '\n' });
    from = at + 1;
  }
  if (!isInside || from < text.length) lines.push({ text: text.slice(from), end: isInside ? '\n' : '' });
  return lines;
}
