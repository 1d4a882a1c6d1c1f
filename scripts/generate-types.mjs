// Derives from schemas/finetune.schema.json and the rules what must not drift from them: types, defaults and pages of docs/.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';
import { renderConfigDocs, renderProblemDocs } from './config-docs.mjs';
import { renderImportDocs } from './import-docs.mjs';

const root = new URL('../', import.meta.url);
const schemaFile = new URL('schemas/finetune.schema.json', root);
const typesFile = new URL('src/config/schema.generated.ts', root);
const docsFile = new URL('docs/config.md', root);
const problemsFile = new URL('docs/config-problems.md', root);
const importFile = new URL('docs/import.md', root);

const banner = '// Made by `npm run generate` from schemas/finetune.schema.json. Change the schema, not this file.\n';

/** The text of src/config/schema.generated.ts. */
export async function renderTypes(schema) {
  const types = await compile(withoutSiblingsOfRef(schema), 'FinetuneConfig', {
    bannerComment: '',
    format: false,
    ignoreMinAndMaxItems: true,
  });
  const text = [
    banner,
    types,
    '/** Every default of the schema, by path. */',
    `export const defaults = ${JSON.stringify(defaultsOf(schema, schema), null, 2)} as const;\n`,
    '/** Defaults of an item of data.train. */',
    `export const trainFileDefaults = ${JSON.stringify(defaultsOf(schema.definitions.trainFile, schema), null, 2)} as const;\n`,
    '/** Defaults that hold for one method only, by path and method. */',
    `export const defaultsForMethod = ${JSON.stringify(methodDefaults(schema, schema, ''), null, 2)} as const;\n`,
  ].join('\n');
  return format(text, { ...(await resolveConfig(fileURLToPath(typesFile))), parser: 'typescript' });
}

/** The text of docs/config.md. */
export async function renderDocs(schema) {
  const options = await resolveConfig(fileURLToPath(docsFile));
  return format(renderConfigDocs(schema), { ...options, parser: 'markdown' });
}

/** The text of docs/config-problems.md. `codes` is `explainedCodes` of src/config/rules/explanations.ts. */
export async function renderProblems(codes) {
  const options = await resolveConfig(fileURLToPath(problemsFile));
  return format(renderProblemDocs(codes), { ...options, parser: 'markdown' });
}

/** The text of docs/import.md. `tools` is the table of src/config/import/tools.ts. */
export async function renderImportPage(tools) {
  const options = await resolveConfig(fileURLToPath(importFile));
  return format(renderImportDocs(tools), { ...options, parser: 'markdown' });
}

/** A description beside a `$ref` would make a type of its own out of every use. */
function withoutSiblingsOfRef(node) {
  if (Array.isArray(node)) return node.map(withoutSiblingsOfRef);
  if (typeof node !== 'object' || node === null) return node;
  if ('$ref' in node) return { $ref: node.$ref };
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withoutSiblingsOfRef(value)]));
}

function resolve(node, schema) {
  if (!node.$ref) return node;
  return { ...resolve(schema.definitions[node.$ref.split('/').at(-1)], schema), ...node };
}

function defaultsOf(node, schema) {
  const result = {};
  for (const [name, child] of Object.entries(node.properties)) {
    const resolved = resolve(child, schema);
    if ('default' in resolved) result[name] = resolved.default;
    else if ('x-fallback' in resolved) result[name] = resolved['x-fallback'];
    else if (resolved.properties) {
      const inner = defaultsOf(resolved, schema);
      if (Object.keys(inner).length > 0) result[name] = inner;
    }
  }
  return result;
}

function methodDefaults(node, schema, path) {
  const result = {};
  for (const [name, child] of Object.entries(node.properties)) {
    const resolved = resolve(child, schema);
    const childPath = path === '' ? name : `${path}.${name}`;
    if (resolved['x-default-for-method']) result[childPath] = resolved['x-default-for-method'];
    if (resolved.properties) Object.assign(result, methodDefaults(resolved, schema, childPath));
  }
  return result;
}

/** A table in TypeScript: bundle it in memory, since Node 20 does not read TypeScript. */
async function load(file, name) {
  const { build } = await import('esbuild');
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL(file, root))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
  });
  const source = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
  return (await import(`data:text/javascript;base64,${source}`))[name];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const schema = JSON.parse(await readFile(schemaFile, 'utf8'));
  await writeFile(typesFile, await renderTypes(schema));
  await writeFile(docsFile, await renderDocs(schema));
  const codes = await load('src/config/rules/explanations.ts', 'explainedCodes');
  await writeFile(problemsFile, await renderProblems(codes));
  await writeFile(importFile, await renderImportPage(await load('src/config/import/tools.ts', 'tools')));
}
