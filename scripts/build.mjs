// Builds dist/. With --if-changed nothing happens when no source is newer than the last build.
import { build } from 'esbuild';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundles } from './bundles.mjs';

const quiet = process.argv.includes('--quiet');
const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

if (!process.argv.includes('--if-changed') || (await isStale())) await buildAll();
else if (!quiet) console.log('dist/ is up to date');

async function buildAll() {
  const started = performance.now();
  const logLevel = quiet ? 'error' : 'warning';
  const make = (options) => build({ ...options, absWorkingDir: root, write: false, logLevel });
  const results = await Promise.all(bundles.map(make)).catch(() => {
    process.exit(1); // esbuild has said what is wrong
  });
  const inputs = Object.assign({}, ...results.map(({ metafile }) => metafile.inputs));
  const outputs = Object.assign({}, ...results.map(({ metafile }) => metafile.outputs));
  // Written aside and swapped in, so that a program that starts meanwhile never meets half a build.
  const staging = `dist.new-${process.pid}`;
  for (const { path, contents } of results.flatMap(({ outputFiles }) => outputFiles)) {
    await writeInto(join(staging, relative('dist', path)), contents);
  }
  await chmod(join(staging, 'cli.js'), 0o755); // npx starts it as a program
  await writeInto(join(staging, 'metafile.json'), JSON.stringify({ inputs, outputs }));
  await rm('dist', { recursive: true, force: true });
  await rename(staging, 'dist');
  if (!quiet) console.log(`built dist/ in ${Math.round(performance.now() - started)} ms`);
}

async function writeInto(file, contents) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, contents);
}

/** Whether a source of the last build, or the build itself, has changed since. */
async function isStale() {
  try {
    const built = (await stat('dist/metafile.json')).mtimeMs;
    const { inputs } = JSON.parse(await readFile('dist/metafile.json', 'utf8'));
    const sources = [...Object.keys(inputs), 'package.json', 'scripts/build.mjs', 'scripts/bundles.mjs'];
    const times = await Promise.all(sources.map(async (file) => (await stat(file)).mtimeMs));
    return times.some((time) => time > built);
  } catch {
    return true; // never built, or a source is gone
  }
}
