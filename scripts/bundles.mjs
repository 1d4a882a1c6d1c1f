// The table of bundles: what goes into dist/ and how. Read by the build and by the test that looks inside the bundles.
import { readFile } from 'node:fs/promises';

/** Packages with native files or large optional parts stay outside the bundles and are resolved at run time. */
export const external = ['onnxruntime-node', '@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs'];

/** esbuild options: ES modules for Node, code shared in chunks. */
export const bundleOptions = {
  entryPoints: {
    cli: 'src/cli/main.ts',
    trainer: 'src/trainer/main.ts',
    'engine-worker': 'src/engine/worker.ts',
    'lint-worker': 'src/lint/worker.ts',
    'encoding-worker': 'src/data/prepare/encodingWorker.ts',
    server: 'src/server/main.ts',
    preview: 'src/preview/worker.ts',
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

const { cli, ...programs } = bundleOptions.entryPoints;

/**
 * The same programs for the packed extension. There the command line is only started by the extension, which does not
 * mind its start: in one file, since with its commands in chunks too there would be more than a hundred of them.
 */
export const packedBundles = [
  { ...bundleOptions, entryPoints: programs },
  { ...bundleOptions, entryPoints: { cli }, splitting: false, minify: true },
];

/** CommonJS for the editor's own process. A CommonJS file has no import.meta; files are found from its own place. */
const hostOptions = {
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  charset: 'utf8',
  external: ['vscode'],
  minify: true,
  metafile: true,
  sourcemap: true,
  sourcesContent: false,
  define: { 'import.meta.url': '__ownUrl' },
  banner: { js: "const __ownUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/** Of package.json only the version is used; of schemas the descriptions are for people. */
const withoutProse = {
  name: 'without-prose',
  setup({ onLoad }) {
    onLoad({ filter: /(?:package|schemas[\\/](?:trainer|run).*)\.json$/ }, async ({ path }) => {
      const value = JSON.parse(await readFile(path, 'utf8'));
      const isManifest = value.contributes !== undefined;
      const isProse = (key, field) => key === 'description' && typeof field === 'string';
      const text = JSON.stringify(isManifest ? { version: value.version } : value, (key, field) =>
        isProse(key, field) ? undefined : field,
      );
      return { contents: text, loader: 'json' };
    });
  },
};

/**
 * Packages in a bundle of their own, loaded when the first message is checked or the first folder watched: to read and run
 * them takes longer than all the rest of the extension.
 */
const packagesWhenNeeded = {
  name: 'packages-when-needed',
  setup({ onResolve, onLoad }) {
    const namespace = 'when-needed';
    const contents = {
      ajv: 'export function Ajv(options) { return new (require("./packages.cjs").Ajv)(options); }',
      chokidar: 'export function watch(...args) { return require("./packages.cjs").watch(...args); }',
    };
    onResolve({ filter: /^(?:ajv|chokidar)$/ }, ({ path }) => ({ path, namespace }));
    onLoad({ filter: /./, namespace }, ({ path }) => ({ contents: contents[path] }));
    onResolve({ filter: /^\.\/packages\.cjs$/ }, ({ path }) => ({ path, external: true }));
  },
};

export const packagesBundle = {
  ...hostOptions,
  entryPoints: { packages: 'scripts/packages.mjs' },
};

/** The extension without what only configs and languages need, which it imports from bundles beside when it is asked to. */
export const extensionBundle = {
  ...hostOptions,
  entryPoints: { extension: 'src/extension/main.ts' },
  plugins: [
    withoutProse,
    packagesWhenNeeded,
    {
      name: 'loaded-later',
      setup({ onResolve }) {
        onResolve({ filter: /\/configTools\.ts$/ }, () => ({ path: './config-tools.cjs', external: true }));
        onResolve({ filter: /\/languageClient\.ts$/ }, () => ({ path: './language-client.cjs', external: true }));
      },
    },
  ],
};

export const configToolsBundle = {
  ...hostOptions,
  entryPoints: { 'config-tools': 'src/extension/configTools.ts' },
  plugins: [packagesWhenNeeded],
};

/** The client of the language server, loaded when the first config or dataset is opened. */
export const languageClientBundle = {
  ...hostOptions,
  entryPoints: { 'language-client': 'src/extension/language/languageClient.ts' },
  plugins: [packagesWhenNeeded],
};

/** Panels: a script and a style sheet each; their policy allows no chunks beside. */
export const webviewBundle = {
  entryPoints: {
    dashboard: 'webview-ui/dashboard/main.ts',
    compare: 'webview-ui/compare/main.ts',
    preview: 'webview-ui/preview/main.ts',
  },
  outdir: 'dist/webview',
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'chrome132',
  minify: true,
  metafile: true,
  legalComments: 'none',
};

/** Everything that a build makes. */
export const bundles = [
  bundleOptions,
  extensionBundle,
  packagesBundle,
  configToolsBundle,
  languageClientBundle,
  webviewBundle,
];
