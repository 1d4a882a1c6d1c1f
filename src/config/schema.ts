// The JSON Schema of a config as data, and ways to look things up in it.

import schemaJson from '../../schemas/finetune.schema.json';
import type { PathPart } from './path.ts';

/** The parts of JSON Schema (draft-07) that the config schema uses, and our annotations (`x-…`). */
export interface SchemaNode {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  /** Of a mapping whose keys are no fields: what its keys are, and its values. */
  readonly propertyNames?: SchemaNode;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** What values are allowed, in words, where the schema's own terms do not say it well. */
  readonly 'x-expects'?: string;
  /** What holds when the field is absent, where that is not one constant. */
  readonly 'x-absent'?: string;
  /** What a number counts. */
  readonly 'x-unit'?: string;
  /** What most recipes take. */
  readonly 'x-usual'?: string;
}

interface RootSchema extends SchemaNode {
  readonly definitions: Readonly<Record<string, SchemaNode>>;
}

/** Annotations that a validator must not take for typing errors. */
export const annotationKeywords = ['x-expects', 'x-absent', 'x-fallback', 'x-default-for-method', 'x-unit', 'x-usual'];

/** schemas/finetune.schema.json. */
export const configSchema: RootSchema = schemaJson;

/** One field of the schema. Fields of list items have `[]` in their path: `data.train[].weight`. */
export interface FieldInfo {
  readonly path: string;
  readonly name: string;
  /** Path of the block around; empty for the root. */
  readonly block: string;
  readonly schema: SchemaNode;
}

/** A node with its `$ref` followed; what is said beside the `$ref` wins. */
export function resolveNode(node: SchemaNode): SchemaNode {
  if (node.$ref === undefined) return node;
  const target = configSchema.definitions[node.$ref.replace('#/definitions/', '')];
  return target ? { ...resolveNode(target), ...node } : node;
}

/** The schema of a field; of `anyOf`, the branch that has what the path goes on with. */
export function schemaAt(parts: readonly PathPart[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = configSchema;
  for (const part of parts) {
    const candidates: readonly SchemaNode[] = [node, ...(node.anyOf ?? [])].map(resolveNode);
    const next: SchemaNode | undefined = candidates
      .map((candidate) => (typeof part === 'number' ? candidate.items : ownProperty(candidate, part)))
      .find((found) => found !== undefined);
    if (!next) return undefined;
    node = resolveNode(next);
  }
  return node;
}

/** Every field, blocks included, in the order of the schema. */
export function allFields(): readonly FieldInfo[] {
  fields ??= fieldsOf(configSchema, '');
  return fields;
}

let fields: readonly FieldInfo[] | undefined;

function fieldsOf(node: SchemaNode, block: string): FieldInfo[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const schema = resolveNode(child);
    const path = block === '' ? name : `${block}.${name}`;
    const items = (schema.anyOf ?? []).flatMap((branch) => (branch.items ? [resolveNode(branch.items)] : []));
    return [
      { path, name, block, schema },
      ...fieldsOf(schema, path),
      ...items.flatMap((item) => fieldsOf(item, `${path}[]`)),
    ];
  });
}

function ownProperty(node: SchemaNode, name: string): SchemaNode | undefined {
  if (node.properties && Object.hasOwn(node.properties, name)) return node.properties[name];
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
}
