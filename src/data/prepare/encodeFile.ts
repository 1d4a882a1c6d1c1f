// Encodes the rows of one file after the other: a small one in this thread, a large one on several.
import type { SniffedFile } from '../read/fileKind.ts';
import { readPieces, readRows } from '../read/readRows.ts';
import type { BuildOptions } from './buildRows.ts';
import { RowsEncoder, type EncodedRows, type RowSource } from './encodeRows.ts';
import { EncodingThreads } from './encodingThreads.ts';
import type { HashedSource } from './hashFiles.ts';
import { createPacer } from './pacer.ts';
import type { PassReporter } from './progress.ts';
import { RowBatchWriter } from './rowBatch.ts';

/** Stored bytes of a file that is worth the start of a thread, which reads a tokenizer first. */
const worthThreads = 4 * 2 ** 20;

/** Bytes of tokens that are kept before they are given on. */
const blockBytes = 2 ** 20;

/** Rows that follow one another, in the order of the file. */
type Take = (rows: EncodedRows) => void;

export class FileEncoder {
  private readonly options: BuildOptions;
  private threads: EncodingThreads | undefined;

  constructor(options: BuildOptions) {
    this.options = options;
  }

  /** Resolves when all rows were given on. Throws as `readRows` does, the signal's reason, and what a thread threw. */
  async encode(
    source: HashedSource,
    sniffed: SniffedFile,
    rowSource: RowSource,
    report: PassReporter,
    take: Take,
  ): Promise<void> {
    const isLarge = source.bytes >= worthThreads && sniffed.kind !== 'parquet';
    const threads = isLarge ? this.threadsOf() : undefined;
    if (threads) await this.onThreads(threads, source, sniffed, rowSource, report, take);
    else await this.here(source, rowSource, report, take);
  }

  async close(): Promise<void> {
    await this.threads?.close();
  }

  private threadsOf(): EncodingThreads | undefined {
    const { encoder, findingLimit, signal } = this.options;
    if (encoder.elsewhere === undefined) return undefined;
    const { recipe, threads } = encoder.elsewhere;
    if (threads < 1) return undefined;
    this.threads ??= new EncodingThreads({ recipe, threads, encode: encoder.encode, findingLimit, signal });
    return this.threads;
  }

  private async here(source: HashedSource, rowSource: RowSource, report: PassReporter, take: Take): Promise<void> {
    const { encoder, findingLimit, signal } = this.options;
    const rows = new RowsEncoder(rowSource, encoder.encode, findingLimit);
    const pace = createPacer(signal, () => report.report());
    const onExcluded = () => rows.leaveOut();
    const reading = { ...this.options, onBytes: report.onBytes, excluded: source.excluded, onExcluded };
    for await (const read of readRows(source.file, source.shownAs, reading)) {
      report.onRows(1);
      await pace();
      rows.add(read);
      if (rows.byteLength >= blockBytes) take(rows.take());
    }
    take(rows.take());
  }

  private async onThreads(
    threads: EncodingThreads,
    source: HashedSource,
    sniffed: SniffedFile,
    rowSource: RowSource,
    report: PassReporter,
    take: Take,
  ): Promise<void> {
    const batch = new RowBatchWriter();
    let bytesRead = 0;
    const give = async (): Promise<void> => {
      const bytesOfBatch = bytesRead;
      await threads.encode(rowSource, batch.take(), (rows) => {
        report.onBytes(bytesOfBatch);
        report.onRows(rows.rows);
        take(rows);
      });
    };
    const onBytes = (bytes: number): void => {
      bytesRead = bytes;
    };
    const reading = { signal: this.options.signal, rowLimit: rowSource.rowLimit, onBytes };
    for await (const piece of readPieces(source.file, source.shownAs, sniffed, reading)) {
      batch.add(piece);
      if (batch.isFull) await give();
    }
    if (!batch.isEmpty) await give();
    await threads.finish();
  }
}
