// Lints a data file of any size: memory for facts of rows, not for rows; large JSON Lines files on several threads.
import { stat } from 'node:fs/promises';
import { ArraySplitter } from '../data/read/arraySplitter.ts';
import { gunzippedBytes, rawBytes } from '../data/read/fileBytes.ts';
import { sniffFile, type SniffedFile } from '../data/read/fileKind.ts';
import { LineSplitter } from '../data/read/lineSplitter.ts';
import { readParquetRows } from '../data/read/parquet.ts';
import { defaultRowLimit, readRows } from '../data/read/readRows.ts';
import type { Splitter } from '../data/read/textPiece.ts';
import { looksLike, type Looks } from '../data/formats/detect.ts';
import { problem } from '../protocol/problem.ts';
import { factChoice, FactTable, type FactColumns } from './facts.ts';
import { collectFindings, lintFile } from './file.ts';
import { lineContext } from './line.ts';
import { mixedLineEnd } from './lineEnds.ts';
import { checkParts } from './parts.ts';
import { RowReader, type PartResult } from './rowReader.ts';
import { severityOf, type LintSettings } from './settings.ts';
import { Tally, type CodeCount } from './tally.ts';
import { Votes } from './votes.ts';

export interface CheckProgress {
  readonly file: string;
  /** Rows are read, then those of the whole file are compared. */
  readonly phase: 'read' | 'compare';
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

export interface CheckFileOptions {
  readonly settings: LintSettings;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
  /** Findings of a code that are kept with their places; 5 unless told. */
  readonly places?: number | undefined;
  /** Worker threads for large files; the default is 2. 0 keeps everything in this thread. */
  readonly threads?: number;
}

export interface FileLint {
  readonly file: string;
  readonly bytes: number;
  readonly rows: number;
  readonly format: Looks | undefined;
  readonly counts: readonly CodeCount[];
  /** For comparisons with other files. */
  readonly facts: FactColumns;
}

/** Smaller files are not worth the start of a thread. */
const worthThreads = 16 * 2 ** 20;

/** Throws a ProblemError for a file that is no dataset at all, and the signal's reason. `shownAs`: name in messages. */
export async function checkFile(file: string, shownAs: string, options: CheckFileOptions): Promise<FileLint> {
  const sniffed = await sniffFile(file, shownAs);
  const { settings } = options;
  const isSet = settings.format !== 'auto';
  const format = settings.format === 'auto' ? await firstVotes(file, shownAs, settings) : settings.format;
  const read = await readRowsOf(file, shownAs, sniffed, format, options);
  // All rows vote, as when they are trained; where the first ones mislead, the file is read once more.
  const { winner } = read.votes;
  const isMisled = !isSet && winner !== undefined && winner !== format;
  const { tally, facts, bytes } = isMisled ? await readRowsOf(file, shownAs, sniffed, winner, options) : read;
  if (facts.rows === 0 && tally.counts.length === 0)
    throw problem('data/empty-file', `${shownAs} holds no rows.`, { file: shownAs });
  const onTurn = (): void =>
    options.onProgress?.({ file: shownAs, phase: 'compare', bytesRead: bytes, bytesTotal: bytes });
  const { signal } = options;
  await collectFindings(lintFile(facts.columns, settings), (finding) => tally.add(finding), { signal, onTurn });
  const counts = tally.counts;
  return { file: shownAs, bytes, rows: facts.rows, format: isSet ? format : winner, counts, facts: facts.columns };
}

interface ReadRows {
  readonly tally: Tally;
  readonly facts: FactTable;
  readonly votes: Votes;
  readonly bytes: number;
}

/** All rows, as rows of `format`. */
async function readRowsOf(
  file: string,
  shownAs: string,
  sniffed: SniffedFile,
  format: Looks | undefined,
  options: CheckFileOptions,
): Promise<ReadRows> {
  const { settings, signal, onProgress, threads = 2 } = options;
  const bytes = (await stat(file)).size;
  const progress = (bytesRead: number): void =>
    onProgress?.({ file: shownAs, phase: 'read', bytesRead, bytesTotal: bytes });
  const [tally, facts, votes] = [
    new Tally(options.places),
    new FactTable(factChoice(settings).signatures),
    new Votes(),
  ];
  let [firstLf, firstCrlf] = [0, 0];
  const merge = (part: PartResult, lineBase: number): void => {
    for (const count of part.counts) tally.addCount(count, lineBase);
    facts.append(part.facts, lineBase);
    votes.addAll(part.votes);
    if (part.firstLf > 0) firstLf ||= part.firstLf + lineBase;
    if (part.firstCrlf > 0) firstCrlf ||= part.firstCrlf + lineBase;
  };
  const isSplittable = sniffed.kind === 'lines' && !sniffed.gzip && bytes >= worthThreads && threads > 0;
  if (isSplittable)
    await checkParts({ file, settings, format, places: options.places }, bytes, {
      threads,
      signal,
      onProgress: progress,
      merge,
    });
  else merge(await readInThread(file, shownAs, sniffed, { ...options, format, progress }), 0);
  const severity = severityOf('form/mixed-line-ends', settings);
  if (firstLf > 0 && firstCrlf > 0 && severity !== 'off') {
    const ends =
      firstLf > firstCrlf ? ({ here: '\n', before: '\r\n' } as const) : ({ here: '\r\n', before: '\n' } as const);
    tally.add(mixedLineEnd(Math.max(firstLf, firstCrlf), 0, ends, severity));
  }
  return { tally, facts, votes, bytes };
}

/** Readable rows at the beginning of a file whose votes are believed until all are counted. */
const votingRows = 1000;

async function firstVotes(file: string, shownAs: string, { columns }: LintSettings): Promise<Looks | undefined> {
  const votes = new Votes();
  let [counted, read] = [0, 0];
  for await (const row of readRows(file, shownAs)) {
    read += 1;
    if (row.ok) {
      votes.add(looksLike(row.row.value, columns));
      counted += 1;
    }
    if (counted === votingRows || read === 10 * votingRows) break;
  }
  return votes.winner;
}

interface ReadInThread extends CheckFileOptions {
  readonly format: Looks | undefined;
  readonly progress: (bytesRead: number) => void;
}

async function readInThread(
  file: string,
  shownAs: string,
  { kind, gzip, textStart }: SniffedFile,
  { settings, format, signal, progress, places }: ReadInThread,
): Promise<PartResult> {
  const reader = new RowReader(lineContext(settings, format), kind, places);
  const options = { signal, onBytes: progress };
  if (kind === 'parquet') {
    for await (const row of readParquetRows(file, shownAs, options))
      if (row.ok) reader.addValue(row.row.value, row.row.line);
    return reader.result;
  }
  const splitter: Splitter =
    kind === 'array' ? new ArraySplitter(shownAs, defaultRowLimit, textStart) : new LineSplitter(defaultRowLimit);
  let toSkip = kind === 'array' ? textStart : 0;
  for await (const chunk of gzip ? gunzippedBytes(file, shownAs, options) : rawBytes(file, shownAs, options)) {
    const text = chunk.subarray(toSkip);
    toSkip -= chunk.length - text.length;
    for (const piece of splitter.push(text)) reader.add(piece, false);
  }
  for (const piece of splitter.end()) reader.add(piece, kind === 'lines');
  return reader.result;
}
