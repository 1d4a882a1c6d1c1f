// What can be written at the cursor: names of fields, whole blocks, values. Pure: what lies outside is handed in.
import { parse } from 'yaml';
import type { PathPart } from '../../config/path.ts';
import { configSchema, resolveNode, schemaAt, type SchemaNode } from '../../config/schema.ts';
import { showValue } from '../../config/words.ts';
import { blockSnippets } from './blockSnippets.ts';
import type { Cursor } from './cursor.ts';
import { fieldAnchor, fieldDocs, shortType } from './fieldDocs.ts';
import { unquoted } from './flow.ts';
import { outsideValues, type Outside, type OutsideValue } from './outsideValues.ts';

export interface Proposal {
  readonly label: string;
  readonly kind: 'field' | 'block' | 'snippet' | OutsideValue['kind'];
  /** Type of a field, or what a value is, in a few words. */
  readonly detail: string;
  readonly documentation?: string;
  /** Section of docs/config.md. */
  readonly anchor?: string;
  /** With `$0` and `${1:…}` where the cursor goes. */
  readonly snippet: string;
  /** What is typed to find it. */
  readonly filter: string;
  /** A value is wanted next: completions are to open again. */
  readonly opensNext: boolean;
  readonly preselect?: boolean;
}

/** In the order in which they are to be shown. */
export function proposalsAt(text: string, cursor: Cursor, outside: Outside): Proposal[] {
  const typed = text.slice(cursor.start, cursor.end);
  const last = cursor.path.at(-1);
  if (cursor.role === 'value') return valuesAt(cursor.path, cursor, typed, outside);
  const node = cursor.path.length === 0 ? configSchema : schemaAt(cursor.path);
  if (!node) return [];
  const block = [node, ...(node.anyOf ?? [])].map(resolveNode).find(({ properties }) => properties);
  if (block) return namesIn(block, cursor, outside.method);
  // An item of a list of texts, or a value on a line of its own.
  if (typeof last === 'number' || !hasItems(node))
    return cursor.hasColon ? [] : valuesAt(cursor.path, cursor, typed, outside);
  return itemStarts(node, cursor, outside);
}

function hasItems(node: SchemaNode): boolean {
  return [node, ...(node.anyOf ?? [])].some(({ items }) => items !== undefined);
}

function namesIn(block: SchemaNode, cursor: Cursor, method: string | undefined): Proposal[] {
  const fields = Object.entries(block.properties ?? {}).filter(([name]) => !cursor.present.includes(name));
  const required = new Set(block.required ?? []);
  const ordered = [...fields.filter(([name]) => required.has(name)), ...fields.filter(([name]) => !required.has(name))];
  const fits = ([name]: [string, SchemaNode]): boolean =>
    !(name === 'lora' && cursor.path.length === 0 && method === 'full');
  const names = ordered.filter(fits).map(([name, child], index) => {
    const schema = resolveNode(child);
    const path = [...cursor.path, name];
    const isRequired = required.has(name);
    const documentation = fieldDocs(path);
    return {
      label: name,
      kind: schema.properties ? 'block' : 'field',
      detail: `${isRequired ? 'required · ' : ''}${shortType(schema)}`,
      ...(documentation === undefined ? {} : { documentation }),
      anchor: fieldAnchor(path),
      snippet: nameSnippet(name, schema, cursor),
      filter: nameText(name, cursor),
      opensNext: !cursor.hasColon && cursor.style !== 'json' && !schema.properties,
      ...(isRequired && index === 0 ? { preselect: true } : {}),
    } as const;
  });
  return [...names, ...wholeBlocks(cursor)];
}

/** Blocks of the root that are not there yet, with their usual fields. */
function wholeBlocks(cursor: Cursor): Proposal[] {
  if (cursor.path.length > 0 || cursor.style !== 'block' || cursor.hasColon) return [];
  return blockSnippets
    .filter(({ block }) => !cursor.present.includes(block))
    .map(({ block, title, lines }) => ({
      label: `${block}: …`,
      kind: 'snippet',
      detail: title,
      snippet: [`${block}:`, ...lines].join('\n'),
      filter: block,
      opensNext: false,
    }));
}

function nameText(name: string, { style }: Cursor): string {
  return style === 'json' ? JSON.stringify(name) : name;
}

function nameSnippet(name: string, schema: SchemaNode, cursor: Cursor): string {
  const { style, hasColon, needsComma, indent } = cursor;
  const written = (cursor.needsSpace ? ' ' : '') + nameText(name, cursor);
  if (hasColon) return written;
  const comma = needsComma ? ',' : '';
  const isList = schema.type === 'array';
  if (style === 'json') {
    if (schema.properties) return `${written}: {$0}${comma}`;
    if (isList) return `${written}: [$0]${comma}`;
    return `${written}: ${schema.type === 'string' ? '"$0"' : '$0'}${comma}`;
  }
  if (style === 'flow') return schema.properties ? `${written}: {$0}` : isList ? `${written}: [$0]` : `${written}: $0`;
  const inner = ' '.repeat(indent + 2);
  const required = schema.required?.[0];
  if (schema.properties) return `${written}:\n${inner}${required === undefined ? '' : `${required}: `}$0`;
  return isList ? `${written}:\n${inner}- $0` : `${written}: $0`;
}

/** The first item of a list whose field stands above. */
function itemStarts(node: SchemaNode, cursor: Cursor, outside: Outside): Proposal[] {
  const items = [node, ...(node.anyOf ?? [])].map(({ items }) => items).find((found) => found !== undefined);
  const item = items && resolveNode(items);
  const name = item?.required?.[0];
  if (name !== undefined) {
    const [snippet, detail] = [`- ${name}: $0`, 'an item of the list'];
    return [{ label: `- ${name}:`, kind: 'snippet', detail, snippet, filter: '-', opensNext: true }];
  }
  const values = valuesAt([...cursor.path, 0], cursor, '', outside);
  return values.map((value) => ({
    ...value,
    label: `- ${value.label}`,
    snippet: `- ${value.snippet}`,
    filter: `- ${value.filter}`,
  }));
}

function valuesAt(path: readonly PathPart[], cursor: Cursor, typed: string, outside: Outside): Proposal[] {
  const schema = schemaAt(path) ?? {};
  const branches = [schema, ...(schema.anyOf ?? [])].map(resolveNode);
  const known = branches.flatMap((branch) => branch.enum ?? (branch.type === 'boolean' ? [true, false] : []));
  const documentation = fieldDocs(path);
  const seen = new Set<string>(typeof path.at(-1) === 'number' ? cursor.present : []);
  const proposals: Proposal[] = [];
  const add = (value: unknown, kind: Proposal['kind'], detail: string, opensNext = false): void => {
    const written = scalarText(value, cursor, schema);
    if (seen.has(String(value))) return;
    seen.add(String(value));
    proposals.push({
      label: showValue(value),
      kind,
      detail,
      ...(documentation === undefined ? {} : { documentation }),
      anchor: fieldAnchor(path),
      snippet: `${cursor.needsSpace ? ' ' : ''}${escaped(written)}`,
      filter: written,
      opensNext,
      ...('default' in schema && schema.default === value ? { preselect: true } : {}),
    });
  };
  const isDefault = (value: unknown): boolean => 'default' in schema && schema.default === value;
  for (const value of known) add(value, 'value', isDefault(value) ? 'default' : '');
  for (const found of outsideValues(path, unquoted(typed), outside))
    add(found.value, found.kind, found.detail, found.opensNext);
  if ('default' in schema && isScalar(schema.default)) add(schema.default, 'value', 'default');
  for (const example of schema.examples ?? []) if (isScalar(example)) add(example, 'value', 'example');
  const isOpen = schema.type === 'array' || branches.some(({ items }) => items !== undefined);
  if (isOpen && cursor.role === 'value' && typeof path.at(-1) === 'string') {
    proposals.push({
      ...{ label: '[ … ]', kind: 'snippet', detail: 'a list', filter: typed, opensNext: true },
      snippet: `${cursor.needsSpace ? ' ' : ''}[$0]`,
    });
  }
  return proposals;
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** A value as it is written here: quoted in JSON, and in YAML where it would be read as something else. */
function scalarText(value: unknown, { style }: Cursor, schema: SchemaNode): string {
  if (typeof value === 'number') return style === 'json' ? JSON.stringify(value) : showValue(value);
  if (typeof value !== 'string' || style === 'json') return JSON.stringify(value);
  if (schema.type === 'boolean') return value;
  const isPlain = /^[\w./~@][\w./~@ +:-]*$/.test(value) && !/: |\s$|:$/.test(value) && parse(value) === value;
  return isPlain ? value : JSON.stringify(value);
}

/** Text in a snippet: `$` and `}` mean something there. */
function escaped(text: string): string {
  return text.replaceAll(/[$}\\]/g, '\\$&');
}
