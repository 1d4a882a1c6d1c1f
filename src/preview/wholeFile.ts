// What is done with all rows of a file at once: exported, converted, looked over for roles.
import type { WrittenRole } from '../protocol/previewViews.ts';
import { chosenRows } from './chosenRows.ts';
import type { ConvertedText } from './convert/convertFile.ts';
import type { ConversionOptions, ConversionReport } from './convert/convertRows.ts';
import { readValue, type Reading } from './readRow.ts';
import type { RowFile } from './rowFile.ts';

export interface WholeFile {
  /** Indexed to its end. */
  readonly rows: RowFile;
  readonly reading: Reading;
  readonly signal: AbortSignal;
}

type Conversion = Omit<ConversionOptions, 'reading'>;

/** Rows that tell the roles of a file. */
const rowsWithRoles = 2000;

/** Writes some rows as they are, one JSON object a line; returns how many. */
export async function exportRows({ rows, reading }: WholeFile, numbers: number[], out: string): Promise<number> {
  const { writeLines } = await import('./convert/convertFile.ts');
  async function* lines(): AsyncGenerator<string> {
    for await (const row of chosenRows(rows, numbers)) {
      const read = readValue(row, reading);
      yield 'problem' in read ? row.bytes.toString('utf8') : JSON.stringify(read.value);
    }
  }
  return writeLines(out, lines());
}

/** Rows that cannot be converted are left out and told. */
export async function convertInto(
  { rows, reading, signal }: WholeFile,
  out: string,
  options: Conversion,
): Promise<ConversionReport> {
  const { convertFile } = await import('./convert/convertFile.ts');
  return convertFile(rows, { ...options, reading, out, skipUnfit: true }, { signal });
}

/** A text of the editor in place of the file, which may be older. */
export async function convertGiven({ reading }: WholeFile, text: string, options: Conversion): Promise<ConvertedText> {
  const { convertText } = await import('./convert/convertFile.ts');
  return convertText(text, { ...options, reading });
}

/** Roles in the first rows, in the order in which they come. */
export async function rolesWritten({ rows, reading }: WholeFile): Promise<WrittenRole[]> {
  const { addRoles } = await import('./convert/rolesWritten.ts');
  const seen = new Map<string, WrittenRole>();
  for (const row of await rows.read(0, rowsWithRoles)) addRoles(row, reading, seen);
  return [...seen.values()];
}
