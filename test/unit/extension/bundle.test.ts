// What is inside the extension's bundles: nothing native, nothing of models or the engine, and next to nothing at start.
import { build, type Metafile } from 'esbuild';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { extensionBundle, packagesBundle } from '../../../scripts/bundles.mjs';

let outputs: Metafile['outputs'];
let files: readonly { readonly path: string; readonly text: string }[];
beforeAll(async () => {
  const options = { write: false, sourcemap: false, logLevel: 'silent' } as const;
  const extension = await build({ ...extensionBundle, ...options });
  const packages = await build({ ...packagesBundle, ...options });
  outputs = { ...extension.metafile.outputs, ...packages.metafile.outputs };
  files = extension.outputFiles;
});

/** The files that a source's own file loads at once, itself among them. */
function loadedWith(source: string): string[] {
  const start = Object.keys(outputs).find((file) => outputs[file]?.entryPoint === source);
  if (start === undefined) throw new Error(`${source} has no file of its own`);
  const found = new Set([start]);
  for (const file of found) {
    for (const { path: next, kind, external } of outputs[file]?.imports ?? []) {
      if (kind !== 'dynamic-import' && external !== true) found.add(next);
    }
  }
  return [...found];
}
const bytesOf = (names: readonly string[]): number => names.reduce((sum, file) => sum + outputs[file]!.bytes, 0);
const inputsOf = (names: readonly string[]): string[] =>
  names.flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));

test('ask only for Node, the editor, and the packages beside', () => {
  const foreign = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external }) => external === true)
    .map(({ path: name }) => name)
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  expect([...new Set(foreign)].toSorted()).toEqual(['./packages.cjs', 'vscode']);
});

test('hold no model, no engine, no trainer', () => {
  const rooms = inputsOf(Object.keys(outputs)).filter((file) =>
    /^src\/(engine|models|trainer|cli|server)\//.test(file),
  );
  expect(rooms).toEqual([]);
});

describe.each([
  ['src/extension/main.ts', 8_000],
  ['src/extension/workbench.ts', 100_000],
  ['src/extension/configTools.ts', 300_000],
  ['src/extension/language/languageClient.ts', 600_000],
  ['scripts/packages.mjs', 180_000],
])('%s', (source, limit) => {
  test(`loads at most ${limit / 1000} kB`, () => {
    expect(bytesOf(loadedWith(source))).toBeLessThan(limit);
  });
});

// 24 kB of it are the compiled checks of run folders: ajv, and compiling them, took longer than to read these.
test('all that windows, panels and commands load is less than 250 kB', () => {
  const sources = ['main', 'workbench', 'features', 'onDemand'].map((name) => `src/extension/${name}.ts`);
  expect(bytesOf([...new Set(sources.flatMap(loadedWith))])).toBeLessThan(250_000);
});

test('what configs, languages and checks of messages need is not part of what the editor loads at its start', () => {
  const inputs = inputsOf(['workbench', 'features'].flatMap((name) => loadedWith(`src/extension/${name}.ts`)));
  expect(inputs).toContain('src/extension/explorer/explorer.ts');
  expect(
    inputs.filter((file) =>
      /node_modules\/(?:yaml|vscode-language\w+|ajv\/(?!dist\/runtime)|chokidar)\/|src\/config\/(parse|check)\.ts/.test(
        file,
      ),
    ),
  ).toEqual([]);
});

test('are CommonJS that find each other, and have the editor’s API without a copy of it', () => {
  const names = new Set([...files.map((file) => path.basename(file.path)), 'packages.cjs']);
  for (const { text } of files) {
    expect(text).not.toMatch(/^import\b|\bimport\(|import\.meta/m);
    for (const [, name] of text.matchAll(/require\("\.\/([^"]+)"\)/g)) expect(names).toContain(name);
    expect(text).not.toMatch(/[\w$]\(require\("vscode"\)/);
  }
});
