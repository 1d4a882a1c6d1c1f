// JSON Lines codec: bytes in chunks to values, values to lines. Never throws on input and never swallows any of it.

export type JsonLine =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string; readonly text: string };

export interface JsonLineDecoder {
  /** Takes the next bytes; returns the lines that they complete. Blank lines are skipped. */
  push(bytes: Uint8Array): JsonLine[];
  /** The end of the stream: an incomplete last line comes out as a problem. */
  finish(): JsonLine[];
}

/** Longest line by default, in bytes. */
export const defaultLineCap = 16 * 1024 * 1024;

/** How much of a bad line is kept for the message, in characters. */
const quotedLength = 200;

const newline = 0x0a;

/**
 * A decoder with its own memory of the unfinished line. Lines are cut at the byte `\n` before UTF-8 is decoded, so a
 * character split between chunks is whole again; `\r\n` is accepted. A line over `maxLineBytes` is reported once and
 * skipped up to its end.
 */
export function createJsonLineDecoder(options: { maxLineBytes?: number } = {}): JsonLineDecoder {
  const cap = options.maxLineBytes ?? defaultLineCap;
  let parts: Uint8Array[] = [];
  let length = 0;
  let overlong = false;

  const keep = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    length += bytes.length;
    if (length > cap) {
      overlong = true;
      // The head is enough for the message.
      parts = [joinBytes(parts).slice(0, quotedLength)];
      if (parts[0]!.length === 0) parts = [bytes.slice(0, quotedLength)];
    } else parts.push(bytes.slice());
  };

  const take = (): { bytes: Uint8Array; overlong: boolean; length: number } => {
    const line = { bytes: joinBytes(parts), overlong, length };
    parts = [];
    length = 0;
    overlong = false;
    return line;
  };

  return {
    push(bytes) {
      const lines: JsonLine[] = [];
      let start = 0;
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
        keep(bytes.subarray(start, end));
        const line = take();
        const decoded = line.overlong ? tooLong(line.bytes, line.length, cap) : decodeLine(line.bytes);
        if (decoded) lines.push(decoded);
        start = end + 1;
      }
      keep(bytes.subarray(start));
      return lines;
    },
    finish() {
      if (length === 0) return [];
      const line = take();
      if (line.overlong) return [tooLong(line.bytes, line.length, cap)];
      return [{ ok: false, problem: 'The last line is incomplete (no line end).', text: quote(line.bytes) }];
    },
  };
}

/** One line with its line end; non-finite numbers are spelled out, since JSON has none. */
export function encodeJsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'number' && !Number.isFinite(field) ? String(field) : field,
  )}\n`;
}

const spelledNumbers = new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** Turns spelled-out numbers back, in the named fields only, at any depth. The value is changed in place. */
export function reviveNumbers(value: unknown, fields: ReadonlySet<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const [key, field] of Object.entries(value)) {
    const number = fields.has(key) ? spelledNumbers.get(field) : undefined;
    if (number !== undefined) Object.assign(value, { [key]: number });
    else reviveNumbers(field, fields);
  }
  return value;
}

function decodeLine(bytes: Uint8Array): JsonLine | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    return { ok: false, problem: 'The line is not valid UTF-8.', text: quote(bytes) };
  }
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: `The line is not valid JSON: ${reason}`, text: text.slice(0, quotedLength) };
  }
}

function tooLong(bytes: Uint8Array, length: number, cap: number): JsonLine {
  return { ok: false, problem: `The line has ${length} bytes; at most ${cap} are accepted.`, text: quote(bytes) };
}

function quote(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, quotedLength));
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
