// The table of bundles: what goes into dist/ and how. Read by the build and by the test that looks inside the bundles.
import { transform } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { compiledSchemas } from './compiledSchemas.mjs';

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

/**
 * The editor's own process loads CommonJS, and esbuild makes chunks only of ES modules: each chunk is turned into CommonJS
 * when all are there. A CommonJS file has no import.meta; files are found from its own place.
 */
const asCommonJs = {
  name: 'as-common-js',
  setup({ initialOptions, onEnd }) {
    const { target, charset, sourcesContent } = initialOptions;
    const sourcemap = initialOptions.sourcemap ? 'external' : false;
    const options = { format: 'cjs', minify: true, target, charset, sourcesContent, sourcemap };
    // `import()` of the editor's Node would read a file of CommonJS as if it might be something else.
    const supported = { 'dynamic-import': false };
    onEnd(async ({ outputFiles }) => {
      const made = outputFiles.map(async (file) => {
        const { code, map } = await transform(requireEditor(file.text), { ...options, supported });
        const ownUrl = code.includes('__ownUrl')
          ? "const __ownUrl=require('node:url').pathToFileURL(__filename).href;"
          : '';
        const link = sourcemap ? `//# sourceMappingURL=${basename(file.path)}.map\n` : '';
        file.contents = Buffer.from(`${ownUrl}${code}${link}`);
        return sourcemap ? [{ path: `${file.path}.map`, contents: Buffer.from(map) }] : [];
      });
      outputFiles.push(...(await Promise.all(made)).flat());
    });
  },
};

/**
 * esbuild copies all names of a CommonJS module for each `import * as` of it. The editor's API has hundreds of them, and more
 * than forty files import it: together half a millisecond a file, before anything has been done.
 */
function requireEditor(code) {
  return code.replace(/import\s*\*\s*as ([\w$]+)\s*from\s*"vscode";/g, 'var $1=require("vscode");');
}

/** Of package.json only the version is used; of schemas the descriptions are for people. */
const withoutProse = {
  name: 'without-prose',
  setup({ onLoad }) {
    onLoad({ filter: /(?:package|schemas[\\/]trainer.*)\.json$/ }, async ({ path }) => {
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
 * them takes longer than all that an explorer of runs needs.
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

/** For the editor's own process, minified: each byte that is loaded is read before it is run. */
const hostOptions = {
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  charset: 'utf8',
  external: ['vscode'],
  minify: true,
  metafile: true,
  sourcesContent: false,
};

export const packagesBundle = {
  ...hostOptions,
  entryPoints: { packages: 'scripts/packages.mjs' },
  format: 'cjs',
  sourcemap: true,
};

/** The extension: what its entry imports by name is loaded at the editor's start, every `import()` when it is reached. */
export const extensionBundle = {
  ...hostOptions,
  entryPoints: { extension: 'src/extension/main.ts' },
  format: 'esm',
  splitting: true,
  chunkNames: 'extension-[name]-[hash]',
  write: false,
  // Within the code, so that it is carried over to CommonJS.
  sourcemap: 'inline',
  define: { 'import.meta.url': '__ownUrl' },
  plugins: [compiledSchemas, withoutProse, packagesWhenNeeded, asCommonJs],
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
export const bundles = [bundleOptions, extensionBundle, packagesBundle, webviewBundle];
