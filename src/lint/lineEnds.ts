// Line ends of two kinds in one file.
import type { Finding } from './finding.ts';

const names = { '\n': 'LF', '\r\n': 'CRLF', '\r': 'CR' } as const;
export type LineEnd = keyof typeof names;

/** The finding on the first line whose end differs from the first one's. */
export function mixedLineEnd(
  line: number,
  width: number,
  { here, before }: { readonly here: LineEnd; readonly before: LineEnd },
  severity: Finding['severity'],
): Finding {
  const message = `The line ends with ${names[here]}, those before it with ${names[before]}. Save the file with one kind of line end.`;
  return { code: 'form/mixed-line-ends', severity, message, line, start: width, end: width };
}
