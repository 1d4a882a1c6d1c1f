// Reads the fields of a row by type and collects what is wrong, each with the path of the value.
import { nearestName } from '../nearestName.ts';
import type { JsonPath } from '../json/locate.ts';
import { typeName } from '../read/parseRow.ts';
import type { Json } from '../records.ts';
import type { Columns, FieldIssue } from './format.ts';

/** Arguments and schemas nested deeper than this are refused: templates walk them recursively. */
const maxDepth = 64;

export type JsonObject = Readonly<Record<string, unknown>>;

export class FieldReader {
  readonly issues: FieldIssue[] = [];
  private readonly row: JsonObject;
  private readonly columns: Columns;

  constructor(row: JsonObject, columns: Columns) {
    this.row = row;
    this.columns = columns;
  }

  get failed(): boolean {
    return this.issues.some((issue) => issue.severity === 'error');
  }

  /** The file's name of one of our fields. */
  nameOf(field: string): string {
    return this.columns[field] ?? field;
  }

  /** Value of a field; null counts as absent, since Parquet and exports write it so. */
  get(field: string): unknown {
    const name = this.nameOf(field);
    return Object.hasOwn(this.row, name) ? (this.row[name] ?? undefined) : undefined;
  }

  requiredText(field: string): string {
    const value = this.get(field);
    if (value === undefined) this.missing(field);
    return value === undefined ? '' : this.text(value, [this.nameOf(field)]);
  }

  optionalText(field: string): string | undefined {
    const value = this.get(field);
    return value === undefined ? undefined : this.text(value, [this.nameOf(field)]);
  }

  text(value: unknown, path: JsonPath): string {
    if (typeof value === 'string') return value;
    const isWord = typeof value === 'number' || typeof value === 'boolean';
    this.wrongType(path, 'a text', value, isWord ? String(value) : undefined);
    return '';
  }

  /** A text, or a number as text: answers and calculations are often written as numbers. */
  textOrNumber(value: unknown, path: JsonPath): string {
    return typeof value === 'number' ? String(value) : this.text(value, path);
  }

  list(value: unknown, path: JsonPath): readonly unknown[] {
    if (Array.isArray(value)) return value;
    this.wrongType(path, 'a list', value);
    return [];
  }

  object(value: unknown, path: JsonPath): JsonObject | undefined {
    if (isObject(value)) return value;
    this.wrongType(path, 'an object', value);
    return undefined;
  }

  /** Any JSON, as templates take it; only its depth is limited. */
  json(value: unknown, path: JsonPath): Json {
    const checked = asJson(value, maxDepth);
    if (checked !== undefined) return checked;
    this.add('data/too-deep', path, `${pathText(path)} is nested more than ${maxDepth} levels deep.`);
    return null;
  }

  /** JSON inside a text (OpenAI's `arguments`), or the value itself. */
  jsonInText(value: unknown, path: JsonPath): Json {
    if (typeof value !== 'string') return this.json(value, path);
    try {
      const parsed: unknown = JSON.parse(value);
      return this.json(parsed, path);
    } catch {
      this.add(
        'data/invalid-inner-json',
        path,
        `${pathText(path)} is a text that should hold JSON, but it is not valid JSON.`,
      );
      return null;
    }
  }

  missing(field: string): void {
    const name = this.nameOf(field);
    const mapped = name === field ? '' : ` (columns.${field} names it)`;
    if (Object.hasOwn(this.row, name)) {
      this.add('data/missing-field', [name], `The field "${name}"${mapped} is null.`);
      return;
    }
    const present = Object.keys(this.row);
    const near = name === field ? suggestColumn(field, present) : nearestName(name, present);
    const hint = near === undefined ? '' : ` Did you mean "${near}"? Then set data.columns: {${field}: ${near}}.`;
    const found = present.length === 0 ? 'The row has no fields' : `The row has ${listed(present)}`;
    this.add('data/missing-field', [name], `The field "${name}"${mapped} is missing. ${found}.${hint}`, 'error', near);
  }

  wrongType(path: JsonPath, expected: string, value: unknown, meant?: string): void {
    const found = value instanceof Uint8Array ? 'bytes' : typeName(value);
    this.add('data/wrong-type', path, `${pathText(path)} should be ${expected}, found ${found}.`, 'error', meant);
  }

  add(code: string, path: JsonPath, message: string, severity: FieldIssue['severity'] = 'error', meant?: string): void {
    this.issues.push({ code, severity, path, message, ...(meant === undefined ? {} : { meant }) });
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** `messages[2].content`, as a person would write it. */
export function pathText(path: JsonPath): string {
  const text = path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${step}`))
    .join('');
  return text === '' ? 'The row' : `"${text}"`;
}

/** Names that other datasets use for our fields. */
const aliases: Readonly<Partial<Record<string, readonly string[]>>> = {
  instruction: ['question', 'prompt', 'query', 'instructions', 'task', 'request', 'user'],
  output: ['answer', 'response', 'completion', 'target', 'label', 'reply', 'assistant'],
  prompt: ['question', 'instruction', 'input', 'query', 'source'],
  completion: ['answer', 'response', 'output', 'target', 'reply', 'label'],
  messages: ['conversations', 'conversation', 'dialog', 'dialogue', 'chat', 'turns'],
  conversations: ['messages', 'conversation', 'dialog', 'dialogue', 'chat', 'turns'],
  question: ['problem', 'instruction', 'prompt', 'query'],
  steps: ['solution_steps', 'reasoning_steps', 'chain_of_thought', 'rationale'],
  answer: ['final_answer', 'solution', 'output', 'response', 'result'],
  text: ['content', 'document', 'body', 'passage'],
};

/** The field of a row that is probably meant by one of our names. */
export function suggestColumn(field: string, present: readonly string[]): string | undefined {
  const near = nearestName(field, present);
  if (near !== undefined) return near;
  return aliases[field]?.find((alias) => present.includes(alias));
}

/** Up to eight names in quotes. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `"${name}"`);
  return `${shown.join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
}

/** The value when all of it is JSON of at most `depth` levels; bytes and the like become undefined too. */
function asJson(value: unknown, depth: number): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => asJson(item, depth - 1));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (!isObject(value)) return undefined;
  const members: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    const checked = asJson(member, depth - 1);
    if (checked === undefined) return undefined;
    members[name] = checked;
  }
  return members;
}
