// Rows that are left out of training: the list `exclude` of a dataset's sidecar, `<dataset>.lint.yaml`. The data stay as they are.
import { readFile } from 'node:fs/promises';
import { isSeq, parseDocument, Scalar, YAMLSeq } from 'yaml';
import { problem } from '../protocol/problem.ts';
import { errorCode, fileProblem } from './read/fileBytes.ts';

/** Where the sidecar of a dataset lies. `src/lint/sidecar.ts` reads its other keys. */
export function sidecarPath(dataset: string): string {
  return `${dataset}.lint.yaml`;
}

/** Ids of the rows of a dataset that are left out; none without a sidecar. Throws `data/bad-exclusions`. */
export async function readExclusions(dataset: string): Promise<ReadonlySet<string>> {
  const file = sidecarPath(dataset);
  try {
    return new Set(parseExclusions(parseDocument(await readFile(file, 'utf8')).toJS(), file));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return new Set();
    throw fileProblem(error, file);
  }
}

/** The list `exclude` of a sidecar's value. Throws `data/bad-exclusions`; `file` is its name in the message. */
export function parseExclusions(value: unknown, file: string): string[] {
  const list: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'exclude') : undefined;
  if (list === undefined || list === null) return [];
  // An id of digits alone is a number to YAML unless it is quoted, and would have lost its zeros.
  const isId = (item: unknown): item is string => typeof item === 'string' && /^[\da-f]{16}$/.test(item);
  if (!Array.isArray(list) || !list.every(isId))
    throw problem('data/bad-exclusions', '"exclude" should be a list of row ids, 16 hexadecimal digits in quotes.', {
      file,
    });
  return list;
}

export interface ExclusionChange {
  readonly id: string;
  readonly excluded: boolean;
  /** Said in a comment behind the id, such as `line 12`. */
  readonly note: string;
}

/** A sidecar's text with rows added to `exclude` or taken out; comments and other keys stay. Throws for broken YAML. */
export function changeExclusions(text: string, changes: readonly ExclusionChange[], file: string): string {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw problem('data/bad-exclusions', error.message.split('\n')[0] ?? 'This is not valid YAML.', { file });
  parseExclusions(document.toJS(), file);
  const found = document.get('exclude');
  const list = isSeq(found) ? found : new YAMLSeq();
  for (const { id, excluded, note } of changes) {
    const at = list.items.findIndex((item) => item instanceof Scalar && item.value === id);
    if (!excluded && at >= 0) list.items.splice(at, 1);
    if (!excluded || at >= 0) continue;
    const item = new Scalar(id);
    item.type = Scalar.QUOTE_SINGLE;
    item.comment = ` ${note}`;
    list.items.push(item);
  }
  if (list.items.length === 0) document.delete('exclude');
  else document.set('exclude', list);
  const left: unknown = document.toJS();
  const isEmpty = typeof left !== 'object' || left === null || Object.keys(left).length === 0;
  return isEmpty ? '' : document.toString({ lineWidth: 0 });
}
