// Tells the format of a dataset from all of its rows: each row votes by its fields, the report names those that differ.
import { problem, type ProblemError } from '../../protocol/problem.ts';
import type { ReadRow, SourceRow } from '../read/row.ts';
import { isObject, listed, suggestColumn } from './fields.ts';
import { requiredFields, formats, type Columns, type Format } from './format.ts';

/** What a row looks like. */
export type Looks = Format | 'unknown';

export interface FormatReport {
  readonly format: Format;
  /** Rows that could be read. */
  readonly rows: number;
  /** Rows that look like the format. */
  readonly matching: number;
  readonly others: readonly { readonly looks: Looks; readonly rows: number; readonly sampleIds: readonly string[] }[];
}

/** Vote of one row, after `columns` has given our names to its fields. */
export function looksLike(value: SourceRow['value'], columns: Columns): Looks {
  const get = (field: string): unknown => value[columns[field] ?? field] ?? undefined;
  if (Array.isArray(get('messages'))) return 'messages';
  const turns = get('conversations');
  if (Array.isArray(turns)) {
    const first: unknown = turns[0];
    return isObject(first) && first.role !== undefined && first.from === undefined ? 'unknown' : 'conversations';
  }
  const sides = ['chosen', 'rejected'].filter((side) => get(side) !== undefined).length;
  if (sides === 2) return 'preference';
  // Half a pair is no prompt alone.
  const fits = (format: Format) =>
    requiredFields[format].every((field) => get(field) !== undefined) && (format !== 'prompt' || sides === 0);
  return formats.find(fits) ?? 'unknown';
}

/**
 * What a file is by the votes of its rows: the format of most of them, ties going to the first of `formats`; undefined
 * without votes.
 */
export function winningLooks(votes: (looks: Looks) => number): Looks | undefined {
  const best = formats.reduce((a, b) => (votes(b) > votes(a) ? b : a));
  if (votes(best) > 0) return best;
  return votes('unknown') > 0 ? 'unknown' : undefined;
}

const shownIds = 5;

/** Counts votes; rows of the stream that could not be read do not vote. */
export class FormatVote {
  private readonly columns: Columns;
  private readonly counts = new Map<Looks, { rows: number; sampleIds: string[] }>();
  private firstUnknown: SourceRow | undefined;
  private rows = 0;

  constructor(columns: Columns) {
    this.columns = columns;
  }

  add(read: ReadRow): void {
    if (!read.ok) return;
    this.rows += 1;
    const looks = looksLike(read.row.value, this.columns);
    if (looks === 'unknown') this.firstUnknown ??= read.row;
    const count = this.counts.get(looks) ?? { rows: 0, sampleIds: [] };
    count.rows += 1;
    if (count.sampleIds.length < shownIds) count.sampleIds.push(read.row.sampleId);
    this.counts.set(looks, count);
  }

  /** True when no row could be read at all. */
  get isEmpty(): boolean {
    return this.rows === 0;
  }

  /** The format most rows look like; throws `data/unknown-format` when there is none. */
  result(file: string): FormatReport {
    const votes = (looks: Looks): number => this.counts.get(looks)?.rows ?? 0;
    const format = winningLooks(votes);
    if (format === undefined || format === 'unknown') throw unknownFormat(file, this.firstUnknown, this.columns);
    const others = [...this.counts]
      .filter(([looks]) => looks !== format)
      .map(([looks, count]) => ({ looks, ...count }));
    return { format, rows: this.rows, matching: votes(format), others };
  }
}

/** `format: instruction, 998 of 1,000 rows; 2 rows look like messages (data.jsonl:3, data.jsonl:7)`. */
export function describeFormat(report: FormatReport): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const others = report.others.map(({ looks, rows, sampleIds }) => {
    const name = looks === 'unknown' ? 'no known format' : looks;
    const more = rows > sampleIds.length ? ', …' : '';
    return `; ${number(rows)} ${rows === 1 ? 'row looks' : 'rows look'} like ${name} (${sampleIds.join(', ')}${more})`;
  });
  return `format: ${report.format}, ${number(report.matching)} of ${number(report.rows)} rows${others.join('')}`;
}

function unknownFormat(file: string, row: SourceRow | undefined, columns: Columns): ProblemError {
  if (row === undefined)
    return problem('data/unknown-format', `No row of ${file} could be read, so its format is unknown.`, { file });
  const details = formats.map((format) => `${format}: ${requiredFields[format].join(', ')}`);
  return problem(
    'data/unknown-format',
    `The rows are of no known format. The first one (${row.sampleId}) has ${unknownFields(row.value, columns)}`,
    row.source === undefined ? { file } : { file, line: row.source.line, column: row.source.column },
    ['Formats and the fields that they need:', ...details],
  );
}

/** The fields of a row of no known format, and how they may be meant. */
export function unknownFields(value: SourceRow['value'], columns: Columns): string {
  const present = Object.keys(value);
  const suggestion = suggestMapping(present, columns);
  const hint =
    suggestion === undefined
      ? 'Map its fields by data.columns (our name: name in the file).'
      : `Perhaps: data.format: ${suggestion.format}, data.columns: ${suggestion.columns}.`;
  return `${present.length === 0 ? 'no fields' : listed(present)}. ${hint}`;
}

/** A format that fits when some of the row's fields are given our names. */
function suggestMapping(present: readonly string[], columns: Columns): { format: Format; columns: string } | undefined {
  // Instruction first: the format people mean most often by a pair of texts.
  for (const format of ['messages', 'instruction', 'prompt_completion', 'reasoning', 'text'] as const) {
    const mapping = requiredFields[format].map((field) => {
      const name = columns[field] ?? field;
      return [field, present.includes(name) ? name : suggestColumn(field, present)] as const;
    });
    const names = mapping.map(([, name]) => name);
    if (names.includes(undefined) || new Set(names).size < names.length) continue;
    return {
      format,
      columns: `{${mapping
        .filter(([field, name]) => field !== name)
        .map(([field, name]) => `${field}: ${name}`)
        .join(', ')}}`,
    };
  }
  return undefined;
}
