// Line ends of two kinds in one file.
import type { Finding } from './finding.ts';

/** The finding on the first line whose end differs from the first one's. */
export function mixedLineEnd(line: number, width: number, end: string, severity: Finding['severity']): Finding {
  const [here, before] = end === '\r\n' ? ['CRLF', 'LF'] : ['LF', 'CRLF'];
  const message = `The line ends with ${here}, those before it with ${before}. Save the file with one kind of line end.`;
  return { code: 'form/mixed-line-ends', severity, message, line, start: width, end: width };
}
