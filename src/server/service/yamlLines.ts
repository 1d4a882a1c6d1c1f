// The lines of a YAML config as one reads them: where names, dashes and bracketed values begin. Works on any text, however
// broken, since it looks at one line at a time.

export interface YamlLine {
  /** Offset of the line's first character in the text. */
  readonly start: number;
  /** The line without its end. */
  readonly text: string;
  /** Columns of the dashes of list items that begin here. */
  readonly dashes: readonly number[];
  /** Column where the content begins after spaces and dashes; the line's length when there is none. */
  readonly column: number;
  readonly key?: { readonly name: string; readonly end: number };
  /** Column where the value begins (after `: `, or after the dashes); absent without a value. */
  readonly value?: number;
  /** Column after the value, before a comment and the spaces around. */
  readonly end: number;
  /** Nothing here is structure: a comment, an empty line, or the inside of a text or of brackets. */
  readonly isInside: boolean;
  /** The inside of a text that goes over several lines. */
  readonly isText: boolean;
}

const keyPattern =
  /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s#'"[\]{},&*!|>%@`:](?:[^:#]|:(?=\S)|(?<=\S)#)*?))\s*:(?=\s|$)/;

/** Reads all lines of a text. */
export function yamlLines(text: string): YamlLine[] {
  const lines: YamlLine[] = [];
  /** Inside of a block text (`|`): lines indented deeper than this. */
  let textIndent: number | undefined;
  /** Inside of brackets: how many are open, and the column that ends them when it is never closed. */
  let open = 0;
  let openIndent = 0;
  let start = 0;
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const indent = line.length - line.trimStart().length;
    const isBlank = indent === line.length;
    if (textIndent !== undefined && !isBlank && indent <= textIndent) textIndent = undefined;
    // A bracket that is never closed ends before the next field.
    if (open > 0 && !isBlank && indent <= openIndent && keyPattern.test(line.slice(indent))) open = 0;
    const isText = textIndent !== undefined;
    if (isText || open > 0 || isBlank || line.charCodeAt(indent) === 35) {
      if (open > 0 && !isText) open = bracketsAfter(line, 0, open);
      lines.push({ ...{ start, text: line, dashes: [], column: indent, end: line.length, isText }, isInside: true });
    } else {
      const read = readLine(line, start, indent);
      lines.push(read);
      const value = read.value === undefined ? '' : line.slice(read.value, read.end);
      if (/^[|>][-+0-9]*$/.test(value)) textIndent = read.dashes.at(-1) ?? indent;
      if (/^[[{]/.test(value)) {
        open = bracketsAfter(line, read.value ?? 0, 0);
        openIndent = indent;
      }
    }
    start += raw.length + 1;
  }
  return lines;
}

function readLine(line: string, start: number, indent: number): YamlLine {
  const dashes: number[] = [];
  let column = indent;
  while (line[column] === '-' && (column + 1 >= line.length || /\s/.test(line[column + 1] ?? ''))) {
    dashes.push(column);
    column += 1;
    while (column < line.length && line[column] === ' ') column += 1;
  }
  const found = keyPattern.exec(line.slice(column));
  const name = found?.[1] ?? found?.[2] ?? found?.[3];
  const end = contentEnd(line, column);
  const base = { start, text: line, dashes, column, end, isInside: false, isText: false };
  if (!found || name === undefined) return column < end ? { ...base, value: column } : base;
  const keyEnd = column + found[0].lastIndexOf(':');
  let value = column + found[0].length;
  while (value < end && /\s/.test(line[value] ?? '')) value += 1;
  const key = { name: name.trimEnd(), end: line.slice(0, keyEnd).trimEnd().length };
  return value < end ? { ...base, key, value } : { ...base, key };
}

/** Column after the content: a comment begins with ` #` outside quotes. */
function contentEnd(line: string, from: number): number {
  let quote = '';
  for (let i = from; i < line.length; i += 1) {
    const character = line[i];
    if (quote !== '') {
      if (character === '\\' && quote === '"') i += 1;
      else if (character === quote) quote = '';
    } else if ((character === '"' || character === "'") && /[\s[{,:]|^$/.test(line[i - 1] ?? '')) quote = character;
    else if (character === '#' && /\s/.test(line[i - 1] ?? ' ')) return line.slice(0, i).trimEnd().length;
  }
  return Math.max(from, line.trimEnd().length);
}

/** Brackets that are open after a line, when `open` were before it. */
function bracketsAfter(line: string, from: number, open: number): number {
  const end = contentEnd(line, from);
  let quote = '';
  for (let i = from; i < end; i += 1) {
    const character = line[i] ?? '';
    if (quote !== '') {
      if (character === '\\' && quote === '"') i += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[' || character === '{') open += 1;
    else if ((character === ']' || character === '}') && (open -= 1) === 0) return 0;
  }
  return open;
}
