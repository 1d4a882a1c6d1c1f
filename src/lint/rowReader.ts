// Lints rows as a reader hands them over: bytes in, counts and facts out.
import { isUtf8 } from 'node:buffer';
import { positionAt } from '../data/json/locate.ts';
import { firstInvalidUtf8 } from '../data/read/utf8.ts';
import type { TextPiece } from '../data/read/textPiece.ts';
import { FactTable, type FactColumns } from './facts.ts';
import type { Finding } from './finding.ts';
import { lintLine, type LineContext } from './line.ts';
import { severityOf } from './settings.ts';
import { Tally, type CodeCount } from './tally.ts';

/** What is known of a part of a file; plain data. */
export interface PartResult {
  readonly counts: readonly CodeCount[];
  readonly facts: FactColumns;
  /** First lines that end with `\n` and with `\r\n`; 0 when there is none. */
  readonly firstLf: number;
  readonly firstCrlf: number;
}

const textPiece = { byteOffset: 0, column: 1, last: true } as const;

const carriageReturn = 0x0d;

export class RowReader {
  readonly facts: FactTable;
  private readonly tally = new Tally();
  private readonly context: LineContext;
  private firstLf = 0;
  private firstCrlf = 0;

  constructor(context: LineContext) {
    this.context = context;
    this.facts = new FactTable(context.settings.nearDuplicates);
  }

  /** `isFileEnd`: the piece is the last one of the file, not only of this part. */
  add({ bytes, byteLength, line, column, last }: TextPiece, isFileEnd: boolean): void {
    if (bytes === undefined) {
      const size = (byteLength / 2 ** 20).toFixed(1);
      this.report(
        'data/row-too-large',
        `The row is ${size} MiB long, more than is read. Is a line break missing?`,
        line,
        0,
        1,
      );
      return;
    }
    if (!last) this.noteLineEnd(bytes.at(-1) === carriageReturn, line);
    if (!isUtf8(bytes)) {
      const valid = bytes.subarray(0, firstInvalidUtf8(bytes) ?? 0).toString('utf8');
      const at = positionAt(valid, valid.length, { line, column });
      this.report(
        'data/wrong-encoding',
        'A byte of the row is not UTF-8. The file may be in Windows-1252 or Latin-1; save it as UTF-8.',
        at.line,
        at.column - 1,
        at.column,
      );
      return;
    }
    const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length;
    const text = bytes.toString('utf8', 0, end);
    const { findings, facts } = lintLine(text, { line, column }, this.context, last && isFileEnd);
    for (const finding of findings) this.tally.add(finding);
    if (facts !== undefined) this.facts.add(line, text.length, facts);
  }

  /** A row that has no text of its own, as in Parquet. */
  addValue(value: Readonly<Record<string, unknown>>, line: number): void {
    const text = JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? Number(member) : member));
    this.add({ ...textPiece, bytes: Buffer.from(text), byteLength: text.length, line }, false);
  }

  get result(): PartResult {
    const { firstLf, firstCrlf } = this;
    return { counts: this.tally.counts, facts: this.facts.columns, firstLf, firstCrlf };
  }

  private noteLineEnd(isCrlf: boolean, line: number): void {
    if (isCrlf) this.firstCrlf ||= line;
    else this.firstLf ||= line;
  }

  private report(code: string, message: string, line: number, start: number, end: number): void {
    const severity = severityOf(code, this.context.settings);
    if (severity !== 'off') this.tally.add({ code, severity, message, line, start, end } satisfies Finding);
  }
}
