// Tells by its first bytes how the rows of a data file are laid out; the name serves only for better messages.
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { problem } from '../../protocol/problem.ts';
import { readHead } from './fileBytes.ts';
import type { FileKind } from './row.ts';
import { utf16Name } from './utf8.ts';

const headBytes = 64 * 1024;

export interface SniffedFile {
  readonly kind: FileKind;
  readonly gzip: boolean;
  /** Bytes to skip at the start of the text: 3 after a UTF-8 byte order mark. */
  readonly textStart: number;
}

/** Throws a ProblemError for an empty file and for anything that is not UTF-8 JSON or Parquet. */
export async function sniffFile(file: string, shownAs: string): Promise<SniffedFile> {
  const place = { file: shownAs };
  const stored = await readHead(file, shownAs, headBytes);
  if (stored.length === 0)
    throw problem('data/empty-file', `${shownAs} is empty. It should hold one JSON object on each line.`, place);
  const gzip = stored[0] === 0x1f && stored[1] === 0x8b;
  const head = gzip ? await unpackedHead(file) : stored;
  const foreign = foreignName(head, shownAs);
  if (foreign !== undefined)
    throw problem(
      'data/unsupported-file',
      `${shownAs} is ${foreign}. Rows are read from JSON Lines, JSON arrays (both also gzipped) and Parquet.`,
      place,
    );
  const utf16 = utf16Name(head);
  if (utf16 !== undefined)
    throw problem(
      'data/wrong-encoding',
      `${shownAs} is written in ${utf16}, as its first bytes show (byte 0). Save it as UTF-8.`,
      { ...place, line: 1, column: 1 },
    );
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') {
    if (gzip)
      throw problem(
        'data/unsupported-file',
        `${shownAs} is a gzipped Parquet file. Unpack it first; Parquet is compressed inside.`,
        place,
      );
    return { kind: 'parquet', gzip, textStart: 0 };
  }
  const textStart = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const first = head
    .subarray(textStart)
    .find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  return { kind: first === 0x5b ? 'array' : 'lines', gzip, textStart };
}

/** What a file is when it is nothing that can be read. */
function foreignName(head: Buffer, shownAs: string): string | undefined {
  const name = shownAs.toLowerCase();
  if (head.subarray(0, 4).toString('latin1') === 'PK\x03\x04')
    return name.endsWith('.xlsx') ? 'an Excel workbook' : 'a ZIP archive';
  if (head.length < 4) return undefined;
  const magic = head.readUInt32BE(0);
  if (magic === 0x28b52ffd) return 'compressed with Zstandard';
  if (magic >>> 8 === 0x425a68) return 'compressed with bzip2';
  if (magic === 0xfd377a58) return 'compressed with xz';
  if (head.subarray(0, 6).toString('latin1') === 'ARROW1') return 'an Arrow file';
  if (name.endsWith('.csv') || name.endsWith('.tsv')) return 'a table of separated values (CSV)';
  return undefined;
}

/** First unpacked bytes of a gzipped file; fewer, or none, when it is damaged: reading it says so. */
async function unpackedHead(file: string): Promise<Buffer> {
  const source = createReadStream(file);
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) return chunk;
    return Buffer.alloc(0);
  } catch {
    return Buffer.alloc(0);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
