// Functions of the sources for programs that measure them: bundled on the fly, so that nothing has to be built before.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** The module whose text `exports` is; its imports are relative to the checkout. `further` are options of esbuild. */
export async function importSources(name, exports, further = {}) {
  const outfile = path.resolve(`node_modules/.cache/${name}-bench.mjs`);
  await build({
    stdin: { contents: exports, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outfile,
    logLevel: 'error',
    ...further,
  });
  return import(pathToFileURL(outfile).href);
}
