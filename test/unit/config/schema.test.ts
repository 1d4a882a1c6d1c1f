// The schema itself: every field says what it is, what it defaults to and how it looks; what is derived from it is current.
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { renderDocs, renderImportPage, renderProblems, renderTypes } from '../../../scripts/generate-types.mjs';
import { tools } from '../../../src/config/import/tools.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { allFields, configSchema, resolveNode, schemaAt, type SchemaNode } from '../../../src/config/schema.ts';
import { explainedCodes } from '../../../src/config/rules/explanations.ts';
import { configCodes } from '../../../src/config/rules/table.ts';
import { fieldAnchor } from '../../../src/server/service/fieldDocs.ts';

const fields = allFields();
const leaves = fields.filter((field) => !field.schema.properties);

function isRequired(path: string, name: string): boolean {
  const block = path === name ? configSchema : blockOf(path);
  return block?.required?.includes(name) ?? false;
}

function blockOf(path: string): SchemaNode | undefined {
  return schemaAt(
    path
      .slice(0, path.lastIndexOf('.'))
      .split('.')
      .flatMap((part) => (part.endsWith('[]') ? [part.slice(0, -2), 0] : [part])),
  );
}

/** A whole config with one field set, written as JSON (which is YAML too). */
function configWith(path: string, value: unknown): string {
  const required = path.startsWith('distributed.') ? { distributed: { processes: 2 } } : {};
  const tree: Record<string, unknown> = { version: 1, model: 'a/b', data: { train: 'a.jsonl' }, ...required };
  let at = tree;
  const names = path.split('.');
  for (const [index, name] of names.entries()) {
    const last = index === names.length - 1;
    if (name.endsWith('[]')) {
      const item: Record<string, unknown> = { path: 'a.jsonl' };
      at[name.slice(0, -2)] = [item];
      at = item;
    } else if (last) at[name] = value;
    else at = at[name] = { ...(typeof at[name] === 'object' ? at[name] : {}) } as Record<string, unknown>;
  }
  return JSON.stringify(tree);
}

describe('every field', () => {
  test.each(fields.map((field) => [field.path, field] as const))('%s is described', (_, field) => {
    expect(field.schema.description).toMatch(/^.{6,}\.$/s);
  });

  test.each(leaves.map((field) => [field.path, field] as const))('%s has a default and examples', (path, field) => {
    const { schema } = field;
    const stated = 'default' in schema || schema['x-absent'] !== undefined;
    expect(stated).toBe(!isRequired(path, field.name));
    expect(schema.examples?.length).toBeGreaterThan(0);
  });

  test.each(leaves.map((field) => [field.path, field] as const))(
    '%s accepts its own default and examples',
    (path, field) => {
      const values = [...(field.schema.examples ?? []), ...('default' in field.schema ? [field.schema.default] : [])];
      for (const value of values) expect(parseConfig(configWith(path, value), 'x').problems).toEqual([]);
    },
  );

  test('no block lets unknown fields through', () => {
    const nodes = [configSchema, ...Object.values(configSchema.definitions)];
    const blocks = nodes.filter((node) => node.properties);
    expect(blocks.length).toBeGreaterThan(8);
    for (const block of blocks) expect(block).toHaveProperty('additionalProperties', false);
  });

  test('numbers are bounded on both sides', () => {
    const numbers = leaves
      .flatMap(({ path, schema }) =>
        [schema, ...(schema.anyOf ?? [])].map((node) => ({ path, node: resolveNode(node) })),
      )
      .filter(({ node }) => (node.type === 'number' || node.type === 'integer') && !node.enum);
    expect(numbers.length).toBeGreaterThan(20);
    for (const { path, node } of numbers) {
      expect(node.minimum ?? node.exclusiveMinimum, path).toBeDefined();
      expect(node.maximum ?? node.exclusiveMaximum, path).toBeDefined();
    }
  });
});

describe('derived files are current (else: npm run generate)', () => {
  test('docs/import.md', async () => {
    const written = await readFile(new URL('../../../docs/import.md', import.meta.url), 'utf8');
    expect(written.replaceAll('\r\n', '\n')).toBe(await renderImportPage(tools));
  });

  test('src/config/schema.generated.ts', async () => {
    const written = await readFile(new URL('../../../src/config/schema.generated.ts', import.meta.url), 'utf8');
    expect(written.replaceAll('\r\n', '\n')).toBe(await renderTypes(configSchema));
  });

  test('docs/config.md, with an anchor for every field', async () => {
    const written = await readFile(new URL('../../../docs/config.md', import.meta.url), 'utf8');
    expect(written.replaceAll('\r\n', '\n')).toBe(await renderDocs(configSchema));
    for (const { path } of fields) {
      const parts = path.split('.').flatMap((part) => (part.endsWith('[]') ? [part.slice(0, -2), 0] : [part]));
      // Columns of one file are described where they appear first.
      if (/train\[\]\.columns\./.test(path)) continue;
      expect(written).toContain(`<a id="${fieldAnchor(parts)}"></a>`);
    }
  });

  test('docs/config-problems.md, with a section for every code', async () => {
    const written = await readFile(new URL('../../../docs/config-problems.md', import.meta.url), 'utf8');
    expect(written.replaceAll('\r\n', '\n')).toBe(await renderProblems(explainedCodes));
    for (const { code } of configCodes) expect(written).toContain(`<a id="${code.replace('/', '-')}"></a>`);
  });
});
