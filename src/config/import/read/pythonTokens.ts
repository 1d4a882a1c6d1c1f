// Python text to tokens, as far as reading the arguments of calls needs it: names, numbers, strings, signs, line ends.

export interface PythonToken {
  readonly kind: 'name' | 'number' | 'string' | 'sign' | 'newline';
  /** As written; of a string its content, escapes resolved. */
  readonly text: string;
  /** `f` for f-strings and `b` for bytes, whose content is no plain text. */
  readonly prefix?: string;
  /** Offsets into the text. */
  readonly start: number;
  readonly end: number;
}

const pattern =
  /(?<space>[ \t\r\f]+|\\\r?\n|#[^\n]*)|(?<newline>\n)|(?<string>(?<prefix>[rRbBuUfF]{0,2})(?:'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"))|(?<number>(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?))|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<sign>\*\*|==|!=|<=|>=|:=|->|[\s\S])/uy;

/** The tokens of a script. Anything is accepted: what is not Python becomes signs. */
export function pythonTokens(text: string): PythonToken[] {
  const tokens: PythonToken[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const { groups = {} } = match;
    const start = match.index;
    const end = pattern.lastIndex;
    const [written] = match;
    if (groups['newline'] !== undefined) tokens.push({ kind: 'newline', text: '\n', start, end });
    else if (groups['string'] !== undefined) tokens.push(stringToken(written, groups['prefix'] ?? '', start, end));
    else if (groups['number'] !== undefined) tokens.push({ kind: 'number', text: written, start, end });
    else if (groups['name'] !== undefined) tokens.push({ kind: 'name', text: written, start, end });
    else if (groups['sign'] !== undefined) tokens.push({ kind: 'sign', text: written, start, end });
  }
  return tokens;
}

function stringToken(written: string, prefix: string, start: number, end: number): PythonToken {
  const quoted = written.slice(prefix.length);
  const width = /^(?:'''|""")/.test(quoted) && quoted.length >= 6 ? 3 : 1;
  const content = quoted.slice(width, -width);
  const kind = prefix.toLowerCase();
  const text = kind.includes('r') ? content : unescaped(content);
  const special = kind.replaceAll(/[ru]/g, '');
  return { kind: 'string', text, ...(special === '' ? {} : { prefix: special }), start, end };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' };

function unescaped(content: string): string {
  return content.replaceAll(/\\([\s\S])/g, (whole, character: string) => {
    if (character in escapes) return escapes[character] ?? '';
    return /["'\\]/.test(character) ? character : whole;
  });
}
