// Looks at one row: what is wrong with it by itself, and what the file rules need to know of it.
import { arePlainMessages } from '../data/formats/chatMessages.ts';
import { convertValue } from '../data/formats/convert.ts';
import { formats, type Format } from '../data/formats/format.ts';
import type { Looks } from '../data/formats/detect.ts';
import { positionAt, type JsonPath, type TextPosition } from '../data/json/locate.ts';
import { parseRowText } from '../data/read/parseRow.ts';
import type { Severity } from '../protocol/problem.ts';
import { textEdits, type Change, type TextEdit } from './edits.ts';
import type { Finding, Fix, RuleInfo } from './finding.ts';
import { factChoice, factsOf, type FactChoice, type RowFacts } from './facts.ts';
import { lineRange, offsetsOf, type LineRange, type Part } from './range.ts';
import { lintRow, nameOf, type LintRow } from './row.ts';
import { fixOfFault, fixOfIssue } from './rules/dataFixes.ts';
import { rowRules } from './rules/table.ts';
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
  /** The rules that are on and the facts that are kept, so that they are chosen once a file. */
  readonly rules: typeof rowRules;
  readonly facts: FactChoice;
  /** Whether the rules are such that chats may be plain (plainChat.ts). */
  readonly hasPlainChats: boolean;
  /** True for codes whose places nobody needs any more, since enough are known. */
  readonly isCounted?: ((code: string) => boolean) | undefined;
}

export function lineContext(settings: LintSettings, format: Looks | undefined): LineContext {
  const rules = activeRules(rowRules, settings);
  const facts = factChoice(settings);
  const isSimple = format === 'messages' && settings.columns['messages'] === undefined;
  const hasPlainChats = isSimple && !facts.signatures && !facts.languages && rules.every(isSilentOnPlainChats);
  return { settings, format, rules, facts, hasPlainChats };
}

function isSilentOnPlainChats({ group }: RuleInfo): boolean {
  return group === 'form' || group === 'chat' || group === 'safety' || group === 'preference';
}

const byteOrderMark = '\ufeff';
const brace = 0x7b;
const blank: LineResult = { findings: [], facts: undefined };

/** Where a row stands in its file. */
export interface RowPlace {
  /** The file begins with it: a byte order mark is passed over by readers only here. */
  readonly isFirst: boolean;
  /** The file ends with it, without a line end: when it is incomplete, it was cut off. */
  readonly isLast: boolean;
}

export const amidst: RowPlace = { isFirst: false, isLast: false };

/**
 * Lints the text of one row, which starts at `origin` of its file and may span lines when the file is an array. `signs` of
 * the text, where they are known.
 */
export function lintLine(
  text: string,
  origin: TextPosition,
  context: LineContext,
  place = amidst,
  signs?: number,
): LineResult {
  if (text.charCodeAt(0) !== brace) {
    if (text.startsWith(byteOrderMark)) return withoutMark(text, origin, context, place);
    if (text.trim() === '') return blank;
  }
  const { settings } = context;
  const reporter = new Reporter(text, origin, context);
  const parsed = parseRowText(text, place.isLast);
  if (!parsed.ok) {
    const { code, message, offset } = parsed.fault;
    const whole = code === 'data/not-an-object' ? offsetsOf(text, []) : undefined;
    const start = Math.min(offset, text.length - 1);
    reporter.at(code, message, whole ?? { start, end: start + 1 }, () => {
      const fix = fixOfFault(parsed.fault, text);
      return fix && ('edits' in fix ? fix : { title: fix.title, edits: undefined });
    });
    return { findings: reporter.findings, facts: undefined };
  }
  const row = lintRow(text, parsed.value, settings.columns, signs);
  for (const rule of context.rules)
    for (const { message, path, part, change } of rule.check(row))
      reporter.add(rule.code, message, path, { part, change, own: rule.severity });
  reportFields(row, context, reporter);
  const facts = factsOf(row, context.facts);
  const ignored = reporter.findings.length === 0 ? undefined : settings.rows[rowId(facts.hash)];
  const findings = ignored ? reporter.findings.filter(({ code }) => !ignored.includes(code)) : reporter.findings;
  return { findings, facts };
}

interface Details {
  readonly part?: Part | undefined;
  readonly change?: (() => Change | undefined) | undefined;
  readonly own?: Severity | undefined;
}

/** Edits of the row's text, or (undefined) its removal. */
type TextFix = { readonly title: string; readonly edits: readonly TextEdit[] | undefined };

/** Collects the findings of one row. */
class Reporter {
  readonly findings: Finding[] = [];
  private readonly text: string;
  private readonly origin: TextPosition;
  private readonly context: LineContext;

  constructor(text: string, origin: TextPosition, context: LineContext) {
    this.text = text;
    this.origin = origin;
    this.context = context;
  }

  /** By the path of a value. Where nobody asks for places, a finding only counts. */
  add(code: string, message: string, path: JsonPath, { part, change, own }: Details = {}): void {
    const { text } = this;
    if (this.context.isCounted?.(code)) {
      this.push(code, message, { line: this.origin.line, start: 0, end: 0 }, undefined, own);
      return;
    }
    const fix = (): TextFix | undefined => {
      const made = change?.();
      if (made === undefined) return undefined;
      if ('removeRow' in made) return { title: made.title, edits: undefined };
      const edits = textEdits(text, made.edits);
      return edits && { title: made.title, edits };
    };
    this.at(code, message, offsetsOf(text, path, part), fix, own);
  }

  /** By offsets in the row's text. */
  at(code: string, message: string, part: Part, fix?: () => TextFix | undefined, own?: Severity): void {
    const range = lineRange(this.text, part, this.origin);
    const made = fix?.();
    this.push(code, message, range, made && onLine(made, this.text, range, this.origin), own);
  }

  private push(code: string, message: string, range: LineRange, fix: Fix | undefined, own?: Severity): void {
    const severity = severityOf(code, this.context.settings, own);
    if (severity !== 'off') this.findings.push({ code, severity, message, ...range, ...(fix ? { fix } : {}) });
  }
}

/** A fix in the columns of the finding's line; none when the row spans lines and the fix does not keep to this one. */
function onLine({ title, edits }: TextFix, text: string, { line }: LineRange, origin: TextPosition): Fix | undefined {
  if (edits === undefined) return text.includes('\n') ? undefined : { title, deleteLine: true };
  const shifted = edits.map((edit) => {
    const [from, until] = [positionAt(text, edit.start, origin), positionAt(text, edit.end, origin)];
    return from.line === line && until.line === line
      ? { start: from.column - 1, end: until.column - 1, newText: edit.newText }
      : undefined;
  });
  return shifted.every((edit) => edit !== undefined) ? { title, edits: shifted } : undefined;
}

function withoutMark(text: string, origin: TextPosition, context: LineContext, place: RowPlace): LineResult {
  const { facts, findings } = lintLine(text.slice(1), { ...origin, column: origin.column + 1 }, context, place);
  const code = 'form/byte-order-mark';
  const severity = severityOf(code, context.settings, place.isFirst ? 'warning' : 'error');
  if (severity === 'off') return { facts, findings };
  const [start, end] = [origin.column - 1, origin.column];
  const message = place.isFirst
    ? 'The file begins with a byte order mark; many readers take it for a part of the data. Save the file as UTF-8 without it.'
    : 'A byte order mark stands before the row, where files were joined. It is no JSON, so the row cannot be read; remove it.';
  const fix = { title: 'Remove the byte order mark', edits: [{ start, end, newText: '' }] };
  return { facts, findings: [{ code, severity, message, line: origin.line, start, end, fix }, ...findings] };
}

/** What the trainer's own reader says of the row; a row of another format is told as such. */
function reportFields(row: LintRow, { format, settings }: LineContext, reporter: Reporter): void {
  if (format === undefined || !isFormat(format)) return;
  const isPlainChat =
    format === 'messages' && row.looks === 'messages' && row.value[nameOf(row, 'tools')] === undefined;
  if (isPlainChat && arePlainMessages(row.value[nameOf(row, 'messages')])) return;
  const { record, issues } = convertValue(row.value, '', format, settings.columns);
  if (row.looks !== format && row.looks !== 'unknown') reportMixed(row, format, record === undefined, reporter);
  else
    for (const issue of issues) {
      // A rule of its own tells of a pair without one of its sides.
      if (format === 'preference' && issue.code === 'data/missing-field' && issue.path.length === 1) continue;
      reporter.add(issue.code, issue.message, issue.path, { change: () => fixOfIssue(issue), own: issue.severity });
    }
}

/** `isRefused`: the trainer cannot read the row as what the others are. */
function reportMixed({ looks }: LintRow, format: Looks, isRefused: boolean, reporter: Reporter): void {
  const fate = isRefused ? ' Training refuses it' : ' It is read as one of those';
  reporter.add('form/mixed-formats', `The row looks like ${looks}, the file is ${format}.${fate}.`, [], {
    own: isRefused ? 'error' : 'warning',
  });
}

function isFormat(looks: Looks): looks is Format {
  return formats.some((format) => format === looks);
}
