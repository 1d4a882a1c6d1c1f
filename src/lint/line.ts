// Looks at one row: what is wrong with it by itself, and what the file rules need to know of it.
import { convertValue } from '../data/formats/convert.ts';
import { isObject } from '../data/formats/fields.ts';
import { formats, type Format } from '../data/formats/format.ts';
import type { Looks } from '../data/formats/detect.ts';
import type { TextPosition } from '../data/json/locate.ts';
import { findJsonFault } from '../data/json/fault.ts';
import { typeName } from '../data/read/parseRow.ts';
import type { Severity } from '../protocol/problem.ts';
import type { Finding, Fix } from './finding.ts';
import { factsOf, type RowFacts } from './facts.ts';
import { lineRange, offsetsOf, type Part } from './range.ts';
import { lintRow, type LintRow } from './row.ts';
import { rowRules } from './rules/table.ts';
import type { Report } from './rules/rule.ts';
import { activeRules, rowId, severityOf, type LintSettings } from './settings.ts';

export interface LineResult {
  readonly findings: readonly Finding[];
  /** Undefined for a line without a readable row. */
  readonly facts: RowFacts | undefined;
}

export interface LineContext {
  readonly settings: LintSettings;
  /** What the rows of the file are; undefined when nothing is known, as in a file of broken rows. */
  readonly format: Looks | undefined;
  /** The rules that are on, so that they are chosen once a file. */
  readonly rules: typeof rowRules;
}

export function lineContext(settings: LintSettings, format: Looks | undefined): LineContext {
  return { settings, format, rules: activeRules(rowRules, settings) };
}

const byteOrderMark = '\ufeff';
const blank: LineResult = { findings: [], facts: undefined };

/**
 * Lints the text of one row, which starts at `origin` of its file and may span lines when the file is an array.
 * `isLast`: nothing follows it, so that an incomplete row is one that was cut off.
 */
export function lintLine(text: string, origin: TextPosition, context: LineContext, isLast = false): LineResult {
  if (text.startsWith(byteOrderMark)) return withoutMark(text, origin, context, isLast);
  if (text.trim() === '') return blank;
  const { settings } = context;
  const findings: Finding[] = [];
  const report = (code: string, message: string, part: Part, fix?: Fix, own?: Severity): void => {
    const severity = severityOf(code, settings, own);
    if (severity === 'off') return;
    findings.push({ code, severity, message, ...lineRange(text, part, origin), ...(fix ? { fix } : {}) });
  };
  const value = parse(text, isLast, report);
  if (value === undefined) return { findings, facts: undefined };
  const row = lintRow(text, value, settings.columns);
  for (const rule of context.rules)
    for (const said of rule.check(row)) {
      const part = offsetsOf(text, said.path, said.part);
      report(rule.code, said.message, part, fixOf(said, part, origin), rule.severity);
    }
  reportFields(row, context, report);
  const facts = factsOf(row, settings.nearDuplicates);
  const ignored = findings.length === 0 ? undefined : settings.rows[rowId(facts.hash)];
  return { findings: ignored ? findings.filter(({ code }) => !ignored.includes(code)) : findings, facts };
}

type ReportPart = (code: string, message: string, part: Part, fix?: Fix, own?: Severity) => void;

function withoutMark(text: string, origin: TextPosition, context: LineContext, isLast: boolean): LineResult {
  const rest = lintLine(text.slice(1), { line: origin.line, column: origin.column + 1 }, context, isLast);
  const code = 'form/byte-order-mark';
  const severity = severityOf(code, context.settings);
  if (severity === 'off') return rest;
  const [start, end] = [origin.column - 1, origin.column];
  const message =
    'A byte order mark stands before the row; many readers take it for a part of the data. Save the file as UTF-8 without it.';
  const fix = { title: 'Remove the byte order mark', start, end, newText: '' };
  return {
    facts: rest.facts,
    findings: [{ code, severity, message, line: origin.line, start, end, fix }, ...rest.findings],
  };
}

function parse(text: string, isLast: boolean, report: ReportPart): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { offset, message } = findJsonFault(text) ?? { offset: 0, message: 'this is not valid JSON' };
    const part = { start: Math.min(offset, text.length - 1), end: Math.min(offset + 1, text.length) };
    if (text.includes('\0'))
      report(
        'data/nul-byte',
        `Not valid JSON: ${message}. NUL bytes come from a damaged copy or another encoding.`,
        part,
      );
    else if (isLast && offset >= text.trimEnd().length)
      report('data/truncated-row', `The last row is not complete: ${message}.`, part);
    else report('data/invalid-json', `Not valid JSON: ${message}.`, part);
    return undefined;
  }
  if (isObject(value)) return value;
  report(
    'data/not-an-object',
    `A row is an object such as {"instruction": …, "output": …}, found ${typeName(value)}.`,
    offsetsOf(text, []),
  );
  return undefined;
}

/** What the trainer's own reader says of the row; a row of another format is told as such. */
function reportFields(row: LintRow, { format, settings }: LineContext, report: ReportPart): void {
  if (format === undefined || format === 'unknown') return;
  if (row.looks !== format && row.looks !== 'unknown') {
    report(
      'form/mixed-formats',
      `The row looks like ${row.looks}, most others like ${format}.`,
      offsetsOf(row.text, []),
    );
    return;
  }
  if (!isFormat(format)) return;
  for (const issue of convertValue(row.value, '', format, settings.columns).issues)
    report(issue.code, issue.message, offsetsOf(row.text, issue.path), undefined, issue.severity);
}

function isFormat(looks: Looks): looks is Format {
  return formats.some((format) => format === looks);
}

function fixOf(said: Report, part: Part, origin: TextPosition): Fix | undefined {
  if (said.replacement === undefined) return undefined;
  const { title, text } = said.replacement;
  const shift = origin.column - 1;
  return { title, start: part.start + shift, end: part.end + shift, newText: JSON.stringify(text).slice(1, -1) };
}

/** Readable rows at the beginning of a file that decide about its format. */
export const votingRows = 1000;

/** What most of the first rows look like; ties go to the look that came first. */
export function formatOfRows(looks: Iterable<Looks>): Looks | undefined {
  const counts = new Map<Looks, number>();
  let rows = 0;
  for (const look of looks) {
    counts.set(look, (counts.get(look) ?? 0) + 1);
    rows += 1;
    if (rows === votingRows) break;
  }
  return [...counts].reduce<[Looks, number] | undefined>(
    (best, entry) => (!best || entry[1] > best[1] ? entry : best),
    undefined,
  )?.[0];
}
