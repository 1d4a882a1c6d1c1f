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

/** The reverse of `packNumbers`; other values come back as they are. */
export function unpackNumbers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(unpackNumbers);
  if (mark in value && Object.keys(value).length === 1) return names.get(String(value[mark])) ?? value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpackNumbers(item)]));
}
