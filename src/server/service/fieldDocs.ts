// What a field is, in Markdown: for hovers and beside completions. Everything comes from the schema.
import type { PathPart } from '../../config/path.ts';
import { resolveNode, schemaAt, type SchemaNode } from '../../config/schema.ts';
import { describeExpected, showValue } from '../../config/words.ts';

/** Section of docs/config.md that describes a field: `data.train[0].path` → `data-train-path`. */
export function fieldAnchor(parts: readonly PathPart[]): string {
  const names = parts.filter((part) => typeof part === 'string');
  return names.join('-');
}

/** Description, then what it may be, what it is without being written, and what is usual. */
export function fieldDocs(parts: readonly PathPart[]): string | undefined {
  const schema = schemaAt(parts);
  if (schema?.description === undefined) return undefined;
  return [schema.description, ...factLines(schema)].join('\n\n');
}

/** One line of facts, joined by dots. */
function factLines(schema: SchemaNode): string[] {
  if (schema.properties) return schema['x-absent'] === undefined ? [] : [`Without it: ${schema['x-absent']}.`];
  const unit = schema['x-unit'] === undefined ? '' : ` (${schema['x-unit']})`;
  const facts = [
    `${capital(describeExpected(schema))}${unit}`,
    ...('default' in schema ? [`default \`${showValue(schema.default)}\``] : []),
    ...(schema['x-absent'] === undefined ? [] : [`without it: ${schema['x-absent']}`]),
  ];
  const usual = schema['x-usual'];
  return [`${facts.join(' · ')}.`, ...(usual === undefined ? [] : [`Usual: ${usual}.`])];
}

/** The type in a word or two, for the list of completions. */
export function shortType(schema: SchemaNode): string {
  if (schema.properties) return 'block';
  if (schema.enum && schema.type !== 'boolean') return schema.enum.map(showValue).join(' | ');
  if (schema.anyOf) {
    const branches = schema.anyOf.map(resolveNode).map((branch) => shortType(branch));
    return branches.join(' | ');
  }
  if (schema.type === 'boolean') return 'true | false';
  if (schema.type === 'integer') return schema['x-unit'] ?? 'whole number';
  if (schema.type === 'array') return 'list';
  return schema.type === 'string' ? 'text' : (schema.type ?? '');
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
