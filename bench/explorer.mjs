// The list of a thousand runs behind the explorer: how long the first listing takes, and how soon a change is told.
//
//   node bench/explorer.mjs [runs]

import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { importSources } from './sources.mjs';

const count = Number(process.argv[2] ?? 1000);
const { watchRuns, changeLabel, makeRunFolder } = await importSources(
  'explorer',
  `export { watchRuns } from './src/runs/watchRuns.ts';
      export { changeLabel } from './src/runs/label.ts';
      export { makeRunFolder } from './test/support/runFolders.ts';`,
);

console.log(
  `${cpus()[0].model}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}\n`,
);
const root = await mkdtemp(path.join(tmpdir(), 'explorer-bench-'));
try {
  const folders = [];
  for (let i = 0; i < count; i++) folders.push(await makeRunFolder(root, { id: `run-${i}`, status: 'completed' }));
  const listings = [];
  for (let round = 0; round < 5; round++) listings.push(await timeOfListing());
  tell(`${count} runs: first listing`, listings);
  await changes(folders);
} finally {
  await rm(root, { recursive: true, force: true });
}

async function timeOfListing() {
  const begun = performance.now();
  const watch = watchRuns(root, () => undefined);
  await watch.listed;
  const took = performance.now() - begun;
  if (watch.runs().length !== count) throw new Error(`${watch.runs().length} runs were listed`);
  await watch.close();
  return took;
}

/** Changes the notes of ten runs, one after the other, and waits for each to be told. */
async function changes(folders) {
  let onChange = () => undefined;
  const watch = watchRuns(root, (change) => onChange(change));
  await watch.listed;
  const times = [];
  let most = 0;
  for (let i = 0; i < 10; i++) {
    const folder = folders[Math.floor((i * count) / 10)];
    const begun = performance.now();
    const told = new Promise((resolve) => {
      onChange = ({ changed, structure }) => {
        most = Math.max(most, structure ? Number.POSITIVE_INFINITY : changed.length);
        if (changed.includes(folder)) resolve();
      };
    });
    await changeLabel(folder, { note: `note ${i}` });
    await told;
    times.push(performance.now() - begun);
  }
  await watch.close();
  tell('a changed run is told', times);
  console.log(`runs told for one that changed, at most: ${most}`);
}

function tell(what, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  console.log(`${what}: median ${median.toFixed(0)} ms (${sorted[0].toFixed(0)}–${sorted.at(-1).toFixed(0)})`);
}
