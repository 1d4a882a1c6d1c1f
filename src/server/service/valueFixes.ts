// Quick fixes of values that a field does not take: what was meant, or the nearest that is allowed.
import { meantValue } from '../../config/meant.ts';
import { parsePath, valueAt } from '../../config/path.ts';
import { resolveNode, schemaAt, type SchemaNode } from '../../config/schema.ts';
import { showValue } from '../../config/words.ts';
import { takesValue } from '../../config/validate.ts';
import { otherFileFixes } from './fileFixes.ts';
import { set, type Broken, type Wanted } from './fixParts.ts';

/** What is meant by a value, else the words that are allowed. */
export function wrongValueFixes(broken: Broken): Wanted[] {
  const { path, text } = broken;
  const schema = schemaAt(parsePath(path) ?? []);
  if (!schema) return [];
  const value = valueAt(text.document.value, path);
  if (value === '') return otherFileFixes(broken);
  const wrapped = inBlock(path, value);
  if (wrapped.length > 0) return wrapped;
  // A share is a number up to 1: 20 is meant as percent.
  if (typeof value === 'number' && value > 1 && path === 'data.validation')
    return value <= 50 ? [set(path, value / 100, false)] : [];
  const meant = meantValue(path, schema, value);
  if (meant !== undefined) return [set(path, meant)];
  const words = [schema, ...(schema.anyOf ?? [])]
    .map(resolveNode)
    .flatMap((node) => node.enum ?? (node.type === 'boolean' ? [true, false] : []));
  return words.slice(0, 6).map((word) => set(path, word, words.length === 1));
}

/** A single value where a block stands goes under the one field that the block needs: `data: rows.jsonl`. */
function inBlock(path: string, value: unknown): Wanted[] {
  const schema = resolveNode(schemaAt(parsePath(path) ?? []) ?? {});
  const [needed, ...others] = schema.required ?? [];
  if (!schema.properties || needed === undefined || others.length > 0) return [];
  const items = Array.isArray(value)
    ? value.map((item: unknown) => (typeof item === 'string' ? { path: item } : item))
    : value;
  if (!takesValue(parsePath(`${path}.${needed}`) ?? [], items)) return [];
  const title = Array.isArray(items) ? `Put the list under ${needed}` : `Write it as ${needed}: ${showValue(items)}`;
  return [{ title, changes: [{ kind: 'set', path, value: { [needed]: items } }], isPreferred: true }];
}

/** The nearest value that is allowed. */
export function rangeFixes({ path, text }: Broken): Wanted[] {
  const schema = schemaAt(parsePath(path) ?? []);
  const value = valueAt(text.document.value, path);
  if (!schema || typeof value !== 'number') return [];
  const limits = [schema, ...(schema.anyOf ?? [])].map(resolveNode);
  const near = limits.map((node) => nearestAllowed(value, node)).find((found) => found !== undefined);
  return near === undefined ? [] : [set(path, near, false)];
}

/** The limit that a number has crossed; where the limit itself is not allowed, the default. */
function nearestAllowed(value: number, node: SchemaNode): number | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = node;
  if (minimum !== undefined && value < minimum) return minimum;
  if (maximum !== undefined && value > maximum) return maximum;
  const crossed =
    (exclusiveMinimum !== undefined && value <= exclusiveMinimum) ||
    (exclusiveMaximum !== undefined && value >= exclusiveMaximum);
  return crossed && typeof node.default === 'number' ? node.default : undefined;
}
