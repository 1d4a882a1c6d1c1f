// Lays a config out: indentation and spacing as the house writes them. Values and comments stay as they were written.
import { isDeepStrictEqual } from 'node:util';
import { isMap, isNode, isSeq, parseDocument, type Document, type Tags, type ToStringOptions } from 'yaml';

/** The text laid out; undefined where it cannot be read, or where laying it out would change what it says. */
export function formatted(text: string, isJson: boolean): string | undefined {
  return isJson ? formattedJson(text) : formattedYaml(text);
}

/** Longest list on one line, in characters. */
const longestRow = 80;

function formattedJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const { contents } = parseDocument(text, { version: '1.2' });
  return `${jsonText(contents, text, 0)}\n`;
}

/** A short list of single values stays on one line; everything else has a line for each item. */
function jsonText(node: unknown, text: string, depth: number): string {
  const lines = (items: readonly string[], open: string, close: string): string => {
    const indent = '  '.repeat(depth);
    return items.length === 0
      ? `${open}${close}`
      : `${open}\n${items.map((item) => `${indent}  ${item}`).join(',\n')}\n${indent}${close}`;
  };
  if (isMap(node)) {
    const inner = (part: unknown): string => jsonText(part, text, depth + 1);
    return lines(
      node.items.map(({ key, value }) => `${inner(key)}: ${inner(value)}`),
      '{',
      '}',
    );
  }
  if (isSeq(node)) {
    const items = node.items.map((item) => jsonText(item, text, depth + 1));
    const row = `[${items.join(', ')}]`;
    const isShort = row.length <= longestRow && !node.items.some((item) => isMap(item) || isSeq(item));
    return isShort ? row : lines(items, '[', ']');
  }
  const [start, end] = (isNode(node) ? node.range : undefined) ?? [0, 0];
  return text.slice(start, end);
}

function formattedYaml(text: string): string | undefined {
  const document = readYaml(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const after = printed(document, { lineWidth: 0, flowCollectionPadding: false, indent: 2 });
  if (after === undefined) return undefined;
  return isDeepStrictEqual(commentsOf(after), commentsOf(text)) && saysTheSame(after, text) ? mark + after : undefined;
}

/** The text of a document; undefined where an alias (`*name`) has no anchor. */
export function printed(document: Document, options: ToStringOptions): string | undefined {
  try {
    return document.toString(options);
  } catch {
    return undefined;
  }
}

/** Whether two texts are the same config, whatever their layout. */
export function saysTheSame(a: string, b: string): boolean {
  const [left, right] = [readYaml(a), readYaml(b)];
  if (left.errors.length > 0 || right.errors.length > 0) return false;
  try {
    return isDeepStrictEqual(left.toJS(), right.toJS());
  } catch {
    return false; // aliases without an anchor, or without an end
  }
}

/** Comments in order; those that have a line of their own are told from those behind a value. */
export function commentsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const own = /^\s*(#.*?)\s*$/.exec(line)?.[1];
    const behind = /\s(#.*?)\s*$/.exec(line)?.[1];
    return own ?? (behind === undefined ? [] : `… ${behind}`);
  });
}

function readYaml(text: string): Document.Parsed {
  return parseDocument(text, { keepSourceTokens: true, version: '1.2', customTags: (tags) => tags.map(asWritten) });
}

/** Numbers are written as their author wrote them: 2.0e-4 stays 2.0e-4. */
function asWritten(tag: Tags[number]): Tags[number] {
  if (typeof tag === 'string' || tag.collection) return tag;
  const { stringify } = tag;
  if (!/:(?:int|float)$/.test(tag.tag) || !stringify) return tag;
  const fromSource: typeof stringify = (item, ...rest) => item.source ?? stringify(item, ...rest);
  return { ...tag, stringify: fromSource };
}
