// Paths inside a config, such as `data.train[0].path`: text to parts and back.

export type PathPart = string | number;

/** `['data', 'train', 0, 'path']` → `data.train[0].path`. The root is the empty text. */
export function formatPath(parts: readonly PathPart[]): string {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** The reverse of `formatPath`; undefined when the text is not a path. */
export function parsePath(text: string): PathPart[] | undefined {
  if (!/^[^.[\]=\s]+(?:\[\d+\]|\.[^.[\]=\s]+)*$/.test(text)) return undefined;
  const parts = text.match(/\[\d+\]|[^.[\]]+/g) ?? [];
  return parts.map((part) => (part.startsWith('[') ? Number(part.slice(1, -1)) : part));
}

/** The block that a path lies in: `training.epochs` → `training`, `training` → the root. */
export function parentPath(path: string): string {
  const end = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['));
  return end === -1 ? '' : path.slice(0, end);
}

/** The value at a path of a plain tree; undefined where nothing is. */
export function valueAt(tree: unknown, path: string): unknown {
  let value = tree;
  for (const part of parsePath(path) ?? []) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<PathPart, unknown>>)[part];
  }
  return value;
}
