// Lints rows as a reader hands them over: bytes in, counts and facts out.
import { isUtf8 } from 'node:buffer';
import { positionAt } from '../data/json/locate.ts';
import { tooLarge, wrongEncoding, type RowFault } from '../data/read/parseRow.ts';
import { defaultRowLimit } from '../data/read/readRows.ts';
import type { FileKind } from '../data/read/row.ts';
import type { TextPiece } from '../data/read/textPiece.ts';
import { FactTable, type FactColumns, type RowFacts } from './facts.ts';
import { lintLine, type LineContext, type RowPlace } from './line.ts';
import { PlainChats } from './plainChat.ts';
import { SignFinder } from './signs.ts';
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

const newline = 0x0a;
const carriageReturn = 0x0d;

export class RowReader {
  readonly facts: FactTable;
  private readonly tally: Tally;
  private readonly votes = new Votes();
  private readonly context: LineContext;
  private readonly kind: FileKind;
  private firstLf = 0;
  private firstCrlf = 0;

  /** `places`: findings of a code that are kept with their places. */
  constructor(context: LineContext, kind: FileKind, places?: number) {
    this.tally = new Tally(places);
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
    if (this.kind === 'lines') this.seeEnd(line, last, end < bytes.length);
    if (!isUtf8(bytes)) {
      this.report(wrongEncoding(bytes, byteOffset), bytes.toString('utf8'), line, column);
      return;
    }
    const place = { isFirst: byteOffset === 0, isLast: last && isFileEnd };
    this.addText(bytes.toString('utf8', 0, end), line, column, place);
  }

  /**
   * Whole lines of a JSON Lines file, which begin at `byteOffset` of it; says of them what `add` says of the pieces that a
   * LineSplitter makes of them, in half the time. Returns how many lines end here.
   */
  addLines(bytes: Buffer, byteOffset: number, isFileEnd: boolean): number {
    const isText = isUtf8(bytes);
    const signFinder = new SignFinder(bytes);
    const plainChats = isText && this.context.hasPlainChats ? new PlainChats(bytes) : undefined;
    let line = 1;
    for (let start = 0; start < bytes.length; line += 1) {
      const found = bytes.indexOf(newline, start);
      const last = found === -1;
      const lineEnd = last ? bytes.length : found;
      const byteLength = lineEnd - start;
      const isShort = byteLength <= defaultRowLimit;
      if (isShort && isBlank(bytes, start, lineEnd)) {
        // Left out, but counted.
      } else if (isShort && isText) {
        const hasReturn = bytes[lineEnd - 1] === carriageReturn;
        this.seeEnd(line, last, hasReturn);
        const end = hasReturn ? lineEnd - 1 : lineEnd;
        const signs = signFinder.of(start, end);
        const plain = plainChats?.read(start, end, signs);
        const place = { isFirst: byteOffset + start === 0, isLast: last && isFileEnd };
        if (plain) this.addFacts(line, plain.width, plain.facts);
        else this.addText(bytes.toString('utf8', start, end), line, 1, place, signs);
      } else {
        const piece = isShort ? bytes.subarray(start, lineEnd) : undefined;
        this.add({ bytes: piece, byteLength, byteOffset: byteOffset + start, line, column: 1, last }, isFileEnd);
      }
      if (last) return line - 1;
      start = lineEnd + 1;
    }
    return line - 1;
  }

  /** A row that has no text of its own, as in Parquet. */
  addValue(value: Readonly<Record<string, unknown>>, line: number): void {
    this.addText(JSON.stringify(value), line, 1);
  }

  get result(): PartResult {
    const { firstLf, firstCrlf } = this;
    return { counts: this.tally.counts, facts: this.facts.columns, votes: this.votes.all, firstLf, firstCrlf };
  }

  private seeEnd(line: number, last: boolean, hasReturn: boolean): void {
    if (last) return;
    if (hasReturn) this.firstCrlf ||= line;
    else this.firstLf ||= line;
  }

  private addText(text: string, line: number, column: number, place?: RowPlace, signs?: number): void {
    const { findings, facts } = lintLine(text, { line, column }, this.context, place, signs);
    for (const finding of findings) this.tally.add(finding);
    if (facts !== undefined) this.addFacts(line, text.length, facts);
  }

  private addFacts(line: number, width: number, facts: RowFacts): void {
    this.facts.add(line, width, facts);
    this.votes.add(facts.looks);
  }

  private report({ code, message, offset }: RowFault, text: string, line: number, column: number): void {
    const severity = severityOf(code, this.context.settings);
    if (severity === 'off') return;
    const at = positionAt(text, offset, { line, column });
    this.tally.add({ code, severity, message, line: at.line, start: at.column - 1, end: at.column });
  }
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i]!;
    if (byte !== 0x20 && byte !== 0x09 && byte !== carriageReturn) return false;
  }
  return true;
}
