// Changes fields in the text of a config and leaves everything else as it is: comments of YAML, fields of JSON.

import { isMap, parseDocument } from 'yaml';
import { exclusivePairs } from './exclusive.ts';
import { formatPath, parsePath } from './path.ts';

export type FieldValue = string | number | boolean;

/**
 * The text with fields set, such as `{'training.batch_size': 2}`. A field that excludes another takes its place. A text
 * that is not YAML, or whose blocks are not mappings, comes back unchanged.
 */
export function setFields(text: string, fields: Readonly<Record<string, FieldValue>>): string {
  const isJson = text.trimStart().startsWith('{');
  const document = parseDocument(text, { keepSourceTokens: true });
  if (document.errors.length > 0 || !isMap(document.contents)) return text;
  for (const [path, value] of Object.entries(fields)) {
    const parts = parsePath(path);
    if (!parts) return text;
    const rival = rivalOf(formatPath(parts));
    if (rival !== undefined) document.deleteIn(parsePath(rival) ?? []);
    try {
      document.setIn(parts, value);
    } catch {
      return text;
    }
  }
  return isJson ? `${JSON.stringify(document.toJS(), null, 2)}\n` : document.toString({ lineWidth: 0 });
}

function rivalOf(path: string): string | undefined {
  for (const [a, b] of exclusivePairs) {
    if (a === path) return b;
    if (b === path) return a;
  }
  return undefined;
}
