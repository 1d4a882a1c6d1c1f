// The importer over a checkout of another tool: how many example configs import, validate, and how their keys fare.
// Markdown pages count too: their fenced YAML and shell blocks are examples of their own.
//
//   node bench/import.mjs <folder> --from axolotl|llama-factory|trl|unsloth [--verbose]

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { importSources } from './sources.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string' }, verbose: { type: 'boolean', default: false } },
});
const [folder] = positionals;
if (!folder || !values.from) throw new Error('Usage: node bench/import.mjs <folder> --from <tool> [--verbose]');

const { importConfig, notebookPython, parseConfig, readSource, recognise } = await importSources(
  'import',
  `export { importConfig, readSource } from './src/config/import/importConfig.ts';
      export { recognise } from './src/config/import/recognise.ts';
      export { notebookPython } from './src/config/import/read/notebook.ts';
      export { parseConfig } from './src/config/parse.ts';`,
);

const count = {
  examples: 0,
  imported: 0,
  valid: 0,
  keys: 0,
  mapped: 0,
  changed: 0,
  left: 0,
  defaults: 0,
  unknown: 0,
  lost: 0,
};
const unknown = new Map();
const refused = new Map();
let slowest = 0;
for (const example of examples(folder)) examine(example);

console.log(`| ${Object.keys(count).join(' | ')} |`);
console.log(
  `| ${Object.keys(count)
    .map(() => '---')
    .join(' | ')} |`,
);
console.log(`| ${Object.values(count).join(' | ')} |`);
console.log(`slowest import: ${slowest.toFixed(0)} ms`);
for (const [code, files] of refused)
  console.log(`not imported, ${code}: ${files.length}${values.verbose ? `\n  ${files.join('\n  ')}` : ''}`);
if (values.verbose)
  console.log(
    'unknown keys:',
    [...unknown]
      .sort((a, b) => b[1] - a[1])
      .map(([name, n]) => `${name} ×${n}`)
      .join(', '),
  );
process.exitCode = count.lost > 0 || count.valid < count.imported ? 1 : 0;

function examine({ text, name }) {
  count.examples += 1;
  let imported;
  const begun = performance.now();
  try {
    imported = importConfig(text, name, { from: values.from });
  } catch (error) {
    const code = error.problems?.[0]?.code ?? `crash: ${error.stack}`;
    refused.set(code, [...(refused.get(code) ?? []), name]);
    return;
  }
  slowest = Math.max(slowest, performance.now() - begun);
  count.imported += 1;
  const { config, problems } = parseConfig(imported.text, name);
  if (config && problems.length === 0) count.valid += 1;
  else console.log(name, problems);
  const { mapped, changed, left, defaults } = imported.report;
  count.mapped += mapped.length;
  count.changed += changed.length;
  count.left += left.length;
  count.defaults += defaults.length;
  for (const { key } of left.filter((entry) => entry.unknown)) {
    count.unknown += 1;
    unknown.set(key.shown, (unknown.get(key.shown) ?? 0) + 1);
  }
  const told = [...mapped, ...changed, ...left].map(({ key }) => `${key.shown} ${key.place.line} ${key.place.column}`);
  const written = keysOf(text, name);
  count.keys += written.length;
  const missing = written.filter((key) => !told.some((one) => one.startsWith(`${key} `)));
  const twice = told.filter((one, at) => told.indexOf(one) !== at);
  if (missing.length > 0 || twice.length > 0) console.log(name, { missing, twice });
  count.lost += missing.length + twice.length;
}

/** The keys of an example, found without the importer where that can be done. */
function keysOf(text, name) {
  const { dialect, isNotebook } = recognise(text, name, values.from);
  if (dialect === 'yaml') return leaves(parse(text, { uniqueKeys: false, merge: true }), '');
  return readSource(isNotebook ? notebookPython(text, name) : text, name, dialect, values.from).keys.map(
    ({ shown }) => shown,
  );
}

function leaves(node, at) {
  const isMap = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (Array.isArray(node) && node.some(isMap)) return node.flatMap((item, index) => leaves(item, `${at}[${index}]`));
  if (!isMap(node) || Object.keys(node).length === 0) return [at];
  return Object.entries(node).flatMap(([key, value]) => leaves(value, at === '' ? key : `${at}.${key}`));
}

function* examples(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/\.(?:ya?ml|json|sh|py|ipynb|md)$/.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const text = readFileSync(file, 'utf8');
    const name = path.relative(directory, file);
    if (entry.name.endsWith('.md')) yield* fences(text, name);
    else {
      yield { text, name };
      if (entry.name.endsWith('.py')) yield* commandsIn(text, name);
    }
  }
}

/** Fenced blocks of a page that hold a config or a training command. */
function* fences(text, name) {
  for (const [index, match] of [
    ...text.matchAll(/^( *)```(yaml|yml|bash|shell|sh|python)\b[^\n]*\n([\s\S]*?)^ *```/gm),
  ].entries()) {
    const [, indent, language, body] = match;
    const plain = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const isYaml = /^ya?ml/.test(language);
    if (language === 'python' ? !/(?:Config|Arguments)\(/.test(plain) : !isYaml && !/--\w/.test(plain)) continue;
    yield { text: plain, name: `${name}#${index}.${isYaml ? 'yaml' : language === 'python' ? 'py' : 'sh'}` };
  }
}

/** Commands in the docstring of a script. */
function* commandsIn(text, name) {
  const docstring = /^"""([\s\S]*?)"""/m.exec(text)?.[1] ?? '';
  if (/--\w/.test(docstring) && /\.py\b/.test(docstring)) yield { text: docstring, name: `${name}#usage.sh` };
}
