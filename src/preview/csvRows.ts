// Rows of CSV and TSV as JSON Lines: the head of the table names the fields, every value is a text.
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { problem } from '../protocol/problem.ts';

export interface CsvRow {
  readonly value: Readonly<Record<string, string>>;
  /** Line of the file on which the record ends, from 1. */
  readonly line: number;
}

/** The separator that splits the first line most: comma, tab, semicolon or bar. */
export function delimiterOf(head: string): string {
  const [first = ''] = head.split(/\r?\n/, 1);
  const outside = first.replace(/"(?:[^"]|"")*"/g, '');
  const counts = [',', '\t', ';', '|'].map((sign) => ({ sign, times: outside.split(sign).length - 1 }));
  return counts.reduce((best, each) => (each.times > best.times ? each : best)).sign;
}

interface Parsed {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/** Throws `data/broken-csv` where quotes are not closed, or a record has more values than the head has names. */
export async function* readCsvRows(
  chunks: AsyncIterable<Buffer>,
  shownAs: string,
  delimiter: string,
): AsyncGenerator<CsvRow> {
  const parser = parse({
    delimiter,
    columns: (names: string[]) => uniqueNames(names),
    info: true,
    bom: true,
    skip_empty_lines: true,
    relax_quotes: true,
    relax_column_count_less: true,
    max_record_size: 64 * 2 ** 20,
  });
  const source = Readable.from(chunks);
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) yield { value: record, line: info.lines };
  } catch (error) {
    if (!(error instanceof Error) || !('lines' in error)) throw error;
    const line = Number(error.lines);
    throw problem(
      'data/broken-csv',
      `${shownAs} is broken as a table: ${csvFault(error)}`,
      Number.isSafeInteger(line) ? { file: shownAs, line } : { file: shownAs },
    );
  } finally {
    source.destroy();
    parser.destroy();
  }
}

function csvFault(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'a quote is opened and never closed.';
  if (code.startsWith('CSV_RECORD_INCONSISTENT')) return 'a record has more values than the head has names.';
  if (code === 'CSV_MAX_RECORD_SIZE') return 'a record is longer than 64 MiB; a quote may be missing.';
  return error.message;
}

/** Names of columns: an empty one is called by its number, a second one of a name gets a number behind it. */
function uniqueNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((given, i) => {
    const name = given.trim() === '' ? `column_${i + 1}` : given.trim();
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}_${times}`;
  });
}
