// What is inside the extension's bundles: nothing native, nothing of models or the engine, and not much at start.
import { build, type Metafile } from 'esbuild';
import { builtinModules } from 'node:module';
import { beforeAll, describe, expect, test } from 'vitest';
import { configToolsBundle, extensionBundle, languageClientBundle, packagesBundle } from '../../../scripts/bundles.mjs';

describe.each([
  ['extension', extensionBundle, ['vscode', './config-tools.cjs', './language-client.cjs', './packages.cjs'], 220_000],
  ['packages', packagesBundle, [], 180_000],
  ['config-tools', configToolsBundle, ['./packages.cjs'], 300_000],
  ['language-client', languageClientBundle, ['vscode', './packages.cjs'], 600_000],
] as const)('%s.cjs', (name, options, outside, limit) => {
  let output: Metafile['outputs'][string];
  beforeAll(async () => {
    const { metafile } = await build({ ...options, write: false, sourcemap: false, logLevel: 'silent' });
    output = metafile.outputs[`dist/${name}.cjs`]!;
  });

  test('asks only for Node, and for what is meant to stay outside', () => {
    const foreign = output.imports
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('node:') && !builtinModules.includes(path));
    expect([...new Set(foreign)].toSorted()).toEqual([...outside].toSorted());
  });

  test('holds no model, no engine, no trainer', () => {
    const rooms = Object.keys(output.inputs).filter((file) => /^src\/(engine|models|trainer|cli|server)\//.test(file));
    expect(rooms).toEqual([]);
  });

  test(`has at most ${limit / 1000} kB`, () => {
    expect(output.bytes).toBeLessThan(limit);
  });
});

test('what configs, languages and checks of messages need is not part of what the editor loads at its start', async () => {
  const { metafile } = await build({ ...extensionBundle, write: false, sourcemap: false, logLevel: 'silent' });
  const inputs = Object.keys(metafile.outputs['dist/extension.cjs']?.inputs ?? {});
  expect(
    inputs.filter((file) =>
      /node_modules\/(?:yaml|vscode-language\w+|ajv|chokidar)\/|src\/config\/(parse|check)\.ts/.test(file),
    ),
  ).toEqual([]);
});
