// A JSON array of rows while it is edited: split anew after every edit, but only rows whose text changed are read again.
import { ArraySplitter } from '../data/read/arraySplitter.ts';
import { defaultRowLimit } from '../data/read/readRows.ts';
import { looksLike, type Looks } from '../data/formats/detect.ts';
import { parseRowText } from '../data/read/parseRow.ts';
import { ProblemError } from '../protocol/problem.ts';
import type { OpenRows } from './document.ts';
import { FactTable } from './facts.ts';
import { lintFile, type FileFindings } from './file.ts';
import type { Finding } from './finding.ts';
import { lineContext, lintLine, type LineContext, type LineResult } from './line.ts';
import { applyLineEdit, type DocumentLine, type LineEdit } from './lines.ts';
import { rowId, severityOf, type LintSettings } from './settings.ts';
import { Votes } from './votes.ts';

interface ArrayRow {
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
  readonly column: number;
  result?: LineResult;
}

/** Rows at the beginning whose votes are believed until all have voted. */
const votingRows = 1000;

export class ArrayDocument implements OpenRows {
  private readonly settings: LintSettings;
  private readonly lines: DocumentLine[];
  private rows: readonly ArrayRow[] = [];
  /** The fault of the array itself, behind which no row can be told. */
  private fault: Finding | undefined;
  private context: LineContext;
  /** What is known of rows by their text, as if each began its file. */
  private known = new Map<string, LineResult>();
  private isSplit = false;
  private settledUntil = 0;

  constructor(lines: readonly DocumentLine[], settings: LintSettings) {
    this.settings = settings;
    this.lines = [...lines];
    this.context = lineContext(settings, settings.format === 'auto' ? undefined : settings.format);
    this.split();
    if (settings.format === 'auto') this.context = lineContext(settings, this.firstVotes());
  }

  get lineCount(): number {
    return this.lines.length;
  }

  line(index: number): DocumentLine {
    return this.lines[index] ?? { text: '', end: '' };
  }

  edit(edit: LineEdit): void {
    applyLineEdit(this.lines, edit, edit.lines);
    this.isSplit = false;
  }

  settle(isEnough: () => boolean = () => false): boolean {
    this.split();
    for (;;) {
      while (this.settledUntil < this.rows.length) {
        const isNew = this.lint(this.rows[this.settledUntil]!);
        this.settledUntil += 1;
        if (isNew && isEnough()) return false;
      }
      const winner = this.settings.format === 'auto' ? this.winner() : undefined;
      if (winner === undefined || winner === this.context.format) {
        // What was said of rows that are gone need not be kept.
        this.known = new Map(this.rows.map(({ text, result }) => [text, result!]));
        return true;
      }
      this.context = lineContext(this.settings, winner);
      this.known.clear();
      this.rows = this.rows.map(({ text, line, column }) => ({ text, line, column }));
      this.settledUntil = 0;
    }
  }

  *rowFindings(from = 0, until = this.lines.length): Generator<Finding> {
    this.split();
    if (this.fault && this.fault.line > from && this.fault.line <= until) yield this.fault;
    for (let i = this.rowAt(from); i < this.rows.length && this.rows[i]!.line <= until; i += 1) {
      const row = this.rows[i]!;
      this.lint(row);
      for (const finding of row.result!.findings) {
        const moved = movedTo(finding, row);
        if (moved.line > from && moved.line <= until) yield moved;
      }
    }
  }

  countRowFindings(): number {
    let count = this.fault ? 1 : 0;
    for (const { result } of this.rows) count += result?.findings.length ?? 0;
    return count;
  }

  /** By the line on which the row begins or goes on. */
  rowId(index: number): string | undefined {
    const facts = this.rows[this.rowAt(index)]?.result?.facts;
    return facts && rowId(facts.hash);
  }

  *fileFindings(): FileFindings {
    const table = new FactTable(this.context.facts.signatures, this.rows.length);
    for (const row of this.rows) {
      this.lint(row);
      if (row.result?.facts) table.add(row.line, this.line(row.line - 1).text.length, row.result.facts);
    }
    for (const finding of lintFile(table.columns, this.settings)) yield finding && withoutRemoval(finding);
  }

  /** Cuts the text into rows unless that was done; those before a fault of the array are kept. */
  private split(): void {
    if (this.isSplit) return;
    this.isSplit = true;
    this.settledUntil = 0;
    this.fault = undefined;
    const rows: ArrayRow[] = [];
    const splitter = new ArraySplitter('', defaultRowLimit);
    const take = (pieces: ReturnType<ArraySplitter['push']>): void => {
      for (const { bytes, line, column } of pieces)
        if (bytes !== undefined) rows.push({ text: bytes.toString('utf8'), line, column });
    };
    try {
      for (const [i, { text, end }] of this.lines.entries())
        take(splitter.push(Buffer.from((i === 0 ? text.replace(/^\ufeff/, ' ') : text) + end)));
      take(splitter.end());
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      this.fault = this.faultOf(error);
    }
    this.rows = rows;
  }

  private faultOf({ problems: [first] }: ProblemError): Finding | undefined {
    const severity = severityOf('data/invalid-json', this.settings);
    if (first === undefined || severity === 'off') return undefined;
    const line = Math.min(first.place?.line ?? 1, this.lines.length);
    const start = (first.place?.column ?? 1) - 1;
    return { code: 'data/invalid-json', severity, message: first.message, line, start, end: start + 1 };
  }

  private lint(row: ArrayRow): boolean {
    if (row.result !== undefined) return false;
    const known = this.known.get(row.text);
    row.result = known ?? lintLine(row.text, { line: 1, column: 1 }, this.context);
    this.known.set(row.text, row.result);
    return known === undefined;
  }

  /** Number of the last row that begins before or on a line (from 0). */
  private rowAt(index: number): number {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle]!.line <= index + 1) low = middle + 1;
      else high = middle;
    }
    // Rows of the same line begin with the first of them.
    let at = Math.max(0, low - 1);
    while (at > 0 && this.rows[at - 1]!.line === this.rows[at]!.line) at -= 1;
    return at;
  }

  private winner(): Looks | undefined {
    const votes = new Votes();
    for (const { result } of this.rows) if (result?.facts) votes.add(result.facts.looks);
    return votes.winner;
  }

  private firstVotes(): Looks | undefined {
    const votes = new Votes();
    for (const { text } of this.rows.slice(0, votingRows)) {
      const parsed = parseRowText(text, false);
      if (parsed.ok) votes.add(looksLike(parsed.value, this.settings.columns));
    }
    return votes.winner;
  }
}

/** A finding of a row as if it began its file, where the row stands. */
function movedTo(finding: Finding, { line, column }: ArrayRow): Finding {
  const by = finding.line === 1 ? column - 1 : 0;
  const { fix } = withoutRemoval(finding);
  const moved = { ...finding, line: finding.line + line - 1, start: finding.start + by, end: finding.end + by };
  if (fix === undefined || !('edits' in fix)) return withoutRemoval(moved);
  const edits = fix.edits.map((edit) => ({ ...edit, start: edit.start + by, end: edit.end + by }));
  return { ...moved, fix: { title: fix.title, edits } };
}

/** A row of an array is not a line, and its comma would be left: it is not taken out by a fix. */
function withoutRemoval(finding: Finding): Finding {
  if (finding.fix === undefined || 'edits' in finding.fix) return finding;
  const { fix: _, ...rest } = finding;
  return rest;
}
