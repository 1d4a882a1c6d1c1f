// Numbers that JSON lacks, on the wire between host and panel: the editor sends objects as JSON and only typed arrays as
// they are, so NaN and infinity would arrive as null.

const names = new Map<string, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** The key of an object that stands for one number. */
const mark = '#number';

/** A copy in which every number can be sent. Typed arrays are passed on as they are. */
export function packNumbers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { [mark]: String(value) };
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(packNumbers);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, packNumbers(item)]));
}

/** Deeper than any message: what lies below is left out, since nesting without end would use up the stack. */
const deepest = 64;

/** The reverse of `packNumbers`; other values come back as they are. Never throws, whatever was sent. */
export function unpackNumbers(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (depth > deepest) return undefined;
  if (Array.isArray(value)) return value.map((item) => unpackNumbers(item, depth + 1));
  if (mark in value && Object.keys(value).length === 1) {
    return (typeof value[mark] === 'string' ? names.get(value[mark]) : undefined) ?? value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpackNumbers(item, depth + 1)]));
}
