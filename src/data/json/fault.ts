// Finds the exact character at which a text stops being JSON, and says what is wrong there in a person's words.
// JSON.parse says whether; its messages differ between Node versions and often carry no position.

export interface JsonFault {
  /** UTF-16 offset into the text; `text.length` when the text ends too early. */
  readonly offset: number;
  readonly message: string;
  /** Characters that would mend this fault, where one change certainly does. */
  readonly repair?: { readonly start: number; readonly end: number; readonly newText: string };
}

type Expect = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end' | 'nothing';

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordPattern = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const literals = new Set(['true', 'false', 'null']);

/** The first fault of a text that is meant to be one JSON value; undefined when it is valid. Never recurses. */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: ('{' | '[')[] = [];
  let expect: Expect = 'value';
  let lastComma = -1;
  let at = skipSpace(text, 0);

  const closed = (): Expect => (open.length === 0 ? 'nothing' : 'comma or end');

  while (at < text.length) {
    const c = text[at]!;
    switch (expect) {
      case 'nothing':
        return fault(
          at,
          `expected the end of the row after the value, found ${shown(text, at)}; a row holds one value`,
        );
      case 'colon':
        if (c !== ':') return fault(at, `expected ":" after the name, found ${shown(text, at)}`);
        expect = 'value';
        at += 1;
        break;
      case 'comma or end': {
        const end = open.at(-1) === '{' ? '}' : ']';
        if (c === ',') {
          lastComma = at;
          expect = end === '}' ? 'key' : 'value';
        } else if (c === end) {
          open.pop();
          expect = closed();
        } else {
          return fault(at, `expected "," or "${end}", found ${shown(text, at)}`);
        }
        at += 1;
        break;
      }
      case 'key':
      case 'key or }': {
        if (c === '}') {
          if (expect === 'key') return idleComma(lastComma, '}');
          open.pop();
          expect = closed();
          at += 1;
          break;
        }
        if (c !== '"') return fault(at, `expected a name in double quotes, found ${shown(text, at)}`);
        const end = scanString(text, at);
        if (typeof end !== 'number') return end;
        at = end;
        expect = 'colon';
        break;
      }
      case 'value':
      case 'value or ]': {
        if (c === ']' && open.at(-1) === '[') {
          if (expect === 'value') return idleComma(lastComma, ']');
          open.pop();
          expect = closed();
          at += 1;
        } else if (c === '{' || c === '[') {
          open.push(c);
          expect = c === '{' ? 'key or }' : 'value or ]';
          at += 1;
        } else {
          const end = scanScalar(text, at);
          if (typeof end !== 'number') return end;
          at = end;
          expect = closed();
        }
        break;
      }
    }
    at = skipSpace(text, at);
  }
  if (expect === 'nothing') return undefined;
  const inside = open.length === 0 ? 'before a value' : `inside ${open.at(-1) === '{' ? 'an object' : 'an array'}`;
  return fault(text.length, `the text ends ${inside}; it may have been cut off`);
}

/** End of the string, number or literal at `at`, or what is wrong with it. */
function scanScalar(text: string, at: number): number | JsonFault {
  const c = text[at]!;
  if (c === '"') return scanString(text, at);
  numberPattern.lastIndex = at;
  const number = numberPattern.exec(text)?.[0];
  if (number !== undefined) {
    const end = at + number.length;
    if (/[\d.eE+\w-]/.test(text[end] ?? '')) return fault(end, `a number may not go on with ${shown(text, end)}`);
    return end;
  }
  wordPattern.lastIndex = at;
  const word = wordPattern.exec(text)?.[0];
  if (word !== undefined && literals.has(word)) return at + word.length;
  if (word !== undefined) {
    if (at + word.length === text.length && [...literals].some((literal) => literal.startsWith(word)))
      return fault(text.length, `the text ends inside ${shown(text, at)}; it may have been cut off`);
    return fault(at, `${shown(text, at)} is not JSON; ${wordHint(word)}`, repaired(at, word, words[word]));
  }
  if (c === "'") return fault(at, 'strings take double quotes in JSON, not single ones');
  return fault(at, `expected a value, found ${shown(text, at)}`);
}

/** Words of Python and JavaScript → what JSON writes. */
const words: Readonly<Partial<Record<string, string>>> = {
  True: 'true',
  False: 'false',
  None: 'null',
  undefined: 'null',
  NaN: 'null',
  Infinity: 'null',
};

function idleComma(at: number, bracket: string): JsonFault {
  return fault(at, `there is a comma before "${bracket}" with nothing after it; remove it`, repaired(at, ',', ''));
}

function repaired(start: number, wrong: string, newText: string | undefined): JsonFault['repair'] {
  return newText === undefined ? undefined : { start, end: start + wrong.length, newText };
}

function wordHint(word: string): string {
  if (word === 'True' || word === 'False') return `write ${word.toLowerCase()}`;
  if (word === 'None' || word === 'undefined') return 'write null';
  if (word === 'NaN' || word === 'Infinity') return 'JSON has no such number; write null or a string';
  return 'strings take double quotes';
}

/** End of the string that starts with the quote at `at`, or what is wrong inside it. */
function scanString(text: string, at: number): number | JsonFault {
  for (let i = at + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return i + 1;
    if (code === 0)
      return fault(i, 'there is a NUL byte (0x00) inside a string; the file is damaged or not plain UTF-8');
    if (code < 0x20) {
      const hex = code.toString(16).padStart(4, '0');
      const name = { 9: 'a tab; write \\t', 10: 'a line break; write \\n', 13: 'a carriage return; write \\r' }[code];
      const escape = { 9: '\\t', 10: '\\n', 13: '\\r' }[code] ?? `\\u${hex}`;
      const message = `a string holds ${name ?? `the control character U+${hex}; write \\u${hex}`} instead`;
      return fault(i, message, repaired(i, ' ', escape));
    }
    if (code !== 0x5c) continue;
    const escape = text[i + 1];
    if (escape === undefined) break;
    if (escape === 'u') {
      const digits = text.slice(i + 2, i + 6);
      if (!/^[\da-fA-F]{4}$/.test(digits)) {
        if (i + 2 + digits.length === text.length && /^[\da-fA-F]*$/.test(digits)) break;
        return fault(i, `"\\u" takes four hexadecimal digits, found ${JSON.stringify(digits)}`);
      }
      i += 5;
    } else if ('"\\/bfnrt'.includes(escape)) {
      i += 1;
    } else {
      const message = `"\\${escape}" is no escape of JSON; write "\\\\${escape}" for a backslash`;
      return fault(i, message, repaired(i, '\\', '\\\\'));
    }
  }
  return fault(text.length, 'the text ends inside a string; it may have been cut off');
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
  return at;
}

/** What stands at an offset, fit to be shown. */
function shown(text: string, at: number): string {
  wordPattern.lastIndex = at;
  const found = wordPattern.exec(text)?.[0].slice(0, 24) ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (found === '\0') return 'a NUL byte (0x00)';
  return found === '"' ? "'\"'" : JSON.stringify(found);
}

function fault(offset: number, message: string, repair?: JsonFault['repair']): JsonFault {
  return { offset, message, ...(repair ? { repair } : {}) };
}
