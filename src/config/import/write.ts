// The tree of an import as YAML in the documented order, each field with a comment that says where it comes from.

import { isMap, isScalar, isSeq, Document, type Pair, type YAMLMap } from 'yaml';
import { allFields } from '../schema.ts';
import type { ImportReport } from './report.ts';
import { lineOf } from './source.ts';

/** The config's text. `file` is named at the top. */
export function importedText(tree: Readonly<Record<string, unknown>>, report: ImportReport, file: string): string {
  const document = new Document(tree, { version: '1.2' });
  const comments = commentsOf(report);
  if (isMap(document.contents)) {
    dress(document.contents, '', comments);
    const [first] = document.contents.items;
    if (first && isScalar(first.key)) first.key.commentBefore = headOf(report, file);
  }
  return document.toString({ lineWidth: 0, singleQuote: false, flowCollectionPadding: false });
}

interface Comment {
  readonly before?: string;
  readonly beside?: string;
}

function commentsOf({ changed, defaults, mapped }: ImportReport): Map<string, Comment> {
  const comments = new Map<string, Comment>();
  for (const { key, path } of mapped) comments.set(path, { beside: ` ${key.shown}, line ${lineOf(key)}` });
  for (const { path, key, why } of changed)
    comments.set(path, { before: ` ${key.shown}, line ${lineOf(key)}: ${flat(why)}` });
  for (const { path, why } of defaults) comments.set(path, { beside: ` ${flat(why)}` });
  return comments;
}

function headOf(report: ImportReport, file: string): string {
  const { title, left, remarks } = report;
  const name = file.split(/[\\/]/).at(-1) ?? file;
  const important = left.filter((entry) => entry.important);
  return [
    ` Imported from ${name} (${title}). Paths are relative to this file. All fields: docs/config.md`,
    ...important.map(({ key, todo }) => ` Not carried over: ${key.shown}, line ${lineOf(key)}. ${flat(todo)}`),
    ...remarks.map((remark) => ` ${flat(remark)}`),
  ].join('\n');
}

/** Sorts the fields of a block as the docs do and hangs the comments on them. */
function dress(map: YAMLMap, block: string, comments: ReadonlyMap<string, Comment>): void {
  const order = allFields().filter((field) => field.block === block.replaceAll(/\[\d+\]/g, '[]'));
  const rank = ({ key }: Pair): number => order.findIndex(({ name }) => isScalar(key) && name === key.value);
  map.items.sort((a, b) => rank(a) - rank(b));
  for (const { key, value } of map.items) {
    if (!isScalar(key)) continue;
    const path = block === '' ? String(key.value) : `${block}.${String(key.value)}`;
    if (isMap(value)) {
      if (block === '') key.spaceBefore = true;
      dress(value, path, comments);
    } else if (isSeq(value)) {
      const plain = value.items.every(isScalar);
      if (plain) value.flow = true;
      else
        for (const [index, item] of value.items.entries()) if (isMap(item)) dress(item, `${path}[${index}]`, comments);
    }
    if (isScalar(value) && typeof value.value === 'number' && Math.abs(value.value) < 0.001 && value.value !== 0) {
      value.format = 'EXP';
    }
    if (block === '' && key.value === 'output') key.spaceBefore = true;
    const comment = comments.get(path) ?? comments.get(path.replace(/^data\.(train|format|columns)(?=\.|$)/, alias));
    if (comment?.before !== undefined) key.commentBefore = comment.before;
    if (comment?.beside !== undefined && (isScalar(value) || isSeq(value))) value.comment = comment.beside;
  }
}

/** A list of one file is written short; its comments are those of the file. */
function alias(_: string, name: string): string {
  return name === 'train' ? 'data.train[0].path' : `data.train[0].${name}`;
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
