// Rows in another format, one after the other, with a report: how many, what was lost, which could not be converted.
import type { Columns } from '../../data/formats/format.ts';
import { isObject } from '../../data/formats/fields.ts';
import type { ConversionTarget } from '../../protocol/previewViews.ts';
import { readValue, recordOf, type Reading } from '../readRow.ts';
import type { RowBytes } from '../rowFile.ts';
import { splitTurns, writeRecord } from './formats.ts';

export interface ConversionOptions {
  readonly to: ConversionTarget;
  readonly reading: Reading;
  /** A chat of several answers becomes a row for each of them. */
  readonly splitTurns: boolean;
  /** Role (or speaker) as written → as it is to be read. */
  readonly roles: Readonly<Partial<Record<string, string>>>;
}

/** Something told of a row: its line and a clause. */
export interface RowNote {
  readonly line: number;
  readonly why: string;
}

export interface ConversionReport {
  readonly rows: number;
  readonly written: number;
  /** What was lost, in how many rows, and the line of the first. */
  readonly losses: readonly { readonly what: string; readonly rows: number; readonly line: number }[];
  /** Rows that could not be converted and are left out; the first of them with their reasons. */
  readonly unfit: number;
  readonly firstUnfit: readonly RowNote[];
}

const keptNotes = 20;

export class RowConverter {
  private readonly options: ConversionOptions;
  private readonly losses = new Map<string, { rows: number; line: number }>();
  private readonly firstUnfit: RowNote[] = [];
  private unfit = 0;
  private rows = 0;
  private written = 0;

  constructor(options: ConversionOptions) {
    this.options = options;
  }

  /** JSON of the rows that a row becomes; none when it cannot be converted. */
  convert(row: RowBytes): string[] {
    this.rows += 1;
    const { to, reading, roles, splitTurns: split } = this.options;
    const read = readValue(row, reading);
    if ('problem' in read) return this.refuse(row, read.problem);
    if (to === 'jsonl') return this.keep([JSON.stringify(renamed(read.value, roles, reading.columns))]);
    const value = renamed(read.value, roles, reading.columns);
    const { record, issues } = recordOf({ ...read, value }, reading);
    if (!record) return this.refuse(row, issues[0]?.message ?? 'it is of no known format');
    const found = new Set(readingLosses(value, read.looks, to, reading.columns));
    const made: string[] = [];
    for (const each of split ? splitTurns(record) : [record]) {
      const result = writeRecord(each, to);
      if (!result.ok) return this.refuse(row, result.why);
      for (const loss of result.losses) found.add(loss);
      const { fields, lost } = beside(value, result.row, reading);
      for (const loss of lost) found.add(loss);
      made.push(JSON.stringify({ ...result.row, ...fields }));
    }
    for (const what of found) {
      const known = this.losses.get(what);
      this.losses.set(what, { rows: (known?.rows ?? 0) + 1, line: known?.line ?? row.line });
    }
    return this.keep(made);
  }

  get report(): ConversionReport {
    const { rows, written, unfit, firstUnfit } = this;
    const losses = [...this.losses].map(([what, known]) => ({ what, ...known }));
    return { rows, written, unfit, firstUnfit, losses: losses.sort((a, b) => b.rows - a.rows) };
  }

  private keep(made: string[]): string[] {
    this.written += made.length;
    return made;
  }

  private refuse({ line }: RowBytes, why: string): string[] {
    this.unfit += 1;
    if (this.firstUnfit.length < keptNotes) this.firstUnfit.push({ line, why });
    return [];
  }
}

/** Our names of the fields that a record is made of; everything else of a row is carried along as it is. */
const read: readonly string[] = [
  'messages',
  'conversations',
  'instruction',
  'input',
  'output',
  'prompt',
  'completion',
  'question',
  'steps',
  'answer',
  'text',
  'system',
  'tools',
];

function beside(
  value: Readonly<Record<string, unknown>>,
  row: Readonly<Record<string, unknown>>,
  { columns }: Reading,
): { fields: Record<string, unknown>; lost: string[] } {
  const consumed = new Set(read.map((name) => columns[name] ?? name));
  const fields: Record<string, unknown> = {};
  const lost: string[] = [];
  for (const [name, item] of Object.entries(value)) {
    if (consumed.has(name)) continue;
    if (Object.hasOwn(row, name)) lost.push(`the field "${name}" was overwritten by the converted one`);
    else fields[name] = item;
  }
  return { fields, lost };
}

/** What reading a row into our vocabulary changes already. */
function readingLosses(
  value: Readonly<Record<string, unknown>>,
  looks: string,
  to: ConversionTarget,
  columns: Columns,
): string[] {
  const losses: string[] = [];
  const get = (name: string): unknown => value[columns[name] ?? name];
  const turns: unknown = get(looks);
  const list = Array.isArray(turns) ? turns.filter(isObject) : [];
  if (list.some(({ content }) => Array.isArray(content))) losses.push('lists of text parts were joined to one text');
  if (list.some(({ role }) => role === 'developer')) losses.push('the role "developer" became "system"');
  if (list.some(({ role }) => role === 'function')) losses.push('the role "function" became "tool"');
  if (list.some(({ function_call }) => function_call !== undefined && function_call !== null))
    losses.push('function_call became tool_calls');
  if (list.some(({ tool_calls }) => hasTextArguments(tool_calls)))
    losses.push('arguments of tool calls that were JSON in a text became JSON');
  if (list.some(({ weight }) => weight !== undefined && weight !== null)) losses.push('weight became train');
  const known = looks === 'messages' ? messageFields : turnFields;
  const unknown = new Set(list.flatMap((turn) => Object.keys(turn).filter((name) => !known.includes(name))));
  if (unknown.size > 0) losses.push(`fields of turns were left out: ${[...unknown].sort().slice(0, 5).join(', ')}`);
  if (looks === 'conversations' && typeof get('system') === 'string' && to !== 'prompt_completion')
    losses.push('the field "system" became a turn');
  if (looks === 'reasoning') losses.push('question, steps and answer became one question and one answer');
  return losses;
}

const messageFields: readonly string[] = [
  ...['role', 'content', 'reasoning_content', 'tool_calls', 'function_call', 'tool_call_id', 'name', 'weight', 'train'],
];
const turnFields: readonly string[] = ['from', 'value', 'weight', 'train'];

function hasTextArguments(calls: unknown): boolean {
  return (
    Array.isArray(calls) &&
    calls.some((call: unknown) => {
      const inner = isObject(call) ? (call['function'] ?? call) : undefined;
      return isObject(inner) && typeof inner['arguments'] === 'string';
    })
  );
}

function renamed(
  value: Readonly<Record<string, unknown>>,
  roles: ConversionOptions['roles'],
  columns: Columns,
): Readonly<Record<string, unknown>> {
  if (Object.keys(roles).length === 0) return value;
  const changed: Record<string, unknown> = { ...value };
  for (const [field, roleName] of [
    ['messages', 'role'],
    ['prompt', 'role'],
    ['completion', 'role'],
    ['conversations', 'from'],
  ] as const) {
    const name = columns[field] ?? field;
    const list: unknown = value[name];
    if (!Array.isArray(list)) continue;
    changed[name] = list.map((turn: unknown) => {
      const role = isObject(turn) ? turn[roleName] : undefined;
      const other = typeof role === 'string' && Object.hasOwn(roles, role) ? roles[role] : undefined;
      return isObject(turn) && other !== undefined ? { ...turn, [roleName]: other } : turn;
    });
  }
  return changed;
}
