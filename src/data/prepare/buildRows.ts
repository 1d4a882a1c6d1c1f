// Reads, converts and encodes all rows of the files into a cache entry, and reports what it met.
import { problem, ProblemError, type Problem } from '../../protocol/problem.ts';
import type { CacheWriter } from '../cache/cacheWriter.ts';
import { countTrained } from '../cache/cacheWriter.ts';
import type { CacheSource } from '../cache/layout.ts';
import { contentHash } from '../contentHash.ts';
import { sidecarPath } from '../exclusions.ts';
import { convertRow } from '../formats/convert.ts';
import { describeFormat, FormatVote } from '../formats/detect.ts';
import type { Format } from '../formats/format.ts';
import { sniffFile } from '../read/fileKind.ts';
import { readRows } from '../read/readRows.ts';
import { placeInRow, rowPrefix, type SourceRow } from '../read/row.ts';
import type { RowEncoder } from './encoder.ts';
import { Findings } from './findings.ts';
import { isUnchanged, type HashedSource } from './hashFiles.ts';
import { createPacer } from './pacer.ts';
import type { ProgressReporter } from './progress.ts';
import type { BuildReport, FileReport } from './report.ts';

export interface BuildOptions {
  readonly encoder: RowEncoder;
  readonly progress: ProgressReporter;
  readonly findingLimit: number;
  readonly rowLimit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Counts {
  truncatedRows: number;
  lostTokens: number;
  droppedRows: number;
  untrainedRows: number;
  storedRows: number;
}

/** Throws a ProblemError that lists the first bad rows, or when no row has anything to train. */
export async function buildRows(
  sources: readonly HashedSource[],
  writer: CacheWriter,
  options: BuildOptions,
): Promise<{ sources: CacheSource[]; extra: BuildReport }> {
  const findings = new Findings(options.findingLimit);
  const counts: Counts = { truncatedRows: 0, lostTokens: 0, droppedRows: 0, untrainedRows: 0, storedRows: 0 };
  const files: FileReport[] = [];
  const cacheSources: CacheSource[] = [];
  const mixed: string[] = [];
  for (const [index, source] of sources.entries()) {
    const { format, formatSummary, isMixed } = await formatOf(source, options);
    const refused = options.encoder.refuses?.(format, source.shownAs);
    if (refused) throw refused;
    if (isMixed) mixed.push(`${source.shownAs} was read as ${formatSummary}`);
    const report = options.progress.file('tokenise', source.shownAs);
    const pace = createPacer(options.signal, () => report.report());
    let rows = 0;
    let left = 0;
    const reading = { ...options, onBytes: report.onBytes, excluded: source.excluded, onExcluded: () => (left += 1) };
    for await (const read of readRows(source.file, source.shownAs, reading)) {
      rows += 1;
      report.onRow();
      await pace();
      if (read.ok) addRow(read.row, index, source, format, writer, options.encoder, findings, counts);
      else findings.add(read.problem);
    }
    if (left > 0) findings.add(leftOut(source.shownAs, left));
    if (!(await isUnchanged(source)))
      throw problem(
        'data/changed-while-reading',
        `${source.shownAs} was changed while it was read. Start again when it is complete.`,
        { file: source.shownAs },
      );
    const { kind } = await sniffFile(source.file, source.shownAs);
    files.push({
      path: source.shownAs,
      writtenAs: source.writtenAs,
      sha256: source.sha256,
      rows,
      format,
      formatSummary,
    });
    cacheSources.push({ path: source.shownAs, kind });
    options.progress.fileDone(source.bytes, rows);
  }
  if (findings.errors > 0) throw findings.toError(mixed);
  if (counts.storedRows === 0) throw nothingTrained(files, counts, findings);
  const { truncatedRows, lostTokens, droppedRows, untrainedRows } = counts;
  const found = { findings: findings.list, findingCounts: findings.counts };
  return { sources: cacheSources, extra: { files, truncatedRows, lostTokens, droppedRows, untrainedRows, ...found } };
}

/** The format that the config names, or the one that most rows of the file look like. */
async function formatOf(
  source: HashedSource,
  options: BuildOptions,
): Promise<{ format: Format; formatSummary: string; isMixed: boolean }> {
  if (source.format !== 'auto')
    return { format: source.format, formatSummary: `format: ${source.format}, as set`, isMixed: false };
  const report = options.progress.file('detect', source.shownAs);
  const vote = new FormatVote(source.columns);
  const bad = new Findings(options.findingLimit);
  const pace = createPacer(options.signal, () => report.report());
  const reading = { ...options, onBytes: report.onBytes, excluded: source.excluded };
  for await (const read of readRows(source.file, source.shownAs, reading)) {
    report.onRow();
    await pace();
    vote.add(read);
    if (!read.ok) bad.add(read.problem);
  }
  if (vote.isEmpty) throw bad.toError();
  const result = vote.result(source.shownAs);
  return { format: result.format, formatSummary: describeFormat(result), isMixed: result.others.length > 0 };
}

function leftOut(file: string, rows: number): Problem {
  const sidecar = sidecarPath(file);
  const message = `${rows} ${rows === 1 ? 'row is' : 'rows are'} left out, as "exclude" of ${sidecar} says.`;
  return { code: 'data/rows-excluded', severity: 'information', message, place: { file: sidecar } };
}

function addRow(
  row: SourceRow,
  source: number,
  { columns }: HashedSource,
  format: Format,
  writer: CacheWriter,
  encoder: RowEncoder,
  findings: Findings,
  counts: Counts,
): void {
  const { record, problems } = convertRow(row, format, columns);
  for (const found of problems) findings.add(found);
  if (record === undefined) return;
  try {
    const encoded = encoder.encode(record);
    for (const found of encoded.findings) findings.add(placed(found, row));
    if (encoded.isDropped) {
      counts.droppedRows += 1;
      return;
    }
    if (encoded.lostTokens > 0) {
      counts.truncatedRows += 1;
      counts.lostTokens += encoded.lostTokens;
    }
    const { tokens, mask } = encoded;
    if (encoded.isUntrained ?? countTrained(mask) === 0) {
      counts.untrainedRows += 1;
      return;
    }
    const { line, idColumn, byteOffset } = row;
    const { rejectedFrom = 0 } = encoded;
    const hash = contentHash(record);
    const fields = Buffer.from(encoded.keepsFields === true ? JSON.stringify(row.value) : '');
    writer.append({ tokens, mask, source, line, idColumn, byteOffset, rejectedFrom, hash, fields });
    counts.storedRows += 1;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    for (const found of error.problems) findings.add(placed(found, row));
  }
}

/** A problem of the whole row, unless it knows better. */
function placed(found: Problem, row: SourceRow): Problem {
  if (found.place !== undefined) return found;
  return { ...found, message: `${rowPrefix(row)}${found.message}`, place: placeInRow(row, []) };
}

function nothingTrained(files: readonly FileReport[], counts: Counts, findings: Findings): ProblemError {
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const lost =
    counts.droppedRows > 0 ? ` ${counts.droppedRows} were dropped because they are longer than data.max_length.` : '';
  const masked = counts.untrainedRows > 0 ? ` ${counts.untrainedRows} have no trained token.` : '';
  const message = `None of the ${rows} rows has anything to train.${lost}${masked} Raise data.max_length, or check data.format and data.train_on.`;
  const first = files[0] === undefined ? undefined : { file: files[0].path };
  return problem(
    'data/nothing-trained',
    message,
    first,
    findings.list.slice(0, 3).map((found) => found.message),
  );
}
