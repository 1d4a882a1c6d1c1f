// What a window pays for the extension, told by VS Code itself: its code loaded, its activate called and resolved; and from
// then to the explorer's first runs painted. A real VS Code with the packed extension and a folder with a thousand runs, first
// while the window loads, with all that loads beside it, then in a window that has loaded. The floor is an extension that does
// nothing: an empty activate, and a list of ten lines that are known already.
//
//   node bench/activation.mjs [runs] [rounds] [--floor]

import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createVSIX } from '@vscode/vsce';
import { chromium } from 'playwright-core';
import { startEditor } from '../scripts/code-server.mjs';
import { importSources } from './sources.mjs';

const numbers = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const [count = 1000, rounds = 7] = numbers.map(Number);
const { makeRunFolder, hello, started, step, chromiumArguments, openWorkbench } = await importSources(
  'activation',
  `export { makeRunFolder } from './test/support/runFolders.ts';
      export { hello, started, step } from './test/support/runEvents.ts';
      export { chromiumArguments, openWorkbench } from './test/support/workbench.ts';`,
);
/** A window has loaded when its extension host has said nothing for so many milliseconds. */
const quiet = 1500;

console.log(
  `${cpus()[0].model}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, ${new Date().toISOString().slice(0, 10)}`,
);
const scratch = await mkdtemp(path.join(tmpdir(), 'activation-bench-'));
try {
  const folder = path.join(scratch, 'quickstart');
  await cp('examples/quickstart', folder, { recursive: true, filter: (file) => !file.includes('.finetune/') });
  const runs = path.join(folder, '.finetune', 'runs');
  for (let i = 0; i < count; i++) {
    await makeRunFolder(runs, { id: `run-${i}`, status: 'completed' }, [hello, started, step(1, 2)]);
  }
  const vsix = path.join(scratch, 'extension.vsix');
  execFileSync(process.execPath, ['scripts/package-vsix.mjs', '--out', vsix], { stdio: 'ignore' });
  await measure(`the extension, ${count} runs`, vsix, folder, count);
  if (process.argv.includes('--floor')) {
    await measure('the floor: an empty activate, ten lines', await packFloor(), folder, 10);
  }
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}

async function measure(what, vsix, folder, lines) {
  const elsewhere = path.join(scratch, 'elsewhere');
  await mkdir(elsewhere, { recursive: true });
  const editor = await startEditor({ vsix, settings: { 'finetune.runs.additionalFolders': [folder] } });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: chromiumArguments,
  });
  try {
    console.log(`\n${what}`);
    tell('while the window loads', await whileLoading(browser, editor, folder, lines));
    tell('in a window that has loaded', await whenLoaded(browser, editor, elsewhere, lines));
  } finally {
    await browser.close();
    await editor.stop();
  }
}

/** The folder is opened with the explorer in front, as it was left. */
async function whileLoading(browser, editor, folder, lines) {
  const window = await openWorkbench(browser);
  const watch = await watchActivation(window.page, lines);
  const times = [];
  for (let round = 0; round <= rounds; round++) {
    watch.restart();
    await window.open(editor.address(folder));
    const measured = await watch.measured();
    // The first window installs things of its own.
    if (round > 0) times.push(measured);
  }
  await window.close();
  return times;
}

/** The explorer is opened in a window that has nothing else to do. */
async function whenLoaded(browser, editor, folder, lines) {
  const times = [];
  for (let round = 0; round <= rounds; round++) {
    const { page, close } = await openWorkbench(browser);
    const watch = await watchActivation(page, lines);
    await page.goto(editor.address(folder));
    const icon = page.locator('.activitybar a[aria-label^="Fine-Tune"]');
    await icon.waitFor();
    await watch.quiet();
    await icon.click();
    const measured = await watch.measured();
    if (round > 0) times.push(measured);
    await close();
  }
  return times;
}

/** Looks at what the extension host tells the window, and at the frame behind the explorer's first of so many runs. */
async function watchActivation(page, lines) {
  const now = () => performance.timeOrigin + performance.now();
  let activated;
  let lastWord = now();
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      lastWord = now();
      // Its code loaded, its activate called, its activate resolved, in milliseconds.
      const told = /\$onDidActivateExtension[^[]*\[\{"value":"finetune-workbench[^}]*\},(-?\d+),(-?\d+),(-?\d+),/.exec(
        payload.toString('latin1'),
      );
      if (told) activated = { at: now(), load: Number(told[1]), call: Number(told[2]), resolve: Number(told[3]) };
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
  return {
    restart: () => (activated = undefined),
    async quiet() {
      while (now() - lastWord < quiet) await delay(100);
    },
    async measured() {
      await page.waitForFunction('window.__painted !== undefined');
      // The list may be painted before the window has been told that the extension is active.
      while (!activated) await delay(20);
      // What came first was not all: each run is listed a moment later.
      await page.locator(`.sidebar [aria-level="2"][aria-setsize="${lines}"]`).first().waitFor();
      const { at, load, call, resolve } = activated;
      return { load, call, resolve, painted: Math.round((await page.evaluate('window.__painted')) - at) };
    },
  };
}

/** An extension of the same name with the same view, and nothing behind it. */
async function packFloor() {
  const cwd = path.join(scratch, 'floor');
  await mkdir(cwd);
  const container = { id: 'finetune', title: 'Fine-Tune', icon: 'panel.svg' };
  const manifest = {
    name: 'fine-tune-workbench',
    publisher: 'finetune-workbench',
    version: '0.0.1',
    engines: { vscode: '^1.100.0' },
    main: './main.js',
    activationEvents: ['workspaceContains:.finetune/runs'],
    contributes: {
      viewsContainers: { activitybar: [container] },
      views: { finetune: [{ id: 'finetune.runs', name: 'Runs' }] },
    },
  };
  await writeFile(path.join(cwd, 'package.json'), JSON.stringify(manifest));
  await cp('resources/panel.svg', path.join(cwd, 'panel.svg'));
  await writeFile(path.join(cwd, 'README.md'), 'Measures what an extension that does nothing takes.');
  const main = `const vscode = require('vscode');
    const lines = Array.from({ length: 10 }, (_, i) => 'run ' + i);
    exports.activate = () => void setImmediate(() => vscode.window.createTreeView('finetune.runs', {
      treeDataProvider: {
        getChildren: (node) => (node === undefined ? ['Finished'] : lines),
        getTreeItem: (node) => new vscode.TreeItem(node, node === 'Finished' ? 2 : 0),
      },
    }));`;
  await writeFile(path.join(cwd, 'main.js'), main);
  const packagePath = path.join(scratch, 'floor.vsix');
  const options = { allowMissingRepository: true, skipLicense: true, dependencies: false };
  await createVSIX({ cwd, packagePath, ...options });
  return packagePath;
}

function tell(when, times) {
  console.log(`  ${when}, ${times.length} rounds, median (least–most):`);
  const line = (what, valueOf) => {
    const sorted = times.map(valueOf).toSorted((a, b) => a - b);
    console.log(`    ${what}: ${sorted[Math.floor(sorted.length / 2)]} ms (${sorted[0]}–${sorted.at(-1)})`);
  };
  line('activation, as VS Code shows it', ({ load, call }) => load + call);
  line('  its code loaded', ({ load }) => load);
  line('  its activate called', ({ call }) => call);
  line('  its activate resolved', ({ resolve }) => resolve);
  line('from active to its first runs, painted', ({ painted }) => painted);
}
