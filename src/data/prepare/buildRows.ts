// Reads, converts and encodes all rows of the files into a cache entry, and reports what it met.
import { problem, type Problem, type ProblemError } from '../../protocol/problem.ts';
import type { CacheWriter } from '../cache/cacheWriter.ts';
import type { CacheSource } from '../cache/layout.ts';
import { sidecarPath } from '../exclusions.ts';
import { describeFormat, FormatVote } from '../formats/detect.ts';
import type { Format } from '../formats/format.ts';
import { sniffFile } from '../read/fileKind.ts';
import { defaultRowLimit, readRows } from '../read/readRows.ts';
import { FileEncoder } from './encodeFile.ts';
import { addCounts, noCounts, type RowCounts } from './encodeRows.ts';
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

/** Throws a ProblemError that lists the first bad rows, or when no row has anything to train. */
export async function buildRows(
  sources: readonly HashedSource[],
  writer: CacheWriter,
  options: BuildOptions,
): Promise<{ sources: CacheSource[]; extra: BuildReport }> {
  const findings = new Findings(options.findingLimit);
  let counts = noCounts;
  const files: FileReport[] = [];
  const cacheSources: CacheSource[] = [];
  const mixed: string[] = [];
  const fileEncoder = new FileEncoder(options);
  try {
    for (const [index, source] of sources.entries()) {
      const { format, formatSummary, isMixed } = await formatOf(source, options);
      const refused = options.encoder.refuses?.(format, source.shownAs);
      if (refused) throw refused;
      if (isMixed) mixed.push(`${source.shownAs} was read as ${formatSummary}`);
      const { file, shownAs, writtenAs, sha256, columns, excluded } = source;
      const sniffed = await sniffFile(file, shownAs);
      const { kind } = sniffed;
      const rowLimit = options.rowLimit ?? defaultRowLimit;
      const rowSource = { index, shownAs, kind, rowLimit, format, columns, excluded };
      const report = options.progress.file('tokenise', shownAs);
      let [rows, left] = [0, 0];
      await fileEncoder.encode(source, sniffed, rowSource, report, (part) => {
        rows += part.rows;
        left += part.leftOut;
        counts = addCounts(counts, part.counts);
        findings.addPart(part.found);
        writer.append(part.block);
      });
      if (left > 0) findings.add(leftOut(shownAs, left));
      if (!(await isUnchanged(source)))
        throw problem(
          'data/changed-while-reading',
          `${shownAs} was changed while it was read. Start again when it is complete.`,
          { file: shownAs },
        );
      files.push({ path: shownAs, writtenAs, sha256, rows, format, formatSummary });
      cacheSources.push({ path: shownAs, kind });
      options.progress.fileDone(source.bytes, rows);
    }
  } finally {
    await fileEncoder.close();
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
    report.onRows(1);
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

function nothingTrained(files: readonly FileReport[], counts: RowCounts, findings: Findings): ProblemError {
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
