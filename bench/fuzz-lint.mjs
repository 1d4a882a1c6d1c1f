// Fuzzes the linting of open datasets: bytes of JSON Lines mutated, edits in sequence through the server's incremental path.
// Holds when nothing throws, no edit takes a second, and after every edit the text, and all that is found, are those of the
// same text read anew. `node bench/fuzz-lint.mjs [minutes] [seed]`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const minutes = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now());
const folder = mkdtempSync(join(tmpdir(), 'lint-fuzz-'));
try {
  const outfile = join(folder, 'fuzz.mjs');
  const banner = {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  };
  await build({
    entryPoints: [fileURLToPath(new URL('fuzzLint.ts', import.meta.url))],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner,
    logLevel: 'error',
  });
  const { fuzzLint } = await import(pathToFileURL(outfile).href);
  const { edits, rounds, slowest, failure } = fuzzLint(minutes * 60, seed);
  console.log(
    `seed ${seed}: ${edits} edits of ${rounds} texts in ${minutes} minutes, slowest edit ${slowest.toFixed(0)} ms`,
  );
  if (failure) {
    console.error(failure);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
