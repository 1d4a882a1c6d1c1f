// Statistics of a dataset, row by row: lengths, trained share, turns, languages, labels, duplicates, findings, columns.
import { FactTable } from '../../lint/facts.ts';
import { languageOf, languages } from '../../lint/language.ts';
import { lintFile } from '../../lint/file.ts';
import type { Finding } from '../../lint/finding.ts';
import { lineContext, lintLine, type LineContext } from '../../lint/line.ts';
import { lintTraining } from '../../lint/training.ts';
import type { EncodeOptions } from '../../data/template/encodeRecord.ts';
import type { Looks } from '../../data/formats/detect.ts';
import { formats } from '../../data/formats/format.ts';
import { typeName } from '../../data/read/parseRow.ts';
import { ProblemError } from '../../protocol/problem.ts';
import type { Bucket, PreviewFinding, PreviewStatistics } from '../../protocol/previewViews.ts';
import { looksOfRows } from '../looks.ts';
import { readValue, recordOf, textsOf } from '../readRow.ts';
import type { RowBytes } from '../rowFile.ts';
import { conversationIn } from '../rowView.ts';
import { lengthsOf } from '../tokenView.ts';
import { largestLooked, type RowSettings } from '../rowFindings.ts';
import { LengthCounter } from './lengths.ts';

/** Answers longer than this are no labels, and more different ones than these are none either. */
const longestLabel = 40;
const mostLabels = 50;
/** Rows that are remembered for each code, for the filter by finding. */
const mostRows = 200_000;

export class StatisticsCollector {
  /** Rows of each code, for the filter. */
  readonly findingRows = new Map<string, Set<number>>();
  private readonly settings: RowSettings;
  private context: LineContext;
  private readonly facts: FactTable;
  private readonly rowOfLine = new Map<number, number>();
  private readonly severities = new Map<string, PreviewFinding['severity']>();
  private readonly lengths = new LengthCounter();
  private readonly roles = new Map<string, LengthCounter>();
  private readonly turns = new Map<number, number>();
  private readonly languages = new Map<string, number>();
  private labels: Map<string, number> | undefined = new Map<string, number>();
  private readonly columns = new Map<string, { rows: number; types: Map<string, number> }>();
  private rows = 0;
  private broken = 0;
  private refused = 0;
  private untrained = 0;
  private readable = 0;
  private tokens = 0;
  private trained = 0;
  private duplicates = 0;

  /** `looks`: what the rows are, as the first of them have voted. */
  constructor(settings: RowSettings, looks: readonly Looks[]) {
    this.settings = settings;
    const format = settings.lint.format === 'auto' ? looksOfRows(looks) : settings.lint.format;
    this.context = lineContext(settings.lint, format);
    this.facts = new FactTable(this.context.facts.signatures);
  }

  add(row: RowBytes): void {
    this.rows += 1;
    if (row.byteLength > largestLooked) return;
    const read = readValue(row, this.settings.reading);
    const text = row.bytes.toString('utf8');
    const origin = { line: row.line, column: row.column };
    const { findings, facts } = lintLine(text, origin, this.context);
    for (const finding of findings) this.report(finding, row.row);
    if (facts) {
      this.facts.add(row.line, text.length, facts);
      this.rowOfLine.set(row.line, row.row);
    }
    if ('problem' in read) {
      this.broken += 1;
      return;
    }
    this.readable += 1;
    this.addColumns(read.value);
    const conversation = conversationIn(read, this.settings.reading);
    this.turns.set(conversation.length, (this.turns.get(conversation.length) ?? 0) + 1);
    const answer = conversation.findLast(({ speaker }) => speaker === 'assistant' || speaker === 'text')?.text ?? '';
    if (answer !== '') {
      const language = languages[languageOf(answer)] ?? 'none';
      this.languages.set(language, (this.languages.get(language) ?? 0) + 1);
      this.addLabel(answer.trim());
    }
    if (this.settings.options) this.addTokens(row, read, text, this.settings.options);
    else this.addCharacters(read.value, conversation);
  }

  /** What only all rows together show; called once, when every row has been added. */
  finish(): void {
    for (const finding of lintFile(this.facts.columns, this.settings.lint)) {
      if (finding === undefined) continue;
      this.report(finding, this.rowOfLine.get(finding.line) ?? 0);
      if (finding.code === 'quality/duplicate') this.duplicates += 1;
    }
  }

  result(ofRows: number, isDone: boolean): PreviewStatistics {
    const { rows, broken, refused, untrained, duplicates, readable } = this;
    const columns = [...this.columns].map(([name, { rows: having, types }]) => ({
      name,
      types: [...types].sort(([, a], [, b]) => b - a).map(([type]) => type),
      share: readable === 0 ? 0 : having / readable,
    }));
    return {
      ...{ rows, ofRows, isSample: rows < ofRows && isDone, isDone, broken, refused, untrained, duplicates },
      unit: this.settings.options ? 'tokens' : 'characters',
      lengths: this.lengths.histogram('row'),
      roles: [...this.roles].map(([of, counter]) => counter.histogram(of)),
      trainedShare: this.settings.options && this.tokens > 0 ? this.trained / this.tokens : null,
      turns: [...this.turns].sort(([a], [b]) => a - b).map(([name, count]) => ({ name: String(name), rows: count })),
      languages: buckets(this.languages, 12),
      labels: this.labels && this.labels.size < readable / 2 ? buckets(this.labels, mostLabels) : [],
      findings: [...this.findingRows]
        .map(([name, found]) => ({ name, rows: found.size, severity: this.severities.get(name) ?? 'warning' }))
        .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.rows - a.rows),
      columns: columns.sort((a, b) => b.share - a.share).slice(0, 200),
    };
  }

  private report({ code, severity }: Pick<Finding, 'code' | 'severity'>, row: number): void {
    const rows = this.findingRows.get(code) ?? new Set();
    if (rows.size < mostRows) rows.add(row);
    this.findingRows.set(code, rows);
    this.severities.set(code, severity);
  }

  private addTokens(
    row: RowBytes,
    read: { value: Readonly<Record<string, unknown>>; looks: Looks },
    text: string,
    options: EncodeOptions,
  ): void {
    const { reading, lint } = this.settings;
    const { record } = recordOf(read, reading);
    if (!record) return;
    const format = reading.format === 'auto' ? formats.find((each) => each === read.looks) : reading.format;
    if (format) {
      const origin = { line: row.line, column: row.column };
      const { findings } = lintTraining(text, read.value, origin, format, options, lint);
      for (const finding of findings) this.report(finding, row.row);
    }
    try {
      const { tokens, kept, keptTrained, speakers } = lengthsOf(record, options);
      this.lengths.add(tokens);
      this.trained += keptTrained;
      if (keptTrained === 0) this.untrained += 1;
      // The trainer leaves out rows that teach nothing: its share is of the tokens that it keeps.
      else this.tokens += kept;
      for (const [speaker, length] of speakers) this.roleCounter(speaker).add(length);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      this.refused += 1;
    }
  }

  private addCharacters(
    value: Readonly<Record<string, unknown>>,
    conversation: ReturnType<typeof conversationIn>,
  ): void {
    this.lengths.add(textsOf(value).reduce((sum, text) => sum + text.length, 0));
    const bySpeaker = new Map<string, number>();
    for (const { speaker, text } of conversation) bySpeaker.set(speaker, (bySpeaker.get(speaker) ?? 0) + text.length);
    for (const [speaker, length] of bySpeaker) this.roleCounter(speaker).add(length);
  }

  private roleCounter(speaker: string): LengthCounter {
    const counter = this.roles.get(speaker) ?? new LengthCounter();
    this.roles.set(speaker, counter);
    return counter;
  }

  private addLabel(answer: string): void {
    if (!this.labels) return;
    if (answer.length > longestLabel) this.labels = undefined;
    else {
      this.labels.set(answer, (this.labels.get(answer) ?? 0) + 1);
      if (this.labels.size > mostLabels) this.labels = undefined;
    }
  }

  private addColumns(value: Readonly<Record<string, unknown>>): void {
    for (const [name, item] of Object.entries(value)) {
      if (this.columns.size >= 1000 && !this.columns.has(name)) continue;
      const column = this.columns.get(name) ?? { rows: 0, types: new Map<string, number>() };
      const type = typeName(item).replace(/^(?:a|an) /, '');
      column.types.set(type, (column.types.get(type) ?? 0) + 1);
      column.rows += 1;
      this.columns.set(name, column);
    }
  }
}

const order: readonly PreviewFinding['severity'][] = ['error', 'warning', 'information', 'hint'];

function buckets(counts: ReadonlyMap<string, number>, most: number): Bucket[] {
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([name, rows]) => ({ name, rows }));
}
