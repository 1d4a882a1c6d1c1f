// One dataset that is looked at: its state as the panel shows it, and the answers to what the panel asks.
import { setTimeout as wait } from 'node:timers/promises';
import { isAbortError, sentenceOf } from './sentences.ts';
import type { Looks } from '../data/formats/detect.ts';
import { looksOfRows } from './looks.ts';
import type { PreviewQuery, PreviewState, RowDetail, RowSummary } from '../protocol/previewViews.ts';
import type { WholeFile } from './wholeFile.ts';
import type { Governing } from './governing.ts';
import { chosenRows } from './chosenRows.ts';
import { findRows, isEmptyQuery } from './query.ts';
import { idOf, plainReading, readValue, type Reading, type ReadValue } from './readRow.ts';
import { RowFile, type RowBytes } from './rowFile.ts';
import { detailOf, summaryOf } from './rowView.ts';
import { noSidecar, readSidecar, writeExclusions, type SidecarState } from './sidecarFile.ts';
import { findingsOf } from './rowFindings.ts';
import type { StatisticsCollector } from './statistics/collect.ts';
import { rowTokens } from './rowTokens.ts';
import type { SessionSource } from './workerMessages.ts';

/** Rows whose fields and formats stand for the file until statistics are made. */
const votingRows = 200;

export class PreviewSession {
  private readonly source: SessionSource;
  private readonly onState: (state: PreviewState) => void;
  private rows: RowFile | undefined;
  private ending = new AbortController();
  private querying: AbortController | undefined;
  private counting: AbortController | undefined;
  private version = 1;
  private problem: string | undefined;
  private looks: Looks[] = [];
  private fields: string[] = [];
  private sidecar: SidecarState = noSidecar;
  private governing: Governing | undefined;
  private configProblem: string | undefined;
  private query: PreviewQuery | undefined;
  private found: Uint32Array | undefined;
  private queryProblem: string | undefined;
  private queryTask: { done: number; total: number } | undefined;
  private collector: StatisticsCollector | undefined;
  private statistics: PreviewState['statistics'] = null;
  private statisticsTask: { done: number; total: number } | undefined;
  private telling = false;
  private indexing: Promise<void> = Promise.resolve();
  private governed: Promise<void> = Promise.resolve();

  /** `onState` is called at most every few hundredths of a second. */
  constructor(source: SessionSource, onState: (state: PreviewState) => void) {
    this.source = source;
    this.onState = onState;
  }

  /** Opens the file; resolves when the first rows can be asked for, and goes on in the background. Never throws. */
  async start(): Promise<void> {
    await this.readSidecar();
    await this.openRows();
    this.governed = this.govern();
  }

  get state(): PreviewState {
    const { source, rows } = this;
    const isQuery = this.query !== undefined;
    return {
      name: source.name,
      kind: rows?.kind ?? 'lines',
      isGzip: rows?.isGzip ?? false,
      bytes: rows?.size ?? 0,
      version: this.version,
      rows: rows?.rowCount ?? 0,
      isIndexed: rows?.isIndexed ?? false,
      indexed: rows === undefined || rows.size === 0 ? 0 : Math.min(1, rows.indexedBytes / rows.size),
      ...(this.problem === undefined ? {} : { problem: this.problem }),
      looks: looksOfRows(this.looks) ?? 'unknown',
      fields: this.fields,
      excluded: this.sidecar.excluded.size,
      configs: source.configs.map(({ name }) => name),
      config: this.governing?.shown ?? null,
      ...(this.configProblem === undefined ? {} : { configProblem: this.configProblem }),
      view: {
        isQuery,
        rows: isQuery ? (this.found?.length ?? 0) : (rows?.rowCount ?? 0),
        ...(this.queryTask === undefined ? {} : { task: this.queryTask }),
        ...(this.queryProblem === undefined ? {} : { problem: this.queryProblem }),
      },
      statistics: this.statistics,
      ...(this.statisticsTask === undefined ? {} : { statisticsTask: this.statisticsTask }),
    };
  }

  /** Rows of the view by position. */
  async page(from: number, count: number): Promise<readonly RowSummary[]> {
    const { reading } = this;
    const found: RowSummary[] = [];
    if (!this.rows) return found;
    const wanted = this.query ? (this.found ?? new Uint32Array()).slice(from, from + count) : undefined;
    const rows = wanted ? chosenRows(this.rows, wanted) : await this.rows.read(from, count);
    for await (const row of rows) found.push(summaryOf(row, reading, this.sidecar.excluded));
    return found;
  }

  async detail(number: number): Promise<RowDetail> {
    const row = await this.row(number);
    const { reading, governing } = this;
    const detail = detailOf(row, reading, this.sidecar.excluded);
    const settings = { reading, lint: this.lintSettings, options: governing?.options };
    const findings = findingsOf(row, settings, this.looks);
    return { ...detail, findings, ...rowTokens(row, reading, governing?.options, this.configProblem ?? '') };
  }

  /** Position of a row in the view; -1 when it is not in it. */
  position(row: number): number {
    return this.query ? (this.found?.indexOf(row) ?? -1) : row < (this.rows?.rowCount ?? 0) ? row : -1;
  }

  async rowOfLine(line: number): Promise<number> {
    return (await this.rows?.rowOfLine(line)) ?? 0;
  }

  /** Line and column of a row, from 1; no line for what has no text of its own. */
  async place(number: number): Promise<{ line?: number; column?: number }> {
    const { line, column } = await this.row(number);
    return this.rows?.kind === 'parquet' || this.rows?.isGzip ? {} : { line, column };
  }

  async text(number: number): Promise<string> {
    return (await this.row(number)).bytes.toString('utf8');
  }

  /** Begins a query; what it finds comes with the states. */
  ask(query: PreviewQuery): void {
    this.querying?.abort();
    this.query = isEmptyQuery(query) ? undefined : query;
    this.found = undefined;
    this.queryProblem = undefined;
    this.queryTask = undefined;
    this.version += 1;
    if (this.query) void this.runQuery(this.query);
    this.tell();
  }

  private async runQuery(query: PreviewQuery): Promise<void> {
    const mine = (this.querying = new AbortController());
    const total = this.rows?.rowCount ?? 0;
    this.queryTask = { done: 0, total };
    try {
      const { reading, governing } = this;
      const context = {
        reading,
        excluded: this.sidecar.excluded,
        options: governing?.options,
        findings: this.collector?.findingRows ?? new Map<string, Set<number>>(),
      };
      const found = await findRows(this.rows!, query, context, {
        signal: mine.signal,
        random: Math.random,
        onProgress: ({ done }) => {
          if (this.querying === mine) this.queryTask = { done, total };
          this.tell();
        },
      });
      if (this.querying === mine) this.found = found;
    } catch (error) {
      if (this.querying === mine && !isAbortError(error)) this.queryProblem = sentenceOf(error);
    }
    if (this.querying !== mine) return;
    this.querying = undefined;
    this.queryTask = undefined;
    this.version += 1;
    this.tell();
  }

  /** Begins statistics over a sample, or over all rows. */
  count(all: boolean): void {
    this.counting?.abort();
    void this.runStatistics(all);
  }

  private async runStatistics(all: boolean): Promise<void> {
    const mine = (this.counting = new AbortController());
    this.statistics = null;
    this.statisticsTask = { done: 0, total: 0 };
    this.tell();
    try {
      // What statistics, configs and conversions need is loaded when it is asked for: the first rows come sooner.
      const { collectStatistics } = await import('./statistics/run.ts');
      const { reading, governing } = this;
      const settings = { reading, lint: this.lintSettings, options: governing?.options };
      await collectStatistics(this.rows!, settings, this.looks, all, {
        signal: mine.signal,
        random: Math.random,
        onProgress: (collector, task, statistics) => {
          if (this.counting !== mine) return;
          this.collector = collector;
          this.statisticsTask = task;
          if (statistics) this.statistics = statistics;
          this.tell();
        },
      });
    } catch (error) {
      if (this.counting === mine && !isAbortError(error)) this.problem = sentenceOf(error);
    }
    if (this.counting !== mine) return;
    this.counting = undefined;
    this.statisticsTask = undefined;
    this.tell();
  }

  /** Ends what goes over the rows. */
  cancel(): void {
    this.querying?.abort();
    this.counting?.abort();
  }

  /** Makes another config govern the file; throws when it has no such name. */
  async useConfig(name: string): Promise<void> {
    const chosen = this.source.configs.find((config) => config.name === name);
    if (!chosen) throw new Error(`There is no config ${name}.`);
    await this.openConfig(chosen);
  }

  async exclude(numbers: readonly number[], excluded: boolean): Promise<void> {
    const changes = [];
    if (this.rows)
      for await (const row of chosenRows(this.rows, numbers))
        changes.push({ id: idOf(row, readValue(row, this.reading)), excluded, note: `line ${row.line}` });
    await writeExclusions(this.source.file, changes);
    await this.readSidecar();
    this.version += 1;
    this.tell();
  }

  /** Leaves out, or takes back, every row of the view. */
  excludeView = (excluded: boolean): Promise<void> => this.exclude(this.viewRows(), excluded);

  /** The file once every row of it is known, and its config too: what is written must be all of it. Throws what is wrong. */
  async whole(): Promise<WholeFile> {
    await Promise.all([this.indexing, this.governed]);
    const { rows, reading, ending } = this;
    if (!rows?.isIndexed) throw new Error(this.problem ?? 'The file cannot be read.');
    return { rows, reading, signal: ending.signal };
  }

  /** Numbers of the rows that are shown. Throws while they are still being searched: it would be a part of them. */
  viewRows(): number[] {
    if (this.queryTask) throw new Error('The search is still going on. Try again when it has ended.');
    return this.query ? [...(this.found ?? [])] : Array.from({ length: this.rows?.rowCount ?? 0 }, (_, row) => row);
  }

  /** Looks at file and sidecar again, when somebody has seen them change. */
  async refresh(): Promise<void> {
    const excluded = this.sidecar.excluded;
    await this.readSidecar();
    const changed = await this.rows?.follow(this.ending.signal).catch(() => 'other' as const);
    if (changed === 'other' || this.rows === undefined) await this.reopen();
    else if (changed === 'grown' || excluded.size !== this.sidecar.excluded.size) {
      this.version += 1;
      this.tell();
    }
  }

  async close(): Promise<void> {
    this.ending.abort();
    this.cancel();
    await this.rows?.close();
  }

  private get reading(): Reading {
    return this.governing?.reading ?? plainReading;
  }

  private get lintSettings(): SidecarState['lint'] {
    const { reading, governing, sidecar } = this;
    const severities = { ...governing?.severities, ...sidecar.lint.severities };
    return { ...sidecar.lint, severities, columns: reading.columns, format: reading.format };
  }

  private async row(number: number): Promise<RowBytes> {
    const [row] = (await this.rows?.read(number, 1)) ?? [];
    if (!row) throw new Error(`There is no row ${number + 1}.`);
    return row;
  }

  private async openRows(): Promise<void> {
    const { signal } = this.ending;
    try {
      const rows = await RowFile.open(this.source.file, this.source.name);
      this.rows = rows;
      this.problem = undefined;
      let isVoted = false;
      await new Promise<void>((resolve, reject) => {
        this.indexing = rows
          .index(() => {
            this.tell();
            if (isVoted || rows.rowCount < 2) return;
            isVoted = true;
            this.vote().then(resolve, reject);
          }, signal)
          .then(async () => {
            await this.vote();
            if (rows.rowCount === 0) this.problem ??= `${this.source.name} holds no rows.`;
            this.version += 1;
            this.tell();
            resolve();
          })
          .catch((error: unknown) => {
            if (!isAbortError(error)) this.problem = sentenceOf(error);
            this.tell();
            resolve();
          });
      });
    } catch (error) {
      this.problem = sentenceOf(error);
    }
    this.tell();
  }

  private async reopen(): Promise<void> {
    this.ending.abort();
    this.cancel();
    this.ending = new AbortController();
    await this.rows?.close();
    this.rows = undefined;
    this.statistics = null;
    this.version += 1;
    await this.openRows();
    if (this.query) void this.runQuery(this.query);
  }

  /** Fields and formats of the first rows. */
  private async vote(): Promise<void> {
    const first = (await this.rows?.read(0, votingRows)) ?? [];
    const values = first.filter(({ byteLength }) => byteLength < 1 << 20).map((row) => readValue(row, this.reading));
    const read = values.filter((value): value is ReadValue => !('problem' in value));
    this.looks = read.map(({ looks }) => looks);
    this.fields = [...new Set(read.flatMap(({ value }) => Object.keys(value)))].slice(0, 200);
  }

  private async readSidecar(): Promise<void> {
    try {
      this.sidecar = await readSidecar(this.source.file);
    } catch (error) {
      this.problem = sentenceOf(error);
    }
  }

  /** Lets the first config that names the file govern it. */
  private async govern(): Promise<void> {
    const { file, configs } = this.source;
    if (configs.length === 0) return;
    const { configsNaming } = await import('./governing.ts');
    const naming = await configsNaming(
      file,
      configs.map((config) => config.file),
    );
    const chosen = configs.find((config) => config.file === naming[0]);
    if (chosen) await this.openConfig(chosen);
  }

  private async openConfig({ file, name }: SessionSource['configs'][number]): Promise<void> {
    try {
      const { openGoverning } = await import('./governing.ts');
      this.governing = await openGoverning(file, name, this.source.file);
      this.configProblem = undefined;
    } catch (error) {
      this.governing = undefined;
      this.configProblem = `${name}: ${sentenceOf(error)}`;
    }
    await this.vote();
    this.statistics = null;
    this.version += 1;
    this.tell();
  }

  /** Says the state soon: many changes are one message. */
  private tell(): void {
    if (this.telling) return;
    this.telling = true;
    void wait(40).then(() => {
      this.telling = false;
      this.onState(this.state);
    });
  }
}
