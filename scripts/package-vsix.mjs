// Packs the extension as one VSIX for one platform: `node scripts/package-vsix.mjs [--target linux-x64] [--out file]`.
// What goes in is listed here, so nothing else can; native files of other platforms stay out.
import { createVSIX } from '@vscode/vsce';
import { build } from 'esbuild';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packedBundles } from './bundles.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(join(root, 'package.json'));

/** Largest package that is accepted, in bytes. */
const sizeLimit = 40e6;

/** Files and folders of the repository that an installed extension needs. */
const contents = [
  'dist',
  'schemas',
  'resources',
  'l10n',
  'examples/quickstart',
  'package.nls.json',
  'package.nls.zh-cn.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'src/torch/worker',
  'src/torch/locks/requirements.txt',
  'docs/torch.md',
  'docs/config.md',
  'docs/config-problems.md',
  'docs/editor.md',
  'docs/images',
];

/** What a build or a run leaves inside them and nobody needs. */
const leftOut =
  /\.map$|__pycache__|\.(?:mypy|ruff)_cache|metafile\.json$|[\\/]dist[\\/](?:chunks|[^\\/]+\.js$)|[\\/]\.finetune(?:[\\/]|$)|[\\/]outputs(?:[\\/]|$)/;

const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } });
const target = values.target ?? `${process.platform}-${process.arch}`;
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const out = resolve(values.out ?? join(root, `${manifest.name}-${target}-${manifest.version}.vsix`));

const staging = await mkdtemp(join(tmpdir(), 'finetune-vsix-'));
try {
  for (const name of contents) {
    await cp(join(root, name), join(staging, name), { recursive: true, filter: (source) => !leftOut.test(source) });
  }
  await stagePrograms();
  await stageNativeModules();
  await writeFile(join(staging, 'package.json'), JSON.stringify(stagedManifest(), null, 2));
  await writeFile(join(staging, '.vscodeignore'), '');
  await createVSIX({
    cwd: staging,
    packagePath: out,
    target,
    dependencies: true,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  const { size } = await stat(out);
  console.log(`${out}: ${(size / 1e6).toFixed(1)} MB`);
  if (size > sizeLimit) throw new Error(`The package has ${size} bytes; at most ${sizeLimit} are accepted.`);
} finally {
  await rm(staging, { recursive: true, force: true });
}

/** The manifest without what only a checkout needs. Its one dependency is native; everything else is bundled. */
function stagedManifest() {
  const left = new Set([
    'private',
    'scripts',
    'devDependencies',
    'peerDependencies',
    'peerDependenciesMeta',
    'bin',
    'files',
    'allowScripts',
  ]);
  const kept = Object.fromEntries(Object.entries(manifest).filter(([key]) => !left.has(key)));
  return { ...kept, dependencies: { 'onnxruntime-node': manifest.dependencies['onnxruntime-node'] } };
}

/** The programs that the extension starts, in fewer files than in `dist`. */
async function stagePrograms() {
  for (const options of packedBundles) {
    await build({
      ...options,
      absWorkingDir: root,
      outdir: join(staging, 'dist'),
      sourcemap: false,
      logLevel: 'error',
    });
  }
}

/** onnxruntime-node with the native files of the target alone, and without its installer's own dependencies. */
async function stageNativeModules() {
  const [platform, arch] = target.split('-');
  const runtime = dirname(require.resolve('onnxruntime-node/package.json'));
  const common = folderOf('onnxruntime-common', require.resolve('onnxruntime-common', { paths: [runtime] }));
  const modules = join(staging, 'node_modules');
  await mkdir(modules);
  const bin = join(runtime, 'bin');
  const wanted = (await readdir(bin)).map((abi) => join(bin, abi, platform, arch));
  const isWanted = (source) =>
    !source.startsWith(`${bin}/`) || wanted.some((folder) => folder.startsWith(source) || source.startsWith(folder));
  await cp(runtime, join(modules, 'onnxruntime-node'), {
    recursive: true,
    filter: (source) =>
      isWanted(source) &&
      !/[\\/]onnxruntime-node[\\/](?:script|lib|node_modules)(?:[\\/]|$)|\.map$|\.d\.ts$/.test(source),
  });
  await stageCommon(common, join(modules, 'onnxruntime-common'));
  const file = join(modules, 'onnxruntime-node', 'package.json');
  const { name, version, license, main, type, exports, dependencies } = JSON.parse(await readFile(file, 'utf8'));
  const kept = { 'onnxruntime-common': dependencies['onnxruntime-common'] };
  await writeFile(file, JSON.stringify({ name, version, license, main, type, exports, dependencies: kept }, null, 2));
}

/** onnxruntime-common as one file: its twenty small ones would take an installed extension's start longer to read. */
async function stageCommon(source, target) {
  const { name, version, license } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  await mkdir(target);
  await writeFile(join(target, 'package.json'), JSON.stringify({ name, version, license, main: 'index.js' }, null, 2));
  await build({
    // From ES modules, so that esbuild notes the names that the trainer imports.
    entryPoints: [join(source, 'dist', 'esm', 'index.js')],
    outfile: join(target, 'index.js'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    logLevel: 'error',
  });
}

/** The folder of a package that does not tell its package.json, from a file inside. */
function folderOf(name, file) {
  const marker = join('node_modules', name);
  return file.slice(0, file.lastIndexOf(marker) + marker.length);
}
