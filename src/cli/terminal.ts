// The terminal as the commands see it: how wide, whether a person sits there, whether colours are wanted.
import { createStyle, type Style } from './render/style.ts';

export interface Terminal {
  /** Width in characters; 80 where there is no terminal. */
  readonly columns: number;
  /** True when stdout is a terminal, so that a line may be drawn over. */
  readonly interactive: boolean;
  readonly style: Style;
  write(text: string): void;
  writeError(text: string): void;
}

/** Writes lines to stdout. */
export function printLines(terminal: Terminal, lines: readonly string[]): void {
  if (lines.length > 0) terminal.write(`${lines.join('\n')}\n`);
}

/** Writes one JSON document to stdout, its keys in snake_case as in events and configs. */
export function printJson(terminal: Terminal, document: unknown): void {
  terminal.write(`${JSON.stringify(withSnakeCaseKeys(document), null, 2)}\n`);
}

/** NaN and infinite numbers are spelled out, as on the wire: JSON has none. */
function withSnakeCaseKeys(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(withSnakeCaseKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    const name = key.replace(
      /([a-z0-9])([A-Z])/g,
      (_, before: string, after: string) => `${before}_${after.toLowerCase()}`,
    );
    return [name, withSnakeCaseKeys(inner)] as const;
  });
  return Object.fromEntries(entries);
}

export interface StatusLine {
  show(line: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** Time between two drawings, milliseconds. */
const drawInterval = 100;

/** A line on stderr that is drawn over, so that stdout stays clean; silent where nobody watches. */
export function statusLine(terminal: Terminal): StatusLine {
  const erase = '\r\u001b[2K';
  let drawn = 0;
  return {
    show(line) {
      if (!terminal.interactive || Date.now() - drawn < drawInterval) return;
      drawn = Date.now();
      terminal.writeError(`${erase}${line}`);
    },
    clear() {
      if (drawn > 0) terminal.writeError(erase);
    },
  };
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // A reader that has seen enough (`finetune runs | head -1`) is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const interactive = process.stdout.isTTY && process.env['TERM'] !== 'dumb';
  return {
    get columns() {
      return Math.max(40, process.stdout.columns || 80); // a person may make the window wider or narrower
    },
    interactive,
    style: createStyle(wantsColour(process.env, interactive)),
    write: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
  };
}

/** https://no-color.org, and FORCE_COLOR for logs that show colours. */
export function wantsColour(environment: Readonly<Record<string, string | undefined>>, interactive: boolean): boolean {
  if (environment['NO_COLOR']) return false;
  const forced = environment['FORCE_COLOR'];
  return forced === undefined ? interactive : forced !== '0' && forced !== 'false';
}
