// Turns rows of one file into a block of tokens, and counts what it meets: the same in every thread.
import { ProblemError, type Problem } from '../../protocol/problem.ts';
import { countTrained, RowBlockWriter, type RowBlock } from '../cache/rowBlock.ts';
import { contentHash } from '../contentHash.ts';
import { convertRow } from '../formats/convert.ts';
import type { Columns, Format } from '../formats/format.ts';
import { parsePiece, type RowNaming, type RowPiece } from '../read/readRows.ts';
import { placeInRow, rowPrefix, type ReadRow, type SourceRow } from '../read/row.ts';
import type { RowEncoder } from './encoder.ts';
import { Findings, type FoundPart } from './findings.ts';

/** What of a file its rows depend on. */
export interface RowSource extends RowNaming {
  /** Index into the sources of the cache entry. */
  readonly index: number;
  readonly format: Format;
  readonly columns: Columns;
  /** Ids of rows to pass over (data/exclusions.ts). */
  readonly excluded: ReadonlySet<string>;
}

export interface RowCounts {
  readonly truncatedRows: number;
  readonly lostTokens: number;
  readonly droppedRows: number;
  readonly untrainedRows: number;
  readonly storedRows: number;
}

export const noCounts: RowCounts = {
  truncatedRows: 0,
  lostTokens: 0,
  droppedRows: 0,
  untrainedRows: 0,
  storedRows: 0,
};

/** What rows that follow one another became. */
export interface EncodedRows {
  /** Rows that were read, without those that were left out. */
  readonly rows: number;
  readonly leftOut: number;
  readonly counts: RowCounts;
  readonly found: FoundPart;
  readonly block: RowBlock;
}

/** Encodes rows in their order, to be taken away in parts. */
export class RowsEncoder {
  private readonly source: RowSource;
  private readonly encode: RowEncoder['encode'];
  private readonly findingLimit: number;
  private readonly block = new RowBlockWriter();
  private counts = { ...noCounts };
  private findings: Findings;
  private rows = 0;
  private leftOut = 0;

  constructor(source: RowSource, encode: RowEncoder['encode'], findingLimit: number) {
    this.source = source;
    this.encode = encode;
    this.findingLimit = findingLimit;
    this.findings = new Findings(findingLimit);
  }

  addPiece(piece: RowPiece): void {
    const read = parsePiece(piece, this.source, this.source.excluded);
    if (read === undefined) this.leaveOut();
    else this.add(read);
  }

  /** Counts a row that the sidecar leaves out. */
  leaveOut(): void {
    this.leftOut += 1;
  }

  add(read: ReadRow): void {
    this.rows += 1;
    if (read.ok) this.addRow(read.row);
    else this.findings.add(read.problem);
  }

  /** Bytes of the tokens that wait to be taken. */
  get byteLength(): number {
    return this.block.byteLength;
  }

  /** Everything since the last call. */
  take(): EncodedRows {
    const { rows, leftOut, counts } = this;
    const part = { rows, leftOut, counts, found: this.findings.part, block: this.block.take() };
    [this.rows, this.leftOut, this.counts] = [0, 0, { ...noCounts }];
    this.findings = new Findings(this.findingLimit);
    return part;
  }

  private addRow(row: SourceRow): void {
    const { record, problems } = convertRow(row, this.source.format, this.source.columns);
    for (const found of problems) this.findings.add(found);
    if (record === undefined) return;
    try {
      const encoded = this.encode(record);
      for (const found of encoded.findings) this.findings.add(placed(found, row));
      if (encoded.isDropped) {
        this.counts.droppedRows += 1;
        return;
      }
      if (encoded.lostTokens > 0) {
        this.counts.truncatedRows += 1;
        this.counts.lostTokens += encoded.lostTokens;
      }
      const { tokens, mask } = encoded;
      if (encoded.isUntrained ?? countTrained(mask) === 0) {
        this.counts.untrainedRows += 1;
        return;
      }
      const { line, idColumn, byteOffset } = row;
      const { rejectedFrom = 0 } = encoded;
      const hash = contentHash(record);
      const fields = Buffer.from(encoded.keepsFields === true ? JSON.stringify(row.value) : '');
      const source = this.source.index;
      this.block.append({ tokens, mask, source, line, idColumn, byteOffset, rejectedFrom, hash, fields });
      this.counts.storedRows += 1;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      for (const found of error.problems) this.findings.add(placed(found, row));
    }
  }
}

export function addCounts(a: RowCounts, b: RowCounts): RowCounts {
  return {
    truncatedRows: a.truncatedRows + b.truncatedRows,
    lostTokens: a.lostTokens + b.lostTokens,
    droppedRows: a.droppedRows + b.droppedRows,
    untrainedRows: a.untrainedRows + b.untrainedRows,
    storedRows: a.storedRows + b.storedRows,
  };
}

/** A problem of the whole row, unless it knows better. */
function placed(found: Problem, row: SourceRow): Problem {
  if (found.place !== undefined) return found;
  return { ...found, message: `${rowPrefix(row)}${found.message}`, place: placeInRow(row, []) };
}
