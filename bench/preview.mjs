// The dataset preview against its bars: a JSONL of 1 GB, first rows, index, any row, memory of its process.
// usage: node bench/preview.mjs [megabytes]
import { fork } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const megabytes = Number(process.argv[2] ?? 1000);
const file = path.join(tmpdir(), `finetune-bench-preview-${megabytes}.jsonl`);
if (!existsSync(file)) await writeRows(file, megabytes * 1e6);
const bytes = statSync(file).size;

const worker = path.join(import.meta.dirname, '..', 'dist', 'preview.js');
const child = fork(worker, [], { serialization: 'advanced' });
let id = 0;
let state;
const waiting = new Map();
child.on('message', (message) => {
  if (message.type === 'state') state = message.state;
  else waiting.get(message.id)?.(message);
});
const ask = async (method, params) => {
  id += 1;
  const mine = id;
  const answered = new Promise((resolve) => waiting.set(mine, resolve));
  child.send({ id: mine, method, params });
  const { ok, result, problem } = await answered;
  if (!ok) throw new Error(`${method}: ${problem}`);
  return result;
};
/** Megabytes that only this process holds, and the most it ever held (Linux). */
const memory = () => {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const read = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
};
/** Seconds of processor time that the process has used: what remains true on a busy machine. */
const cpu = () => {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const until = async (test) => {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 5));
};

const began = performance.now();
await ask('open', { file, name: path.basename(file), configs: [] });
await ask('page', { from: 0, count: 50 });
const first = performance.now() - began;
await until(() => state?.isIndexed);
const indexed = performance.now() - began - first;
const afterIndex = memory();
const indexCpu = cpu();

const times = [];
let random = 7;
for (let i = 0; i < 300; i += 1) {
  random = (random * 1103515245 + 12345) % 2147483648;
  const row = Math.floor((random / 2147483648) * state.rows);
  const asked = performance.now();
  await ask('detail', { row });
  times.push(performance.now() - asked);
}
times.sort((a, b) => a - b);

const queryBegan = performance.now();
const query = { filters: [], sort: 'file', isDescending: false, sample: 0, isRegex: true, isCaseSensitive: false };
await ask('query', { ...query, text: 'row 12345\\d' });
await until(() => state.view.isQuery && state.view.task === undefined);
const searched = performance.now() - queryBegan;
const statisticsBegan = performance.now();
await ask('statistics', { all: false });
await until(() => state.statistics?.isDone);
const counted = performance.now() - statisticsBegan;

const lines = [
  ['rows', state.rows.toLocaleString('en-US'), ''],
  ['first 50 rows, process start included', `${first.toFixed(0)} ms`, '≤ 300 ms'],
  ['index', `${(bytes / 1e3 / indexed).toFixed(0)} MB/s`, '≥ 500 MB/s'],
  ['index, by processor time (start included)', `${(bytes / 1e6 / indexCpu).toFixed(0)} MB/s`, ''],
  ['any row: median', `${times[150].toFixed(1)} ms`, ''],
  ['any row: slowest of 300', `${times.at(-1).toFixed(1)} ms`, '≤ 50 ms'],
  ['memory of the process after the index', `${afterIndex.now.toFixed(0)} MB`, '≤ 150 MB'],
  ['most memory while indexing', `${afterIndex.peak.toFixed(0)} MB`, '≤ 150 MB'],
  [`search by expression, ${state.view.rows} found`, `${(bytes / 1e3 / searched).toFixed(0)} MB/s`, ''],
  [`statistics of ${state.statistics.rows} sampled rows`, `${(counted / 1e3).toFixed(1)} s`, ''],
  ['most memory of all', `${memory().peak.toFixed(0)} MB`, ''],
];
console.log(`preview of ${(bytes / 1e9).toFixed(2)} GB of JSON Lines, Node ${process.version}\n`);
for (const [what, found, bar] of lines) console.log(`${what.padEnd(46)} ${found.padStart(12)}   ${bar}`);
child.disconnect();
if (!process.argv.includes('--keep')) await rm(file);

async function writeRows(target, size) {
  const out = createWriteStream(target);
  let written = 0;
  for (let n = 0; written < size; n += 1) {
    const line = `${JSON.stringify(chat(n))}\n`;
    written += Buffer.byteLength(line);
    if (!out.write(line)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

/** A chat of about one kilobyte that names its own number. */
function chat(n) {
  const words = 'the river a small library an old engine explains carries remembers slowly and with great care'.split(
    ' ',
  );
  const text = (count, seed) =>
    Array.from({ length: count }, (_, i) => words[(n * 7 + i * seed) % words.length]).join(' ');
  return {
    messages: [
      { role: 'user', content: `Tell me about row ${n}: ${text(30, 3)}` },
      { role: 'assistant', content: text(60, 5) },
      { role: 'user', content: text(20, 7) },
      { role: 'assistant', content: text(50, 11) },
    ],
  };
}
