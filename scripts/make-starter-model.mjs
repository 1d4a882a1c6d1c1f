// Bundles scripts/starter (TypeScript) and runs it; arguments are passed on. See docs/quickstart.md.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleOptions, external } from './bundles.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Inside node_modules, so that packages left outside the bundle are found.
const outfile = join(root, 'node_modules', '.cache', 'finetune', 'make-starter-model.mjs');
await build({
  entryPoints: [join(root, 'scripts', 'starter', 'main.ts')],
  ...{
    outfile,
    external,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: bundleOptions.banner,
    logLevel: 'warning',
  },
});
const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
