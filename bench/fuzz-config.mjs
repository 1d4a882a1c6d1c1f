// Fuzzes config editing through the language server for a while: `node bench/fuzz-config.mjs [seconds] [seed]`. Ends with 1 at the first fault.
import { build } from 'esbuild';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? 1);
const folder = await mkdtemp(join(process.cwd(), 'node_modules', '.fuzz-'));
try {
  const outfile = join(folder, 'fuzz.mjs');
  await build({
    entryPoints: ['bench/fuzzConfig.ts'],
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'warning' },
  });
  const { fuzzConfig } = await import(pathToFileURL(outfile).href);
  const until = performance.now() + seconds * 1000;
  const { edits, answers, slowest } = await fuzzConfig(seed, () => performance.now() > until);
  console.log(`${edits} edits and ${answers} answers in ${seconds} s with seed ${seed}: no fault.`);
  console.log(
    `The slowest answer took ${slowest.milliseconds.toFixed(0)} ms of processor time (${slowest.what}, ${slowest.text.length} characters).`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
