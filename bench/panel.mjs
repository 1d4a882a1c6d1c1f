// The dashboard panel: how long from an event's writing to its chart, what the host pays, and how a long run opens and pans.
// The host's own feed reads a growing log; the panel runs in Debian's chromium (or CHROMIUM).
//
//   node bench/panel.mjs [steps of the long run]

import { spawn } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { importSources } from './sources.mjs';

const longRun = Number(process.argv[2] ?? 1_000_000);
const interval = 100; // milliseconds between two looks, as in src/extension/panels/dashboard.ts
const patience = 250;
const panels = await importSources(
  'panel',
  `export * from './test/support/panelHost.ts'; export * from './test/support/recordedPanels.ts';
      export { createRunFeed } from './src/extension/panels/runFeed.ts';
      export { packNumbers } from './src/protocol/wireNumbers.ts';
      export { runRecord } from './test/support/runRecords.ts';
      export { recordedEvents, running } from './test/support/recordedRuns.ts';`,
  { define: { 'import.meta.dirname': JSON.stringify(path.resolve('test/support')) } },
);

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

/** A run of a million steps that went on twice from a checkpoint: until its chart can be read, until it is whole, panning. */
async function long() {
  const folder = await mkdtemp(path.join(tmpdir(), 'panel-bench-'));
  const spike = await writeLongRun(path.join(folder, 'events.jsonl'));
  const times = [];
  let opened;
  for (let round = 0; round < 3; round++) {
    await opened?.panel.context.close();
    opened = await openLong(folder, spike);
    times.push(opened);
  }
  const { feed, panel } = opened;
  const told = (name) => {
    const sorted = times.map((each) => each[name]).toSorted((x, y) => x - y);
    return `${sorted[1].toFixed(0)} ms (${sorted[0].toFixed(0)}–${sorted[2].toFixed(0)})`;
  };
  console.log(`${longRun} steps, medians of 3 (least–most):`);
  console.log(`  from opening to a curve over all steps, painted: ${told('painted')}`);
  console.log(`  … with its spike of one step: ${told('whole')}`);
  console.log(`  of that until the page asked for it: ${told('asked')}`);
  console.log(`  a page with nothing in it, opened the same way: ${told('blank')}`);
  console.log(`  a glance, without a page: ${told('looked')}`);
  console.log(`  every step read: ${told('read')}`);
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

/** Opens the run as the editor does: reads while the page loads, and tells what is known when the page asks. */
async function openLong(folder, spike) {
  const alone = feedOf(folder);
  const lookedFrom = performance.now();
  const reading = alone.read();
  await alone.read(60_000);
  const looked = performance.now() - lookedFrom;
  await reading;

  const blankFrom = performance.now();
  const blankPage = await panels.openPanel(browser, 'data:text/html,<title>nothing</title>', {});
  const blank = performance.now() - blankFrom;
  await blankPage.context.close();

  const begun = performance.now();
  const feed = feedOf(folder);
  const whole = feed.read().then(() => performance.now() - begun);
  let asked = 0;
  const host = panels.feedAnswerer(feed, [], async () => {
    asked ||= performance.now() - begun;
    await feed.read(patience);
    return panels.dashboardSnapshot(feed, 1);
  });
  const panel = await panels.openPanel(browser, site.url('dashboard', 'dark'), host);
  const hasSpike = () => {
    const { metrics, step } = feed.page({ from: 0, to: Infinity, buckets: 600, smoothing: 0 });
    return step[0] === 1 && metrics.loss[step.indexOf(spike)] === 9;
  };
  let revision = 1;
  let following = true;
  let spikeTold;
  const spikeIsTold = new Promise((resolve) => (spikeTold = resolve));
  const followed = (async () => {
    while (following) {
      await new Promise((resolve) => setTimeout(resolve, interval));
      await feed.read(patience);
      const delta = feed.delta();
      if (delta === 'reset') await panel.post(panels.dashboardSnapshot(feed, ++revision));
      else if (delta) await panel.post({ type: 'delta', panel: 'dashboard', revision: ++revision, ...delta });
      if (hasSpike()) spikeTold();
    }
  })();
  const first = await panel.page.evaluate(`new Promise((done) => {
    const look = () => {
      const steps = document.querySelector('.tile .value')?.textContent.replace(/[^\\d/]/g, '');
      if (steps) done(document.querySelector('[data-chart=loss] canvas') ? steps : 'no curve');
      else requestAnimationFrame(look);
    };
    look();
  })`);
  if (!first.startsWith(`${longRun}/`)) throw new Error(`the first picture shows ${first}`);
  const twoFrames = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';
  await panel.page.evaluate(twoFrames);
  // The page is empty up to that picture, so the browser knows when it was shown.
  const shown = "performance.timeOrigin + performance.getEntriesByName('first-contentful-paint')[0].startTime";
  const painted = (await panel.page.evaluate(shown)) - performance.timeOrigin - begun;
  await spikeIsTold;
  await panel.page.evaluate(twoFrames);
  const withSpike = performance.now() - begun;
  const read = await whole;
  following = false;
  await followed;
  await panel.post(panels.dashboardSnapshot(feed, ++revision));
  return { feed, panel, painted, whole: withSpike, asked, looked, blank, read };
}

async function writeLongRun(log) {
  const events = panels.recordedEvents({ ...panels.running, steps: 1, total: longRun });
  const first = events.findIndex(({ type }) => type === 'step');
  const spike = Math.round(longRun * 0.618);
  await writeLines(log, events.slice(0, first));
  const { rows, ...sample } = events[first];
  const eventOf = (step) => ({
    ...sample,
    step,
    loss: step === spike ? 9 : Math.fround(1 + 1 / step + (step % 13) / 50),
    grad_norm: Math.fround(0.5 + (step % 17) / 30),
    seconds: 0.117 + (step % 7) / 1000,
    rows: rows.slice(0, 4),
  });
  let seq = first;
  const stretches = [
    [1, Math.round(longRun * 0.4)],
    [Math.round(longRun * 0.39) + 1, Math.round(longRun * 0.8)],
  ];
  for (const [from, to] of [...stretches, [Math.round(longRun * 0.79) + 1, longRun]]) {
    if (from > 1) {
      const restart = { type: 'resumed', step: from - 1, after: 'restart' };
      await writeLines(log, [
        { ...events[0], seq },
        { seq: seq + 1, time: sample.time, ...restart },
      ]);
      seq += 2;
    }
    for (let at = from; at <= to; at += 10_000) {
      const length = Math.min(10_000, to - at + 1);
      await writeLines(
        log,
        Array.from({ length }, (_, i) => ({ ...eventOf(at + i), seq: seq + i })),
      );
      seq += length;
    }
  }
  return spike;
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
