// The checks that are compiled when the extension is built say what those say that are compiled when they are first used.
import { build } from 'esbuild';
import type { ValidateFunction } from 'ajv';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { compiledSchemas } from '../../../scripts/compiledSchemas.mjs';
import { lazyValidator } from '../../../src/protocol/validate.ts';
import { runRecord } from '../../support/runRecords.ts';

const good = runRecord({ id: 'good' }).manifest;
const samples: Readonly<Record<string, readonly unknown[]>> = {
  'run.schema.json': [
    good,
    { ...good, id: 1 },
    { ...good, state: 'asleep' },
    { ...good, foreign: true },
    { ...good, process: { pid: 1.5, started: '', host: '', argv: [] } },
    { ...good, machine: {} },
    null,
  ],
  'run-label.schema.json': [
    {},
    { name: 'a', note: 'b', pinned: true },
    { name: 'x'.repeat(100_000) },
    { pinned: 1 },
    [],
  ],
  'run-queue.schema.json': [{}, { version: 1, items: [], continue_on_error: false }, { version: 2 }, 'queue'],
};

test.each(Object.keys(samples))('%s', async (name) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'compiled-'));
  try {
    const file = path.resolve('schemas', name);
    const outfile = path.join(folder, 'check.mjs');
    const contents = `import schema from ${JSON.stringify(file)} with { type: 'json' }; export { schema };`;
    const banner = {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    };
    const stdin = { contents, resolveDir: process.cwd() };
    await build({ stdin, outfile, banner, bundle: true, format: 'esm', platform: 'node', plugins: [compiledSchemas] });
    const module = (await import(pathToFileURL(outfile).href)) as { readonly schema: ValidateFunction };
    const compiled = lazyValidator<unknown>(module.schema)();
    expect(compiled).toBe(module.schema);
    const usual = lazyValidator<unknown>(JSON.parse(await readFile(file, 'utf8')) as object)();
    const verdicts = (validate: ValidateFunction): unknown[] =>
      (samples[name] ?? []).map((sample) => [validate(sample), validate.errors]);
    expect(verdicts(compiled)).toEqual(verdicts(usual));
    expect(
      new Set(
        verdicts(usual)
          .flat()
          .filter((verdict) => typeof verdict === 'boolean'),
      ).size,
    ).toBe(2);
  } finally {
    await rm(folder, { recursive: true });
  }
});
