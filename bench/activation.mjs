// What a window pays for the extension: its activation as VS Code itself measures it, with a thousand runs in the folder, and
// how long the first of them take to be painted. A real VS Code with the packed extension, its window reloaded for each round.
//
//   node bench/activation.mjs [runs] [rounds]

import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { startEditor } from '../scripts/code-server.mjs';
import { importSources } from './sources.mjs';

const count = Number(process.argv[2] ?? 1000);
const rounds = Number(process.argv[3] ?? 7);
const { makeRunFolder, hello, started, step, chromiumArguments, openWorkbench } = await importSources(
  'activation',
  `export { makeRunFolder } from './test/support/runFolders.ts';
      export { hello, started, step } from './test/support/runEvents.ts';
      export { chromiumArguments, openWorkbench } from './test/support/workbench.ts';`,
);

console.log(
  `${cpus()[0].model}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, ${new Date().toISOString().slice(0, 10)}\n`,
);
const scratch = await mkdtemp(path.join(tmpdir(), 'activation-bench-'));
let editor;
let browser;
try {
  const folder = path.join(scratch, 'quickstart');
  await cp('examples/quickstart', folder, { recursive: true, filter: (file) => !file.includes('.finetune/') });
  const runs = path.join(folder, '.finetune', 'runs');
  for (let i = 0; i < count; i++) {
    await makeRunFolder(runs, { id: `run-${i}`, status: 'completed' }, [hello, started, step(1, 2)]);
  }
  const vsix = path.join(scratch, 'extension.vsix');
  execFileSync(process.execPath, ['scripts/package-vsix.mjs', '--out', vsix], { stdio: 'ignore' });
  editor = await startEditor({ vsix });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: chromiumArguments,
  });
  const window = await openWorkbench(browser);
  const firstPaint = await watchFirstPaint(window.page);
  const activations = [];
  const paints = [];
  for (let round = 0; round <= rounds; round++) {
    await window.open(editor.address(folder));
    await window.page.locator('.sidebar .monaco-list-row[aria-level="2"]').first().waitFor();
    const activated = await activationOf(window.page);
    // The first window installs things of its own.
    if (round === 0) continue;
    activations.push(activated);
    paints.push(await firstPaint());
  }
  tell('activation, as VS Code measures it (code loaded, activate called)', activations);
  tell('from the explorer being registered while it activates to its first runs, painted', paints);
  await window.close();
} finally {
  await browser?.close();
  await editor?.stop();
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Milliseconds between two things that a window sees: the message of the extension host that brings the explorer, and the
 * frame behind the explorer's first run.
 */
async function watchFirstPaint(page) {
  let registered;
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      const isOurs = payload.includes('$registerTreeViewDataProvider') && payload.includes('finetune.runs');
      if (isOurs) registered = performance.timeOrigin + performance.now();
    }),
  );
  await page.addInitScript(`{
    const look = () => {
      const isThere = document.querySelector('.sidebar .monaco-list-row[aria-level="2"]') !== null;
      if (isThere) requestAnimationFrame(() => (window.__painted = performance.timeOrigin + performance.now()));
      else requestAnimationFrame(look);
    };
    if (window === window.top) requestAnimationFrame(look);
  }`);
  return async () => Math.round((await page.evaluate('window.__painted')) - registered);
}

/** Milliseconds that the editor's own list of running extensions tells. */
async function activationOf(page) {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input').first();
  await input.fill('>Developer: Show Running Extensions');
  await page
    .locator('.quick-input-list .monaco-list-row')
    .filter({ hasText: 'Show Running Extensions' })
    .first()
    .click();
  const row = page.locator('.runtime-extensions-editor .monaco-list-row').filter({ hasText: 'Fine-Tune' }).first();
  await row.waitFor();
  const text = await row.locator('.activation-time').innerText();
  await page.keyboard.press('Control+F4');
  return Number(/(\d+)\s*ms/.exec(text)?.[1]);
}

function tell(what, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  console.log(`${what}: median ${median} ms (${sorted[0]}–${sorted.at(-1)}, ${times.length} rounds)`);
}
