// The table of bundles: what goes into dist/ and how. Read by the build and by the test that looks inside the bundles.

/** Packages with native files or large optional parts stay outside the bundles and are resolved at run time. */
export const external = ['onnxruntime-node', '@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs'];

/** esbuild options: ES modules for Node, code shared in chunks. */
export const bundleOptions = {
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
  sourcesContent: false,
  banner: {
    // CommonJS dependencies inside an ES module bundle still ask for `require`.
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};
