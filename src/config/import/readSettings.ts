// The rules of a tool applied to each key: a setting of ours, or the reason why there is none.

import { foreignNames } from '../otherTools.ts';
import { nearest } from '../suggest.ts';
import { fault } from './assemble.ts';
import type { LeftKey } from './report.ts';
import { isCarried, type Carried, type Context, type Rule } from './rule.ts';
import { Expression, type Source, type SourceKey } from './source.ts';
import type { ToolTable } from './tools.ts';

/** One value on its way into the config. */
export interface Setting {
  readonly key: SourceKey;
  /** Our field. */
  readonly path: string;
  readonly carried: Carried;
  /** Index of the rule: one further up has the say. */
  readonly precedence: number;
}

/** What a caller found beside the source. */
export type Around = Pick<Context, 'datasetInfo'>;

/** Each key becomes a setting or is left; values that the schema does not accept are left in its own words. */
export function readSettings(
  source: Source,
  table: ToolTable,
  around: Around = {},
): { settings: Setting[]; left: LeftKey[] } {
  const context: Context = {
    ...around,
    keys: source.keys,
    value: (name) => source.keys.find((key) => key.name === name && key.overruled === undefined)?.value,
  };
  const settings: Setting[] = [];
  const left: LeftKey[] = [];
  for (const key of source.keys) {
    const found = readKey(key, context, table);
    if ('path' in found) settings.push(found);
    else left.push(found);
  }
  return { settings, left };
}

function readKey(key: SourceKey, context: Context, table: ToolTable): Setting | LeftKey {
  const leave = (todo: string, more: Partial<LeftKey> = {}): LeftKey => ({ key, todo, important: false, ...more });
  if (key.overruled !== undefined) return leave(key.overruled);
  const precedence = table.rules.findIndex((candidate) => applies(candidate, key));
  const rule = table.rules[precedence];
  if (isEmpty(key.value) && rule?.takesNull !== true)
    return leave('It has no value there, so a default holds. Nothing to do.');
  if (!rule) {
    const renamed = renamedKey(key);
    if (renamed === undefined) return leave(unknownKey(key, table), { unknown: true });
    const told = fault(renamed, key.value);
    if (told !== undefined) return leave(unfit(renamed, told), { important: true });
    return { key, path: renamed, carried: { value: key.value }, precedence: table.rules.length };
  }
  const converted = rule.convert(key.value, context, key);
  if (!isCarried(converted)) return leave(converted.todo, { important: converted.important ?? false });
  const path = withIndexes(converted.to ?? rule.to ?? '', key.indexes);
  const told = fault(path, converted.value);
  if (told !== undefined) return leave(unfit(path, told), { important: true });
  return { key, path, carried: converted, precedence };
}

/** Null, an empty block or an empty list. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === 'object' && !(value instanceof Expression) && Object.keys(value).length === 0;
}

function unfit(path: string, told: string): string {
  return `It is no value of ${path}. ${told}`;
}

/** A key without a rule that the table of other tools' names knows, and whose value needs no change. */
function renamedKey(key: SourceKey): string | undefined {
  const known = foreignNames.get(key.name);
  if (!known || known.note !== undefined || key.scope === 'launcher') return undefined;
  return ['number', 'string', 'boolean'].includes(typeof key.value) ? known.path : undefined;
}

function unknownKey(key: SourceKey, table: ToolTable): string {
  const isNear = (name: string): boolean => !/[*.]/.test(name) && Math.abs(name.length - key.name.length) <= 2;
  const plain = key.name.includes('.') ? [] : table.rules.flatMap(({ keys }) => keys.filter(isNear));
  const [like] = nearest(key.name, plain, (name) => name);
  const hint = like === undefined ? '' : ` Did you mean ${like}?`;
  return `This importer does not know it.${hint} Look it up in the docs of ${table.title} and set what it means here.`;
}

function applies(rule: Rule, key: SourceKey): boolean {
  const scoped = key.scope === undefined ? key.name : `${key.scope}.${key.name}`;
  const plain = key.scope === 'launcher' ? scoped : key.name;
  return rule.keys.some((pattern) => matches(pattern, scoped) || matches(pattern, plain));
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

function withIndexes(path: string, indexes: readonly number[]): string {
  let at = 0;
  return path.replaceAll('[]', () => `[${indexes[at++] ?? 0}]`);
}
