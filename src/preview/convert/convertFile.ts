// Converts whole files: into another file that is there only when it is complete, or from and to the text of an editor.
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { problem } from '../../protocol/problem.ts';
import { fileProblem } from '../../data/read/fileBytes.ts';
import type { RowBytes, RowFile } from '../rowFile.ts';
import { RowConverter, type ConversionOptions, type ConversionReport } from './convertRows.ts';

const pieceChars = 1 << 20;

export interface WriteControls {
  readonly signal: AbortSignal;
  readonly onProgress?: (rows: number) => void;
}

/** Writes lines into a new file by way of a temporary one; what stood there before is replaced. Returns the lines' count. */
export async function writeLines(out: string, lines: AsyncIterable<string>): Promise<number> {
  const temporary = path.join(path.dirname(out), `.${path.basename(out)}.${process.pid}.part`);
  let count = 0;
  try {
    const handle = await open(temporary, 'w');
    try {
      let pending: string[] = [];
      let length = 0;
      const flush = async (): Promise<void> => {
        if (pending.length > 0) await handle.write(`${pending.join('\n')}\n`);
        [pending, length] = [[], 0];
      };
      for await (const line of lines) {
        pending.push(line);
        length += line.length;
        count += 1;
        if (length >= pieceChars) await flush();
      }
      await flush();
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, out);
    return count;
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileProblem(error, out);
  }
}

export interface ConvertFileOptions extends ConversionOptions {
  readonly out: string;
  /** Write the rows that can be converted, and leave the others out; without it one unfit row writes nothing. */
  readonly skipUnfit: boolean;
}

/** Throws `preview/unfit-rows` when rows cannot be converted and may not be left out; then nothing is written. */
export async function convertFile(
  file: RowFile,
  options: ConvertFileOptions,
  { signal, onProgress }: WriteControls,
): Promise<ConversionReport> {
  if (path.resolve(options.out) === path.resolve(file.file))
    throw problem('preview/same-file', 'The result would replace the file that is read. Name another file.');
  const converter = new RowConverter(options);
  async function* lines(): AsyncGenerator<string> {
    for await (const row of file.rows(signal)) {
      yield* converter.convert(row);
      if (row.row % 1000 === 0) onProgress?.(row.row);
    }
    if (!options.skipUnfit) refuseUnfit(converter.report, file.shownAs);
  }
  await writeLines(options.out, lines());
  return converter.report;
}

/** Throws `preview/unfit-rows`, naming the first of them. */
export function refuseUnfit({ unfit, rows, firstUnfit }: ConversionReport, shownAs: string): void {
  const [first] = firstUnfit;
  if (!first) return;
  throw problem(
    'preview/unfit-rows',
    `${unfit} of ${rows} rows cannot be converted; nothing was written. Row on line ${first.line}: ${first.why}.`,
    { file: shownAs, line: first.line },
    firstUnfit.slice(1, 10).map(({ line, why }) => `line ${line}: ${why}`),
  );
}

export interface ConvertedText {
  readonly text: string;
  readonly report: ConversionReport;
}

/** The text of a JSON Lines document in another format, with its own line ends. */
export function convertText(text: string, options: ConversionOptions): ConvertedText {
  const converter = new RowConverter(options);
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const converted = rowsOfText(text).flatMap((row) => converter.convert(row));
  return { text: converted.length === 0 ? '' : `${converted.join(end)}${end}`, report: converter.report };
}

/** Rows of a text as `RowFile` would give them. */
export function rowsOfText(text: string): RowBytes[] {
  const rows: RowBytes[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '') continue;
    const bytes = Buffer.from(line.endsWith('\r') ? line.slice(0, -1) : line);
    rows.push({ row: rows.length, bytes, byteLength: bytes.length, line: index + 1, column: 1 });
  }
  return rows;
}
