// A terminal that keeps what is written to it.
import { createStyle } from '../../src/cli/render/style.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

export interface CapturedTerminal extends Terminal {
  /** Everything written to stdout so far. */
  readonly output: () => string;
  readonly errors: () => string;
}

export function capturedTerminal(
  settings: { columns?: number; interactive?: boolean; colour?: boolean } = {},
): CapturedTerminal {
  let output = '';
  let errors = '';
  return {
    columns: settings.columns ?? 80,
    interactive: settings.interactive ?? false,
    style: createStyle(settings.colour ?? false),
    write: (text) => void (output += text),
    writeError: (text) => void (errors += text),
    output: () => output,
    errors: () => errors,
  };
}
