// From files to datasets: resolves sources, tokenises through the cache, splits, repeats by weight, and reports.
import path from 'node:path';
import { problem, ProblemError, type Problem } from '../../protocol/problem.ts';
import type { CachedRows } from '../cache/cacheReader.ts';
import { viewOf, type DatasetTotals, type TokenisedDataset } from '../dataset.ts';
import type { Columns, Format } from '../formats/format.ts';
import { resolveSources, type SourceFile, type SourceSpec } from '../sources.ts';
import { lowTrainedShare } from '../template/trainingFindings.ts';
import type { RowKind } from '../../config/objective.ts';
import { repeatByWeight, splitRows, type Split } from '../split.ts';
import type { RowEncoder } from './encoder.ts';
import type { Severities } from './severities.ts';
import { preparePart, type PartOptions } from './preparePart.ts';
import type { PrepareProgress } from './progress.ts';
import type { DatasetReport } from './report.ts';

/** The `data` block of a config, as far as files and rows go. */
export interface RowsRequest {
  /** Folder of the config file: paths are relative to it. */
  readonly baseDirectory: string;
  readonly train: string | readonly SourceSpec[];
  /** A share of train in [0, 1), or a path or glob; absent or 0 = no validation. */
  readonly validation?: number | string | undefined;
  readonly format: Format | 'auto';
  readonly columns: Columns;
  /** How loud findings are, by code. What keeps rows from being read is an error in any case. */
  readonly severities?: Severities | undefined;
  /** The cache folder of the program; entries lie in its `data` folder. */
  readonly cacheDirectory: string;
  /** What the objective wants a row to be; `single` unless told. */
  readonly rows?: RowKind | undefined;
}

export interface PrepareControls {
  readonly onProgress?: ((progress: PrepareProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Problems kept and listed of each severity; 20 unless told. */
  readonly findingLimit?: number | undefined;
  /** Bytes of the longest row that is read. */
  readonly rowLimit?: number | undefined;
}

export interface PreparedData {
  readonly train: TokenisedDataset;
  readonly validation?: TokenisedDataset;
  readonly report: DatasetReport;
  /** Closes the cache files; rows cannot be read afterwards. */
  close(): void;
}

/** Throws a ProblemError: files that cannot be read, rows that cannot be used, nothing to train. */
export async function prepareRows(
  request: RowsRequest,
  encoder: RowEncoder,
  controls: PrepareControls = {},
): Promise<PreparedData> {
  const options: PartOptions = {
    ...controls,
    encoder,
    severities: request.severities ?? {},
    cacheDirectory: path.join(request.cacheDirectory, 'data'),
    findingLimit: controls.findingLimit ?? 20,
  };
  const { validation } = request;
  // Of prompts nothing is trained, and nobody has to be told.
  const severities =
    request.rows === 'prompt'
      ? { ...request.severities, 'training/low-trained-share': 'off' as const }
      : request.severities;
  const sources = await resolveSources(request.train, request.baseDirectory, request);
  const validationSources =
    typeof validation === 'string' ? await resolveSources(validation, request.baseDirectory, request) : undefined;
  const part = await preparePart(sources, options);
  const opened = [part.rows];
  try {
    const split = splitRows(part.rows.fractions(0), typeof validation === 'number' ? validation : 0);
    const train = viewOf(part.rows, weighted(split.train, part.rows, sources));
    if (train.length === 0)
      throw problem(
        'data/nothing-trained',
        'The weights of data.train leave no row to train on. Raise data.train[].weight.',
      );
    if (validationSources === undefined) return shareOfTrain(part, split, train, sources, severities);
    const second = await preparePart(validationSources, options);
    opened.push(second.rows);
    const held = viewOf(
      second.rows,
      Uint32Array.from({ length: second.rows.length }, (_, row) => row),
    );
    const leakedRows = countShared(second.rows, part.rows);
    const findings = [
      ...part.report.findings,
      ...second.report.findings,
      ...leakFinding(leakedRows, held.length, validationSources),
      ...shareFinding(train.totals, sources, severities),
    ];
    const report = {
      train: part.report,
      validation: second.report,
      trainTotals: train.totals,
      validationTotals: held.totals,
      leakedRows,
      findings,
    };
    return { train, validation: held, report, close: () => opened.forEach((rows) => rows.close()) };
  } catch (error) {
    for (const rows of opened) rows.close();
    throw error;
  }
}

function shareOfTrain(
  part: Awaited<ReturnType<typeof preparePart>>,
  split: Split,
  train: TokenisedDataset,
  sources: readonly SourceFile[],
  severities: Severities | undefined,
): PreparedData {
  const close = () => part.rows.close();
  const findings = [...part.report.findings, ...shareFinding(train.totals, sources, severities)];
  const report = { train: part.report, trainTotals: train.totals, leakedRows: 0, findings };
  if (split.validation.length === 0) return { train, report, close };
  const validation = viewOf(part.rows, split.validation);
  return { train, validation, report: { ...report, validationTotals: validation.totals }, close };
}

function weighted(rows: Uint32Array, cached: CachedRows, sources: readonly SourceFile[]): Uint32Array {
  if (sources.every((source) => source.weight === 1)) return rows;
  const fractions = cached.fractions(1);
  return repeatByWeight(
    rows,
    (row) => sources[cached.source(row)]!.weight,
    (row) => fractions[row]!,
  );
}

/** Rows of one part whose content is also in the other. */
function countShared(part: CachedRows, other: CachedRows): number {
  const known = new Set(other.fractions(0));
  return part.fractions(0).reduce((count, fraction) => count + (known.has(fraction) ? 1 : 0), 0);
}

/** Throws a ProblemError when a low share is wanted to be an error. */
function shareFinding(
  { tokens, trainedTokens }: DatasetTotals,
  sources: readonly SourceFile[],
  severities: Severities = {},
): Problem[] {
  const found = lowTrainedShare(tokens, trainedTokens);
  const severity = found && (severities[found.code] ?? found.severity);
  if (found === undefined || severity === undefined || severity === 'off') return [];
  const [first] = sources;
  const told = { ...found, severity, ...(first ? { place: { file: first.shownAs } } : {}) };
  if (severity === 'error') throw new ProblemError([told]);
  return [told];
}

function leakFinding(leaked: number, rows: number, sources: readonly SourceFile[]): Problem[] {
  if (leaked === 0) return [];
  const message = `${leaked} of the ${rows} validation rows are also in data.train, so the validation loss will look better than it is. Remove them from one of the two.`;
  const first = sources[0];
  return [
    { code: 'data/leaked-rows', severity: 'warning', message, ...(first ? { place: { file: first.shownAs } } : {}) },
  ];
}
