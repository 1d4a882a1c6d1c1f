// Bundles the command line, the trainer and the engine's worker into dist/ (ES modules for Node, code shared in chunks).
import { build } from 'esbuild';
import { rm, writeFile } from 'node:fs/promises';

const quiet = process.argv.includes('--quiet');
const started = performance.now();

/** Packages with native files or large optional parts stay outside the bundles and are resolved at run time. */
const external = ['onnxruntime-node', '@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs'];

await rm('dist', { recursive: true, force: true });
const result = await build({
  entryPoints: {
    cli: 'src/cli/main.ts',
    trainer: 'src/trainer/main.ts',
    'engine-worker': 'src/engine/worker.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  external,
  metafile: true,
  sourcemap: true,
  logLevel: quiet ? 'error' : 'warning',
  banner: {
    // CommonJS dependencies inside an ES module bundle still ask for `require`.
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
await writeFile('dist/metafile.json', JSON.stringify(result.metafile));
if (!quiet) console.log(`built dist/ in ${Math.round(performance.now() - started)} ms`);
