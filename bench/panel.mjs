// The dashboard panel: how long from an event's writing to its chart, what the host pays, and how a long run opens and pans.
// The host's own feed reads a growing log; the panel runs in Debian's chromium (or CHROMIUM).
//
//   node bench/panel.mjs [steps of the long run]

import { spawn } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const longRun = Number(process.argv[2] ?? 1_000_000);
const interval = 100; // milliseconds between two looks, as in src/extension/panels/dashboard.ts
const patience = 250;
const bundle = path.resolve('node_modules/.cache/panel-bench.mjs');
await build({
  stdin: {
    contents: `export * from './test/support/panelHost.ts'; export * from './test/support/recordedPanels.ts';
      export { createRunFeed } from './src/extension/panels/runFeed.ts';
      export { packNumbers } from './src/protocol/wireNumbers.ts';
      export { runRecord } from './test/support/runRecords.ts';
      export { recordedEvents, running } from './test/support/recordedRuns.ts';`,
    resolveDir: process.cwd(),
    loader: 'ts',
  },
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  define: { 'import.meta.dirname': JSON.stringify(path.resolve('test/support')) },
  outfile: bundle,
  logLevel: 'error',
});
const panels = await import(pathToFileURL(bundle).href);

/** Another process, as the trainer is: 50 steps a second for eight seconds, each with the time of its writing. */
const writerSource = `
  const { appendFileSync } = require('node:fs');
  const [log, seq, sample] = process.argv.slice(1);
  const event = JSON.parse(sample);
  let step = 0;
  const timer = setInterval(() => {
    step += 1;
    const time = new Date().toISOString();
    appendFileSync(log, JSON.stringify({ ...event, seq: Number(seq) + step - 1, time, step }) + '\\n');
    if (step === 400) clearInterval(timer);
  }, 20);`;

console.log(
  `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}\n`,
);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const site = await panels.servePanels();
try {
  await live();
  await long();
} finally {
  await browser.close();
  await site.close();
}

/** A run at 50 steps a second, first with the panel seen, then the host's part alone. */
async function live() {
  const seen = await follow(true);
  const delays = seen.delays.toSorted((a, b) => a - b);
  const at = (share) => delays[Math.floor(share * (delays.length - 1))].toFixed(0);
  console.log(`event written → on the chart, ${delays.length} steps at 50/s: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`);
  const alone = await follow(false);
  console.log(`host at 50 steps/s: ${(100 * alone.share).toFixed(1)} % of a core`);
}

async function follow(withPanel) {
  const folder = await mkdtemp(path.join(tmpdir(), 'panel-bench-'));
  const log = path.join(folder, 'events.jsonl');
  const head = panels.recordedEvents({ ...panels.running, steps: 1 }).filter(({ type }) => type !== 'sample');
  const first = head.findIndex(({ type }) => type === 'step');
  await writeLines(log, head.slice(0, first));
  const feed = feedOf(folder);
  await feed.read();
  const panel = withPanel
    ? await panels.openPanel(browser, site.url('dashboard', 'dark'), panels.feedAnswerer(feed, []))
    : undefined;
  if (panel) {
    await panel.page.locator('.tiles').waitFor();
    // The tile and the charts are drawn in the same frame.
    await panel.page.evaluate(`window.__seen = [];
      new MutationObserver(() => {
        const step = Number(document.querySelector('.tile .value').textContent.split('/')[0].replace(/\\D/g, ''));
        requestAnimationFrame(() => window.__seen.push([step, performance.timeOrigin + performance.now()]));
      }).observe(document.querySelector('.tile .value'), { childList: true, characterData: true, subtree: true });`);
  }
  const writer = spawn(process.execPath, ['-e', writerSource, log, String(first), JSON.stringify(head[first])]);
  const ended = new Promise((resolve) => writer.on('exit', resolve));
  let going = true;
  ended.then(() => (going = false));
  let revision = 1;
  const cpu = process.cpuUsage();
  const begun = performance.now();
  do {
    await new Promise((resolve) => setTimeout(resolve, interval));
    await feed.read(patience);
    const delta = feed.delta();
    if (!delta || delta === 'reset') continue;
    const message = { type: 'delta', panel: 'dashboard', revision: ++revision, ...delta };
    if (panel) await panel.post(message);
    else structuredClone(panels.packNumbers(message));
  } while (going);
  const { user, system } = process.cpuUsage(cpu);
  const share = (user + system) / 1000 / (performance.now() - begun);
  const times = panel ? await panel.page.evaluate('window.__seen') : [];
  const written = feed.page({ from: 0, to: Infinity, buckets: 5000, smoothing: 0 });
  const delays = [];
  for (let i = 0; i < written.step.length; i++) {
    const shown = times.find(([step]) => step >= written.step[i]);
    if (shown) delays.push(shown[1] - written.time[i]);
  }
  await panel?.context.close();
  await rm(folder, { recursive: true, force: true });
  return { delays, share };
}

/** A run of a million steps: until the chart can be read, until it is whole, and how smoothly it pans. */
async function long() {
  const folder = await mkdtemp(path.join(tmpdir(), 'panel-bench-'));
  const log = path.join(folder, 'events.jsonl');
  const events = panels.recordedEvents({ ...panels.running, steps: 1, total: longRun });
  const first = events.findIndex(({ type }) => type === 'step');
  const spike = Math.round(longRun * 0.618);
  await writeLines(log, events.slice(0, first));
  const { rows, ...sample } = events[first];
  await appendSteps(log, first, longRun, (step) => ({
    ...sample,
    rows: rows.slice(0, 1),
    step,
    loss: step === spike ? 9 : 1 + 1 / step + (step % 13) / 50,
  }));
  const empty = feedOf(folder);
  const opened = performance.now();
  const panel = await panels.openPanel(browser, site.url('dashboard', 'dark'), panels.feedAnswerer(empty, []));
  await panel.page.locator('.tiles').waitFor();
  console.log(`a panel without steps opens in ${(performance.now() - opened).toFixed(0)} ms`);
  const feed = feedOf(folder);
  const begun = performance.now();
  await feed.read(patience);
  await panel.post(panels.dashboardSnapshot(feed, 50));
  await panel.page.locator('[data-chart=loss] canvas').waitFor();
  const readable = performance.now() - begun;
  const known = feed.page({ from: 0, to: Infinity, buckets: 10, smoothing: 0 }).total;
  await feed.read();
  const read = performance.now() - begun;
  await panel.post(panels.dashboardSnapshot(feed, 100));
  await panel.page.waitForFunction(
    `document.querySelector('.tile .value').textContent.replace(/[^\\d/]/g, '').startsWith('${longRun}/')`,
  );
  console.log(
    `${longRun} steps, page loaded: readable after ${readable.toFixed(0)} ms (${known} steps read), read whole after ${read.toFixed(0)} ms, drawn whole after ${(performance.now() - begun).toFixed(0)} ms`,
  );
  const page = feed.page({ from: 0, to: Infinity, buckets: 600, smoothing: 0 });
  console.log(`the spike of one step is on the chart: ${Math.max(...page.metrics.loss) === 9}`);

  const box = await panel.page.locator('[data-chart=loss] .u-over').boundingBox();
  await panel.page.locator('[data-chart=loss] .plot-area').focus();
  for (let i = 0; i < 3; i++) await panel.page.keyboard.press('+');
  const frames = await panel.page.evaluate(`new Promise((resolve) => {
    const over = document.querySelector('[data-chart=loss] .u-over');
    const at = (type, x) => (type === 'mousedown' ? over : window).dispatchEvent(new MouseEvent(type, { bubbles: true, shiftKey: true, button: 0, clientX: x, clientY: ${box.y + 50} }));
    at('mousedown', ${box.x + 300});
    const begun = performance.now();
    let count = 0;
    const next = () => {
      at('mousemove', ${box.x + 300} + 200 * Math.sin(count / 10));
      if (performance.now() - begun > 3000) { at('mouseup', 0); resolve(count / ((performance.now() - begun) / 1000)); }
      else { count += 1; requestAnimationFrame(next); }
    };
    next();
  })`);
  console.log(`panning: ${frames.toFixed(0)} frames/s`);
  await panel.context.close();
  await rm(folder, { recursive: true, force: true });
}

function feedOf(folder) {
  return panels.createRunFeed(folder, {
    run: () => panels.runRecord({ id: 'bench', status: 'running', folder }),
    configFile: () => 'bench.finetune.yaml',
    previous: () => null,
    trusted: () => true,
    t: (text, ...parts) => text.replace(/\{(\d+)\}/g, (_, index) => String(parts[Number(index)])),
    onProblem: (sentence) => console.error(sentence),
  });
}

async function writeLines(file, events) {
  const handle = await open(file, 'a');
  await handle.write(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  await handle.close();
}

async function appendSteps(file, seq, count, eventOf) {
  for (let from = 1; from <= count; from += 10_000) {
    const length = Math.min(10_000, count - from + 1);
    await writeLines(
      file,
      Array.from({ length }, (_, i) => ({ ...eventOf(from + i), seq: seq + from - 1 + i })),
    );
  }
}
