// What is inside the bundles: no editor in the trainer, and a command line that starts without the heavy parts.
import { builtinModules } from 'node:module';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleOptions, external } from '../../../scripts/bundles.mjs';

let outputs: Metafile['outputs'];

beforeAll(async () => {
  const result = await build({ ...bundleOptions, write: false, sourcemap: false, logLevel: 'silent' });
  outputs = result.metafile.outputs;
});

/** The outputs that an entry loads, with those that it may load later when `lazy`. */
function closure(entryPoint: string, lazy: boolean): { files: string[]; packages: Set<string> } {
  const start = Object.entries(outputs).find(([, output]) => output.entryPoint === entryPoint)?.[0];
  if (start === undefined) throw new Error(`${entryPoint} is not an entry of any bundle`);
  const files = new Set([start]);
  const packages = new Set<string>();
  for (const file of files) {
    for (const { path, kind, external: outside } of outputs[file]?.imports ?? []) {
      if (kind === 'dynamic-import' && !lazy) continue;
      if (outside) packages.add(path);
      else files.add(path);
    }
  }
  return { files: [...files], packages };
}

describe.each(Object.values(bundleOptions.entryPoints))('%s', (entryPoint) => {
  test('holds no vscode and asks only for Node and the packages that are meant to stay outside', () => {
    const { packages } = closure(entryPoint, true);
    const foreign = [...packages].filter((name) => !isNodeModule(name) && !external.includes(name));
    expect(foreign).toEqual([]);
  });
});

test('the command line starts without ONNX Runtime, models or the engine', () => {
  const { files, packages } = closure('src/cli/program.ts', false);
  expect([...packages].filter((name) => !isNodeModule(name))).toEqual([]);
  const inputs = files.flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
  expect(inputs.filter((name) => /^src\/(?!cli\/|protocol\/|platform\/)/.test(name))).toEqual([]);
  const bytes = files.reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
  expect(bytes).toBeLessThan(200_000);
});

test.each(['src/trainer/main.ts', 'src/server/main.ts', 'src/preview/worker.ts', 'src/lint/worker.ts'])(
  '%s starts without the WebAssembly that only some Parquet files need',
  (entryPoint) => {
    const inputsOf = (lazy: boolean) =>
      closure(entryPoint, lazy).files.flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
    const isParquet = (input: string): boolean => input.includes('/hyparquet');
    expect(inputsOf(false).filter(isParquet)).toEqual([]);
    expect(inputsOf(true).some(isParquet)).toBe(true);
  },
);

/** Dependencies still name some without `node:`. */
function isNodeModule(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}
