// Which rows of a file are meant by a query: search, filters, sort and sample, as numbers of rows.
import { setImmediate } from 'node:timers/promises';
import type { EncodeOptions } from '../data/template/encodeRecord.ts';
import { ProblemError } from '../protocol/problem.ts';
import type { PreviewFilter, PreviewQuery } from '../protocol/previewViews.ts';
import { matcherOf, withinLimit } from './boundedSearch.ts';
import { idOf, readValue, recordOf, someText, textsOf, type Reading } from './readRow.ts';
import type { RowBytes, RowFile } from './rowFile.ts';
import { conversationIn } from './rowView.ts';
import { lengthsOf } from './tokenView.ts';

export interface QueryContext {
  readonly reading: Reading;
  readonly excluded: ReadonlySet<string>;
  /** Lengths are in tokens with it, else in characters. */
  readonly options?: EncodeOptions | undefined;
  /** Rows of each finding that the statistics have met. */
  readonly findings: ReadonlyMap<string, ReadonlySet<number>>;
}

export interface QueryProgress {
  readonly found: number;
  readonly done: number;
}

/** True when the query shows the file as it is. */
export function isEmptyQuery({ text, filters, sort, sample, isDescending }: PreviewQuery): boolean {
  return text === '' && filters.length === 0 && sort === 'file' && !isDescending && sample === 0;
}

/** Rows are looked at in batches of about this many bytes. */
const batchBytes = 1 << 20;

/**
 * Numbers of the rows that are found, in the order of the query; `random` chooses the sample. Throws a ProblemError for a
 * bad or endless expression, and the signal's reason.
 */
export async function findRows(
  file: RowFile,
  query: PreviewQuery,
  context: QueryContext,
  controls: { signal: AbortSignal; onProgress: (progress: QueryProgress) => void; random: () => number },
): Promise<Uint32Array> {
  const { signal, onProgress, random } = controls;
  const test = rowTest(query, context);
  const key = sortKey(query, context);
  const found = new Rows(query.sample, random);
  let batch: RowBytes[] = [];
  let bytes = 0;
  let done = 0;
  const flush = async (): Promise<void> => {
    withinLimit(() => {
      for (const row of batch) if (test(row)) found.add(row.row, key(row));
    });
    done += batch.length;
    [batch, bytes] = [[], 0];
    onProgress({ found: found.count, done });
    await setImmediate();
    signal.throwIfAborted();
  };
  for await (const row of file.rows(signal)) {
    batch.push(row);
    bytes += row.bytes.length;
    if (bytes >= batchBytes) await flush();
  }
  await flush();
  return found.sorted(query);
}

/** Collected rows; of a sample as many as it has, each row equally likely (Vitter's algorithm R). */
class Rows {
  private readonly rows: number[] = [];
  private readonly keys: number[] = [];
  private seen = 0;
  private readonly limit: number;
  private readonly random: () => number;

  constructor(sample: number, random: () => number) {
    this.limit = sample === 0 ? Number.POSITIVE_INFINITY : sample;
    this.random = random;
  }

  get count(): number {
    return this.rows.length;
  }

  add(row: number, key: number): void {
    this.seen += 1;
    const at = this.rows.length < this.limit ? this.rows.length : Math.floor(this.random() * this.seen);
    if (at >= this.limit) return;
    this.rows[at] = row;
    this.keys[at] = key;
  }

  sorted({ sort, isDescending, sample }: PreviewQuery): Uint32Array {
    if (sort === 'file' && sample === 0) return Uint32Array.from(isDescending ? this.rows.toReversed() : this.rows);
    const order = Uint32Array.from(this.rows.keys());
    const direction = isDescending ? -1 : 1;
    order.sort((a, b) => direction * (this.keys[a]! - this.keys[b]!) || this.rows[a]! - this.rows[b]!);
    return order.map((at) => this.rows[at]!);
  }
}

/** Rows larger than this are passed over by tests that have to read them. */
const largestTested = 16 * 2 ** 20;

type Read = ReturnType<typeof readValue>;

function rowTest(query: PreviewQuery, context: QueryContext): (row: RowBytes) => boolean {
  const matches = query.text === '' ? undefined : matcherOf(query);
  const tests = query.filters.map((filter) => filterTest(filter, context));
  return (row) => {
    if (row.byteLength > largestTested) return false;
    const read = readValue(row, context.reading);
    if (!tests.every((test) => test(row, read))) return false;
    if (!matches) return true;
    if ('problem' in read) return matches(row.bytes.toString('utf8'));
    return someText(read.value, matches);
  };
}

function filterTest(filter: PreviewFilter, context: QueryContext): (row: RowBytes, read: Read) => boolean {
  switch (filter.kind) {
    case 'broken':
      return (_, read) => 'problem' in read || recordOf(read, context.reading).issues.length > 0;
    case 'looks':
      return (_, read) => !('problem' in read) && read.looks === filter.looks;
    case 'excluded':
      return (row, read) => context.excluded.has(idOf(row, read)) === filter.excluded;
    case 'finding': {
      const rows = context.findings.get(filter.code) ?? new Set();
      return (row) => rows.has(row.row);
    }
    case 'length':
      return (row, read) => {
        const length = lengthOf(row, read, context);
        return length !== undefined && length >= filter.from && length <= filter.to;
      };
    case 'field': {
      const test = fieldTest(filter);
      return (_, read) => !('problem' in read) && test(valueAt(read.value, filter.field));
    }
  }
}

function fieldTest({ test, value }: Extract<PreviewFilter, { kind: 'field' }>): (found: unknown) => boolean {
  const lower = value.toLowerCase();
  const number = Number(value);
  switch (test) {
    case 'absent':
      return (found) => found === undefined || found === null || found === '';
    case 'equals':
      return (found) => (typeof found === 'object' && found !== null ? JSON.stringify(found) : String(found)) === value;
    case 'contains':
      return (found) => someText(found, (text) => text.toLowerCase().includes(lower));
    case 'greater':
      return (found) => sizeOf(found) > number;
    case 'less':
      return (found) => sizeOf(found) < number;
  }
}

/** A number, or the length of a text or list: what `greater` and `less` compare. */
function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return Number.NaN;
}

/** The value at a path such as `meta.source` or `messages.0.content`; a field whose own name has dots comes first. */
export function valueAt(value: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(value, path)) return value[path];
  let found: unknown = value;
  for (const step of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = Reflect.get(found, step) as unknown;
  }
  return found;
}

/** Tokens with a config, else characters of all texts; undefined for rows that have no length. */
function lengthOf(_row: RowBytes, read: Read, { reading, options }: QueryContext): number | undefined {
  if ('problem' in read) return undefined;
  if (!options) return textsOf(read.value).reduce((sum, text) => sum + text.length, 0);
  const { record } = recordOf(read, reading);
  if (!record) return undefined;
  try {
    return lengthsOf(record, options).tokens;
  } catch (error) {
    if (error instanceof ProblemError) return undefined; // the template refuses the row
    throw error;
  }
}

function sortKey(query: PreviewQuery, context: QueryContext): (row: RowBytes) => number {
  switch (query.sort) {
    case 'file':
      return (row) => row.row;
    case 'length':
      return (row) => row.byteLength;
    case 'tokens':
      return (row) => lengthOf(row, readValue(row, context.reading), context) ?? -1;
    case 'turns':
      return (row) => {
        const read = readValue(row, context.reading);
        return 'problem' in read ? -1 : conversationIn(read, context.reading).length;
      };
  }
}
