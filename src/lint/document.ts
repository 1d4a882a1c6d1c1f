// A JSON Lines document while it is edited: only lines that change are read again.
import type { Looks } from '../data/formats/detect.ts';
import { FactTable } from './facts.ts';
import { lintFile } from './file.ts';
import { compareFindings, type Finding } from './finding.ts';
import { formatOfRows, lineContext, lintLine, type LineContext, type LineResult } from './line.ts';
import { mixedLineEnd } from './lineEnds.ts';
import { severityOf, type LintSettings } from './settings.ts';

interface DocumentLine {
  /** Without its line end. */
  readonly text: string;
  readonly end: '' | '\n' | '\r\n';
  /** Findings as if the line were the first one; made when somebody asks, under one context. */
  result?: { readonly of: LineResult; readonly context: LineContext; readonly isLast: boolean };
}

/** An edit as editors tell it: the lines from `from` until `until` (from 0, exclusive) become those of `text`. */
export interface LineEdit {
  readonly from: number;
  readonly until: number;
  /** Whole lines with their ends. */
  readonly text: string;
}

export class LintDocument {
  private readonly settings: LintSettings;
  private lines: DocumentLine[];
  private context: LineContext;

  constructor(text: string, settings: LintSettings) {
    this.settings = settings;
    this.lines = splitLines(text);
    this.context = lineContext(settings, undefined);
    this.vote();
  }

  get lineCount(): number {
    return this.lines.length;
  }

  edit({ from, until, text }: LineEdit): void {
    this.lines.splice(from, until - from, ...splitLines(text, until < this.lines.length));
    if (this.lines.length === 0) this.lines = splitLines('');
    this.vote();
  }

  /** What is wrong with the rows by themselves, for lines `from` until `until` (from 0). */
  rowFindings(from = 0, until = this.lines.length): Finding[] {
    const found: Finding[] = [];
    for (let i = from; i < Math.min(until, this.lines.length); i += 1) {
      const { findings } = this.resultOf(i);
      for (const finding of findings) found.push(finding.line === i + 1 ? finding : { ...finding, line: i + 1 });
    }
    return found;
  }

  /** What is wrong with the rows taken together; goes over the facts of all lines, so ask for it when typing pauses. */
  fileFindings(): Finding[] {
    const table = new FactTable(this.settings.nearDuplicates, this.lines.length);
    this.lines.forEach(({ text }, i) => {
      const { facts } = this.resultOf(i);
      if (facts !== undefined) table.add(i + 1, text.length, facts);
    });
    return [...mixedLineEnds(this.lines, this.settings), ...lintFile(table.columns, this.settings)];
  }

  /** Everything, by place. */
  findings(): Finding[] {
    return [...this.rowFindings(), ...this.fileFindings()].sort(compareFindings);
  }

  private resultOf(i: number): LineResult {
    const line = this.lines[i]!;
    const isLast = line.end === '';
    const known = line.result;
    if (known?.context === this.context && known.isLast === isLast) return known.of;
    const of = lintLine(line.text, { line: 1, column: 1 }, this.context, isLast);
    line.result = { of, context: this.context, isLast };
    return of;
  }

  /** The format of the file may change with its first rows; then all rows are read anew. */
  private vote(): void {
    const { format } = this.settings;
    const now = format === 'auto' ? formatOfRows(this.looks()) : format;
    if (now !== this.context.format) this.context = lineContext(this.settings, now);
  }

  private *looks(): Generator<Looks> {
    for (let i = 0; i < this.lines.length; i += 1) {
      const { facts } = this.lines[i]!.result?.of ?? this.resultOf(i);
      if (facts !== undefined) yield facts.looks;
    }
  }
}

/** All findings of a whole text; what a document says after any edits. */
export function lintText(text: string, settings: LintSettings): Finding[] {
  return new LintDocument(text, settings).findings();
}

/** Lines with their ends; the text after the last end is a line too, unless more lines follow it elsewhere. */
function splitLines(text: string, isInside = false): DocumentLine[] {
  const lines: DocumentLine[] = [];
  let from = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
    const isCrlf = at > from && text[at - 1] === '\r';
    lines.push({ text: text.slice(from, isCrlf ? at - 1 : at), end: isCrlf ? '\r\n' : '\n' });
    from = at + 1;
  }
  if (!isInside || from < text.length) lines.push({ text: text.slice(from), end: isInside ? '\n' : '' });
  return lines;
}

function mixedLineEnds(lines: readonly DocumentLine[], settings: LintSettings): Finding[] {
  const severity = severityOf('form/mixed-line-ends', settings);
  const other = lines.findIndex(({ end }) => end !== '' && end !== lines[0]?.end);
  return severity === 'off' || other === -1
    ? []
    : [mixedLineEnd(other + 1, lines[other]!.text.length, lines[other]!.end, severity)];
}
