// A JSON Lines document while it is edited: only lines that change are read again.
import { looksLike, type Looks } from '../data/formats/detect.ts';
import { parseRowText } from '../data/read/parseRow.ts';
import { FactTable } from './facts.ts';
import { lintFile, type FileFindings } from './file.ts';
import { compareFindings, type Finding } from './finding.ts';
import { lineContext, lintLine, type LineContext, type LineResult, type RowPlace } from './line.ts';
import { applyLineEdit, splitLines, type DocumentLine, type LineEdit } from './lines.ts';
import { mixedLineEnd } from './lineEnds.ts';
import { rowId, severityOf, type LintSettings } from './settings.ts';
import { Votes } from './votes.ts';

/** A line with what was found in it, as if it were the first one, under one context and at one kind of place. */
interface LintedLine extends DocumentLine {
  result?: LineResult;
  context?: LineContext;
  place?: RowPlace;
}

/** Lines whose facts are gathered between two breaths. */
const breath = 2 ** 10;
/** Lines at the beginning whose votes are believed until all lines have voted. */
const votingLines = 1000;

/** Rows that are open in an editor. */
export interface OpenRows {
  readonly lineCount: number;
  /** A line (from 0); empty beyond the last one. */
  line(index: number): DocumentLine;
  edit(edit: LineEdit): void;
  /** Lints what is not linted yet, until `isEnough` says so; true when all is. */
  settle(isEnough?: () => boolean): boolean;
  /** What is wrong with the rows by themselves, for lines `from` until `until` (from 0). */
  rowFindings(from?: number, until?: number): Generator<Finding>;
  /** How many findings `rowFindings` has for all rows that are linted. */
  countRowFindings(): number;
  /** How a sidecar names the row of a line (from 0). */
  rowId(index: number): string | undefined;
  /** What is wrong with the rows taken together; undefined now and then while it works. */
  fileFindings(): FileFindings;
}

export class LintDocument implements OpenRows {
  private readonly settings: LintSettings;
  private readonly lines: LintedLine[];
  private context: LineContext;
  private readonly votes = new Votes();
  /** Lines before this one are linted, apart from those that were edited since. */
  private settledUntil = 0;
  private edited: { from: number; until: number } | undefined;

  constructor(text: string | readonly DocumentLine[], settings: LintSettings) {
    this.settings = settings;
    const lines = typeof text === 'string' ? splitLines(text) : text;
    this.lines = lines.map((line) => ({ text: line.text, end: line.end }));
    if (this.lines.length === 0) this.lines.push({ text: '', end: '' });
    const { format } = settings;
    this.context = lineContext(settings, format === 'auto' ? this.firstVotes() : format);
  }

  get lineCount(): number {
    return this.lines.length;
  }

  /** What the rows are taken for. */
  get format(): Looks | undefined {
    return this.context.format;
  }

  /** A line without its end; empty beyond the last one. */
  line(index: number): DocumentLine {
    return this.lines[index] ?? { text: '', end: '' };
  }

  edit(edit: LineEdit): void {
    const { from, until, lines } = edit;
    for (const { result } of this.lines.slice(from, until)) if (result?.facts) this.votes.add(result.facts.looks, -1);
    const inserted = lines.map((line): LintedLine => ({ text: line.text, end: line.end }));
    applyLineEdit(this.lines, edit, inserted);
    if (this.lines.length === 0) this.lines.push({ text: '', end: '' });
    // The lines around may have become the first or last one, or ceased to be.
    const around = { from: Math.max(0, from - 1), until: from + inserted.length + 1 };
    const grown = inserted.length - (until - from);
    if (this.settledUntil < until) this.settledUntil = Math.min(this.settledUntil, around.from);
    else this.settledUntil += grown;
    const before = this.edited;
    if (before === undefined) this.edited = around;
    else {
      const moved = (line: number): number => (line >= until ? line + grown : Math.min(line, around.until));
      this.edited = {
        from: Math.min(moved(before.from), around.from),
        until: Math.max(moved(before.until), around.until),
      };
    }
  }

  /**
   * Lints what is not linted yet, until `isEnough` says so; true when all is. The format of the file may change with its
   * rows; then all rows are read anew.
   */
  settle(isEnough: () => boolean = () => false): boolean {
    if (this.edited !== undefined) {
      const { from, until } = this.edited;
      this.edited = undefined;
      for (let i = from; i < Math.min(until, this.lines.length); i += 1) {
        if (!this.lint(i) || !isEnough()) continue;
        this.edited = { from: i + 1, until };
        return false;
      }
    }
    for (;;) {
      while (this.settledUntil < this.lines.length) {
        const isNew = this.lint(this.settledUntil);
        this.settledUntil += 1;
        if (isNew && isEnough()) return this.settledUntil === this.lines.length && !this.hasTurned();
      }
      if (!this.hasTurned()) return true;
      this.context = lineContext(this.settings, this.votes.winner);
      this.settledUntil = 0;
    }
  }

  /** What is wrong with the rows by themselves, for lines `from` until `until` (from 0). */
  *rowFindings(from = 0, until = this.lines.length): Generator<Finding> {
    for (let i = from; i < Math.min(until, this.lines.length); i += 1) {
      this.lint(i);
      for (const finding of this.lines[i]!.result!.findings)
        yield finding.line === i + 1 ? finding : { ...finding, line: i + 1 };
    }
  }

  /** How many findings `rowFindings` has for all lines that are linted. */
  countRowFindings(): number {
    let count = 0;
    for (const { result } of this.lines) count += result?.findings.length ?? 0;
    return count;
  }

  /** How a sidecar names the row of a line (from 0); undefined for a line without a readable row. */
  rowId(index: number): string | undefined {
    const facts = this.lines[index]?.result?.facts;
    return facts && rowId(facts.hash);
  }

  /**
   * What is wrong with the rows taken together; goes over the facts of all lines, so ask for it when typing pauses. Gives
   * undefined every few milliseconds while it works; an edit in between makes what follows worthless.
   */
  *fileFindings(): FileFindings {
    const table = new FactTable(this.context.facts.signatures, this.lines.length);
    for (let i = 0; i < this.lines.length; i += 1) {
      if (i % breath === 0) yield undefined;
      this.lint(i);
      const { text, result } = this.lines[i]!;
      if (result?.facts) table.add(i + 1, text.length, result.facts);
    }
    yield mixedLineEnds(this.lines, this.settings);
    yield* lintFile(table.columns, this.settings);
  }

  /** Everything, by place. */
  findings(): Finding[] {
    this.settle();
    const aboutFile = [...this.fileFindings()].filter((finding) => finding !== undefined);
    return [...this.rowFindings(), ...aboutFile].sort(compareFindings);
  }

  /** Lints a line unless that was done; true when it was not. */
  private lint(i: number): boolean {
    const line = this.lines[i]!;
    const [isFirst, isLast] = [i === 0, line.end === ''];
    const isKnown = line.place?.isFirst === isFirst && line.place.isLast === isLast && line.context === this.context;
    if (isKnown) return false;
    if (line.result?.facts) this.votes.add(line.result.facts.looks, -1);
    line.place = { isFirst, isLast };
    line.context = this.context;
    line.result = lintLine(line.text, { line: 1, column: 1 }, this.context, line.place);
    if (line.result.facts) this.votes.add(line.result.facts.looks);
    return true;
  }

  /** Whether the rows have voted for another format than they were read as. */
  private hasTurned(): boolean {
    const { winner } = this.votes;
    return this.settings.format === 'auto' && winner !== undefined && winner !== this.context.format;
  }

  private firstVotes(): Looks | undefined {
    const votes = new Votes();
    for (const { text } of this.lines.slice(0, votingLines)) {
      const parsed = parseRowText(text, false);
      if (parsed.ok) votes.add(looksLike(parsed.value, this.settings.columns));
    }
    return votes.winner;
  }
}

/** All findings of a whole text; what a document says after any edits. */
export function lintText(text: string, settings: LintSettings): Finding[] {
  return new LintDocument(text, settings).findings();
}

function mixedLineEnds(lines: readonly DocumentLine[], settings: LintSettings): Finding | undefined {
  const severity = severityOf('form/mixed-line-ends', settings);
  const before = lines[0]?.end;
  if (severity === 'off' || before === undefined || before === '') return undefined;
  for (const [i, { text, end: here }] of lines.entries())
    if (here !== '' && here !== before) return mixedLineEnd(i + 1, text.length, { here, before }, severity);
  return undefined;
}
