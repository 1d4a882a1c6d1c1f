// Tokenises the files of one part (train, or a validation file), or finds that this was done before.
import { stat } from 'node:fs/promises';
import { canonicalJson } from '../contentHash.ts';
import { sha256 } from '../cache/cacheWriter.ts';
import type { CachedRows } from '../cache/cacheReader.ts';
import { buildCached, findCached } from '../cache/cacheStore.ts';
import { layoutVersion } from '../cache/layout.ts';
import type { SourceFile } from '../sources.ts';
import { buildRows } from './buildRows.ts';
import type { RowEncoder } from './encoder.ts';
import { hashSources, type HashedSource } from './hashFiles.ts';
import { lengthStatistics } from './lengths.ts';
import { withSeverities, type Severities } from './severities.ts';
import { ProgressReporter, type PrepareProgress } from './progress.ts';
import { isBuildReport, type BuildReport, type PartReport } from './report.ts';

export interface PartOptions {
  readonly encoder: RowEncoder;
  /** Folder of cache entries; made when it is not there. */
  readonly cacheDirectory: string;
  readonly severities: Severities;
  readonly findingLimit: number;
  readonly rowLimit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PrepareProgress) => void) | undefined;
}

export interface PreparedPart {
  readonly rows: CachedRows;
  readonly report: PartReport;
}

export async function preparePart(sources: readonly SourceFile[], options: PartOptions): Promise<PreparedPart> {
  const bytesTotal = await totalBytes(sources);
  const hashed = await hashSources(sources, {
    signal: options.signal,
    onBytes: (bytesRead) =>
      options.onProgress?.({
        phase: 'hash',
        file: sources[0]?.shownAs ?? '',
        bytesRead,
        bytesTotal,
        rows: 0,
        estimatedRows: 0,
      }),
  });
  const key = cacheKey(hashed, options.encoder);
  const found = await findCached(options.cacheDirectory, key);
  if (found !== undefined) {
    if (isBuildReport(found.extra)) return { rows: found, report: told(found, found.extra, hashed, options, true) };
    found.close();
  }
  const progress = new ProgressReporter(bytesTotal, options.onProgress);
  let report: BuildReport | undefined;
  const rows = await buildCached(options.cacheDirectory, key, async (writer) => {
    const built = await buildRows(hashed, writer, { ...options, progress });
    report = built.extra;
    return built;
  });
  return { rows, report: told(rows, report!, hashed, options, false) };
}

/** The report as loud as the config wants it. Throws what it wants to be errors; then the rows are closed. */
function told(
  rows: CachedRows,
  report: BuildReport,
  hashed: readonly HashedSource[],
  { severities, findingLimit }: PartOptions,
  fromCache: boolean,
): PartReport {
  try {
    return withSeverities(partReport(rows, report, hashed, fromCache), severities, findingLimit);
  } catch (error) {
    rows.close();
    throw error;
  }
}

/** The weights of files are no part of it: they choose among the rows that are stored. */
function cacheKey(sources: readonly HashedSource[], encoder: RowEncoder): string {
  const files = sources.map(({ shownAs, sha256: hash, format, columns, excluded }) => {
    const without = excluded.size === 0 ? {} : { excluded: [...excluded].sort() };
    return { shownAs, hash, format, columns, ...without };
  });
  return sha256(canonicalJson({ layoutVersion, files, encoder: encoder.identity }));
}

function partReport(
  rows: CachedRows,
  report: BuildReport,
  sources: readonly HashedSource[],
  fromCache: boolean,
): PartReport {
  const lengths = Uint32Array.from({ length: rows.length }, (_, row) => rows.tokenCount(row));
  let trainedTokens = 0;
  for (let row = 0; row < rows.length; row += 1) trainedTokens += rows.trainedCount(row);
  return {
    ...report,
    totals: { rows: rows.length, tokens: lengths.reduce((a, b) => a + b, 0), trainedTokens },
    lengths: lengthStatistics(lengths),
    duplicateRows: countDuplicates(rows.fractions(0)),
    fromCache,
    hashes: { data: sha256(sources.map((source) => source.sha256).join('\n')), ...rows.hashes },
  };
}

/** Equal contents have equal fractions; 48 bits make a chance meeting unlikely up to millions of rows. */
function countDuplicates(fractions: Float64Array): number {
  const sorted = fractions.sort();
  let count = 0;
  for (let i = 1; i < sorted.length; i += 1) if (sorted[i] === sorted[i - 1]) count += 1;
  return count;
}

async function totalBytes(sources: readonly SourceFile[]): Promise<number> {
  const sizes = await Promise.all(
    sources.map(async ({ file }) => (await stat(file).catch(() => undefined))?.size ?? 0),
  );
  return sizes.reduce((a, b) => a + b, 0);
}
