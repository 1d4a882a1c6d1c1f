// One fault against the schema as a sentence: what is wrong, what is expected, an example.

import type { Problem } from '../protocol/problem.ts';
import { formatPath, type PathPart } from './path.ts';
import { placeOf, type Positions } from './positions.ts';
import { meantBoolean, meantNumber, meantWord } from './meant.ts';
import { schemaAt, type SchemaNode } from './schema.ts';
import { nearest, suggestFields } from './suggest.ts';
import { describeExpected, describeValue, showNumber, showValue, suchAs } from './words.ts';

export type Fault =
  | { readonly kind: 'missing'; readonly path: readonly PathPart[]; readonly name: string }
  | { readonly kind: 'unknown'; readonly path: readonly PathPart[]; readonly name: string; readonly value: unknown }
  | { readonly kind: 'value' | 'range'; readonly path: readonly PathPart[]; readonly value: unknown };

/** The problem that tells a fault, at its place. */
export function explainFault(fault: Fault, positions: Positions): Problem {
  switch (fault.kind) {
    case 'unknown':
      return unknownKey(fault.path, fault.name, fault.value, positions);
    case 'missing':
      return missingField(fault.path, fault.name, positions);
    case 'value':
    case 'range':
      return wrongValue(fault.kind, fault.path, fault.value, positions);
  }
}

function unknownKey(blockParts: readonly PathPart[], name: string, value: unknown, positions: Positions): Problem {
  const block = formatPath(blockParts);
  const place = placeOf(positions, formatPath([...blockParts, name]), 'key');
  if (name.startsWith('//')) {
    return {
      code: 'config/unknown-key',
      severity: 'error',
      message: 'Comments begin with `#` here, not with `//`.',
      place,
    };
  }
  const schema = schemaAt(blockParts);
  const names = schema?.propertyNames?.enum?.map(String);
  if (names) return unknownName(block, name, names, place);
  const suggestions = suggestFields(block, name, value);
  const where = block === '' ? 'at the top level' : `of \`${block}\``;
  const meant = suggestions.map((suggestion) => {
    const note = suggestion.note === undefined ? '' : ` (${suggestion.note})`;
    return `\`${shortPath(block, suggestion.path)}\`${note}`;
  });
  const known = Object.keys(schema?.properties ?? {});
  const hint = meant.length > 0 ? ` Did you mean ${meant.join(' or ')}?` : ` Fields here: ${known.join(', ')}.`;
  return {
    code: 'config/unknown-key',
    severity: 'error',
    message: `\`${name}\` is not a field ${where}.${hint}`,
    place,
  };
}

/** A key of a mapping whose keys are a list of names. */
function unknownName(block: string, name: string, names: readonly string[], place: Problem['place']): Problem {
  const [near] = nearest(name, names, (known) => known);
  const hint = near === undefined ? ` Such as: ${names.slice(0, 3).join(', ')}.` : ` Did you mean \`${near}\`?`;
  return {
    code: 'config/unknown-key',
    severity: 'error',
    message: `\`${name}\` is none of the names that \`${block}\` knows.${hint}`,
    ...(place ? { place } : {}),
  };
}

/** Beside the unknown key a name is enough; elsewhere the path says where it belongs. */
function shortPath(block: string, path: string): string {
  const schemaBlock = block.replaceAll(/\[\d+\]/g, '[]');
  return block !== '' && path.startsWith(`${schemaBlock}.`) ? path.slice(schemaBlock.length + 1) : path;
}

function missingField(block: readonly PathPart[], name: string, positions: Positions): Problem {
  const path = [...block, name];
  const schema = schemaAt(path) ?? {};
  const example = schema.examples?.[0];
  const write = example === undefined ? `${name}:` : `${name}: ${showValue(example)}`;
  return {
    code: 'config/missing-field',
    severity: 'error',
    message: `\`${formatPath(path)}\` is missing. Add a line such as \`${write}\`.`,
    place: placeOf(positions, formatPath(block), 'key'),
  };
}

function wrongValue(
  kind: 'value' | 'range',
  parts: readonly PathPart[],
  value: unknown,
  positions: Positions,
): Problem {
  const path = formatPath(parts);
  const schema = schemaAt(parts) ?? {};
  const place = placeOf(positions, path);
  if (value === null || value === undefined) {
    const message = `\`${path}\` has no value. Write one${suchAs(schema)}, or remove the line.`;
    return { code: 'config/empty-value', severity: 'error', message, place };
  }
  const expected = `it must be ${describeExpected(schema)}`;
  if (value === '') {
    const message = `\`${path}\` is an empty text, but ${expected}${suchAs(schema)}.`;
    return { code: 'config/wrong-value', severity: 'error', message, place };
  }
  const hint = valueHint(path, schema, value);
  const code = kind === 'range' ? 'config/out-of-range' : 'config/wrong-value';
  // Enumerations are examples of themselves; a suggestion is better than any example.
  const example = hint === '' && !isEnumeration(schema) ? suchAs(schema) : '';
  return {
    code,
    severity: 'error',
    message: `\`${path}\` is ${describeValue(value)}, but ${expected}${example}.${hint}`,
    place,
  };
}

function isEnumeration(schema: SchemaNode): boolean {
  return schema.enum !== undefined || schema.type === 'boolean';
}

function valueHint(path: string, schema: SchemaNode, value: unknown): string {
  if (Array.isArray(value) && value.length === 0) return ' The list is empty.';
  if (Array.isArray(value) && new Set(value).size < value.length) return ' The list names something twice.';
  if (typeof value === 'boolean') return value ? '' : ' To leave something off, remove its line.';
  if (typeof value !== 'string') return '';
  return booleanHint(schema, value) ?? numberHint(schema, value) ?? enumHint(path, schema, value) ?? '';
}

function booleanHint(schema: SchemaNode, value: string): string | undefined {
  const wanted = meantBoolean(schema, value);
  return wanted === undefined ? undefined : ` Write \`${wanted}\`, without quotes.`;
}

function numberHint(schema: SchemaNode, value: string): string | undefined {
  const meant = meantNumber(schema, value);
  if (!meant) return undefined;
  if (meant.percent !== undefined) return ` Write ${showNumber(meant.number)} for ${meant.percent} %.`;
  return ` Write the number plainly, without quotes or separators: ${showNumber(meant.number)}.`;
}

function enumHint(path: string, schema: SchemaNode, value: string): string | undefined {
  const meant = meantWord(path, schema, value);
  return meant === undefined ? undefined : ` Did you mean \`${meant}\`?`;
}
