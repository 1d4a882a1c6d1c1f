// Rows of a Parquet file, one row group at a time: the unit in which Parquet is compressed, hence the unit of memory.
import { open } from 'node:fs/promises';
import type { AsyncBuffer } from 'hyparquet';
import { problem, ProblemError } from '../../protocol/problem.ts';
import { fileProblem, type ByteStreamOptions } from './fileBytes.ts';
import { sampleIdOf, type ReadRow } from './row.ts';

/** Throws `data/broken-parquet` when the file cannot be decoded. */
export async function* readParquetRows(
  file: string,
  shownAs: string,
  options: ByteStreamOptions,
): AsyncGenerator<ReadRow> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw fileProblem(error, shownAs);
  });
  try {
    const { parquetMetadataAsync, parquetReadObjects, compressors } = await parquetLibrary();
    const buffer: AsyncBuffer = {
      byteLength: (await handle.stat()).size,
      slice: async (start, end = buffer.byteLength) => {
        const bytes = new ArrayBuffer(Math.max(0, end - start));
        const { bytesRead } = await handle.read(new Uint8Array(bytes), 0, bytes.byteLength, start);
        return bytesRead === bytes.byteLength ? bytes : bytes.slice(0, bytesRead);
      },
    };
    const metadata = await decoded(shownAs, 'its footer', () => parquetMetadataAsync(buffer));
    let rowStart = 0;
    for (const [index, group] of metadata.row_groups.entries()) {
      options.signal?.throwIfAborted();
      const rowEnd = rowStart + Number(group.num_rows);
      const read = () => parquetReadObjects({ file: buffer, metadata, compressors, rowStart, rowEnd });
      const objects = await decoded(shownAs, `row group ${index + 1}`, read);
      for (const [i, value] of objects.entries()) {
        const line = rowStart + i + 1;
        const sampleId = sampleIdOf('parquet', shownAs, line, 0);
        yield {
          ok: true,
          row: { sampleId, file: shownAs, value: plainObject(value), line, idColumn: 0, byteOffset: 0 },
        };
      }
      rowStart = rowEnd;
      options.onBytes?.(Math.round((buffer.byteLength * (index + 1)) / metadata.row_groups.length));
    }
  } finally {
    await handle.close();
  }
}

/** Loaded with the first Parquet file: it compiles WebAssembly, for which each process would keep memory and gigabytes of addresses. */
async function parquetLibrary() {
  const [reader, { compressors }] = await Promise.all([import('hyparquet'), import('hyparquet-compressors')]);
  return { ...reader, compressors };
}

async function decoded<T>(shownAs: string, part: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    // A TypeError is the reader stumbling over bytes that mean nothing; its words would not help anyone.
    const cause = error instanceof TypeError || !(error instanceof Error) ? [] : [error.message];
    throw problem(
      'data/broken-parquet',
      `${shownAs} cannot be read as Parquet: ${part} is damaged or of an unknown kind. Write it again.`,
      { file: shownAs },
      cause,
    );
  }
}

function plainObject(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainJson(value)]));
}

/** Parquet's values as JSON has them: 64-bit integers as numbers where exact, times as ISO text, absent as null. */
function plainJson(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value))
    return value instanceof Uint8Array ? value : Array.from(value as unknown as Iterable<unknown>, plainJson);
  if (Array.isArray(value)) return value.map(plainJson);
  if (typeof value === 'object' && value !== null) return plainObject({ ...value });
  return value;
}
