// What was found in data files as lines: a table of codes with their first places.
import type { Severity } from '../../protocol/problem.ts';
import type { CodeCount } from '../../lint/tally.ts';
import type { DataReport } from '../check/checkData.ts';
import { formatBytes, formatCount } from './numbers.ts';
import type { Style } from './style.ts';
import { tableLines } from './table.ts';
import { oneLine } from './text.ts';

/** `columns`: width of the terminal; no line is longer. */
export function dataLines(reports: readonly DataReport[], style: Style, columns: number): string[] {
  return reports.flatMap((report, i) => [...(i > 0 ? [''] : []), ...reportLines(report, style, columns)]);
}

function reportLines(
  { file, rows, bytes, format, config, findings }: DataReport,
  style: Style,
  columns: number,
): string[] {
  const head = oneLine(`${file}: ${formatCount(rows)} rows of format ${format}, ${formatBytes(bytes)}`, columns);
  const by = config === undefined ? [] : [style.dim(oneLine(`read as ${config} says`, columns))];
  if (findings.length === 0) return [style.bold(head), ...by, style.green('no findings')];
  const table = tableLines(
    [
      { title: 'severity' },
      { title: 'code' },
      { title: 'rows', align: 'right' },
      { title: 'first at', flexible: true },
    ],
    findings.map((found) => [severityName(found.severity), found.code, formatCount(found.count), places(found)]),
    columns,
  );
  const [title = '', ...lines] = table;
  const told = findings
    .filter(({ severity }) => severity === 'error' || severity === 'warning')
    .map(({ code, first }) => ({ code, first: first[0] }));
  return [
    style.bold(head),
    ...by,
    style.dim(title),
    ...lines.map((line, i) => paint(findings[i]?.severity, style, line)),
    ...told.flatMap(({ code, first }) =>
      first ? [oneLine(`${file}:${first.line}:${first.start + 1}: ${first.message} [${code}]`, 10_000)] : [],
    ),
  ];
}

const shownPlaces = 3;

/** `line:column` of the first findings. */
function places({ first, count }: CodeCount): string {
  const shown = first
    .slice(0, shownPlaces)
    .map(({ line, start }) => `${line}:${start + 1}`)
    .join(', ');
  return count > shownPlaces ? `${shown}, …` : shown;
}

function severityName(severity: Severity): string {
  return severity === 'information' ? 'note' : severity;
}

function paint(severity: Severity | undefined, style: Style, line: string): string {
  if (severity === 'error') return style.red(line);
  return severity === 'warning' ? style.yellow(line) : line;
}
