// npm run editor: the quickstart folder in a real VS Code in the browser, with the extension as it is in this checkout.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { editorVersions, installEditor, startEditor } from './code-server.mjs';

// With --install it only brings the editors that the tests run in.
if (process.argv.includes('--install')) {
  for (const which of Object.keys(editorVersions)) {
    const { folder } = await installEditor(console.error, which);
    console.log(folder);
  }
  process.exit(0);
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const scratch = mkdtempSync(join(tmpdir(), 'finetune-try-'));
const folder = process.argv[2] ? resolve(process.argv[2]) : copyOfQuickstart();

const vsix = join(scratch, 'extension.vsix');
execFileSync(process.execPath, ['scripts/build.mjs', '--if-changed', '--quiet'], { stdio: 'inherit' });
execFileSync(process.execPath, ['scripts/package-vsix.mjs', '--out', vsix], { stdio: 'inherit' });

const editor = await startEditor({ vsix, port: Number(process.env.PORT ?? 8765), log: (text) => console.error(text) });
console.log(`\nOpen ${editor.address(folder)}\nCtrl+C ends it. Runs that were started go on.`);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    editor.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

/** A copy, so that trying things leaves the checkout as it is. */
function copyOfQuickstart() {
  const source = join(root, 'examples', 'quickstart');
  if (!existsSync(source)) throw new Error('examples/quickstart is not there.');
  const copy = join(scratch, 'quickstart');
  cpSync(source, copy, { recursive: true, filter: (file) => !/[\\/]\.finetune(?:[\\/]|$)/.test(file) });
  return copy;
}
