// Lints rows as a reader hands them over: bytes in, counts and facts out.
import { isUtf8 } from 'node:buffer';
import { positionAt } from '../data/json/locate.ts';
import { tooLarge, wrongEncoding, type RowFault } from '../data/read/parseRow.ts';
import { defaultRowLimit } from '../data/read/readRows.ts';
import type { FileKind } from '../data/read/row.ts';
import type { TextPiece } from '../data/read/textPiece.ts';
import { FactTable, type FactColumns } from './facts.ts';
import { lintLine, type LineContext, type RowPlace } from './line.ts';
import { severityOf } from './settings.ts';
import { Tally, type CodeCount } from './tally.ts';
import { Votes, type LooksCounts } from './votes.ts';

/** What is known of a part of a file; plain data. */
export interface PartResult {
  readonly counts: readonly CodeCount[];
  readonly facts: FactColumns;
  readonly votes: LooksCounts;
  /** First lines that end with `\n` and with `\r\n`; 0 when there is none. */
  readonly firstLf: number;
  readonly firstCrlf: number;
}

const carriageReturn = 0x0d;

export class RowReader {
  readonly facts: FactTable;
  private readonly tally = new Tally();
  private readonly votes = new Votes();
  private readonly context: LineContext;
  private readonly kind: FileKind;
  private firstLf = 0;
  private firstCrlf = 0;

  constructor(context: LineContext, kind: FileKind) {
    this.context = { ...context, isCounted: (code) => this.tally.isFull(code) };
    this.kind = kind;
    this.facts = new FactTable(context.facts.signatures);
  }

  /** `isFileEnd`: the piece is the last one of the file, not only of this part. */
  add({ bytes, byteLength, byteOffset, line, column, last }: TextPiece, isFileEnd: boolean): void {
    if (bytes === undefined) {
      this.report(tooLarge(byteLength, defaultRowLimit, this.kind), '', line, column);
      return;
    }
    const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length;
    if (!last && this.kind === 'lines') {
      if (end < bytes.length) this.firstCrlf ||= line;
      else this.firstLf ||= line;
    }
    if (!isUtf8(bytes)) {
      this.report(wrongEncoding(bytes, byteOffset), bytes.toString('utf8'), line, column);
      return;
    }
    const place = { isFirst: byteOffset === 0, isLast: last && isFileEnd };
    this.addText(bytes.toString('utf8', 0, end), line, column, place);
  }

  /** A row that has no text of its own, as in Parquet. */
  addValue(value: Readonly<Record<string, unknown>>, line: number): void {
    this.addText(JSON.stringify(value), line, 1);
  }

  get result(): PartResult {
    const { firstLf, firstCrlf } = this;
    return { counts: this.tally.counts, facts: this.facts.columns, votes: this.votes.all, firstLf, firstCrlf };
  }

  private addText(text: string, line: number, column: number, place?: RowPlace): void {
    const { findings, facts } = lintLine(text, { line, column }, this.context, place);
    for (const finding of findings) this.tally.add(finding);
    if (facts === undefined) return;
    this.facts.add(line, text.length, facts);
    this.votes.add(facts.looks);
  }

  private report({ code, message, offset }: RowFault, text: string, line: number, column: number): void {
    const severity = severityOf(code, this.context.settings);
    if (severity === 'off') return;
    const at = positionAt(text, offset, { line, column });
    this.tally.add({ code, severity, message, line: at.line, start: at.column - 1, end: at.column });
  }
}
