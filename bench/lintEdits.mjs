// How long from a keystroke in an open JSONL of 40 MB to its diagnostics, driven over stdio like any editor, while the server
// also compares rows whenever typing pauses. With `config` one governs the file, so that edited rows become tokens, too.
// `node bench/lintEdits.mjs [keystrokes] [megabytes] [config]`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { percentile, startServer } from './languageServer.mjs';

const [keystrokes, megabytes] = [Number(process.argv[2] ?? 200), Number(process.argv[3] ?? 40)];
let seed = 1;
const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;

/** Chats of about a kilobyte; one in five hundred has an invisible character. */
const words = Array.from({ length: 4000 }, (_, i) => `${(i * 7919).toString(36)}${'aeiou'[i % 5]}n`);
const sentence = () => `${Array.from({ length: 12 }, () => words[random(words.length)]).join(' ')}.`;
const rows = [];
for (let bytes = 0; bytes < megabytes * 1e6; bytes += rows.at(-1).length + 1) {
  const said = Array.from({ length: 8 }, sentence).join(random(3) === 0 ? '\n' : ' ');
  const odd = rows.length % 500 === 0 ? ' wo\u200brd' : '';
  const turns = [
    { role: 'user', content: sentence() + odd },
    { role: 'assistant', content: said },
  ];
  rows.push(JSON.stringify({ messages: turns }));
}

const folder = await mkdtemp(join(tmpdir(), 'finetune-edits-'));
const uri = pathToFileURL(join(folder, 'large.jsonl')).href;
if (process.argv[4] === 'config') {
  const model = resolve('examples/quickstart/starter-model');
  const config = { version: 1, model, data: { train: 'large.jsonl', format: 'messages', max_length: 256 } };
  await writeFile(join(folder, 'large.jsonl'), rows.join('\n'));
  await writeFile(join(folder, 'large.finetune.json'), JSON.stringify(config));
}
let told = () => undefined;
let trainingFindings = 0;
const server = await startServer(
  (version, diagnostics) => {
    trainingFindings = diagnostics.filter(({ code }) => code.startsWith('training/')).length;
    told(version, diagnostics);
  },
  {
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'measured' }],
  },
);

/** The next diagnostics of a version that satisfy a condition. */
const diagnosed = (wanted, accepts) =>
  new Promise((resolve) => {
    told = (version, diagnostics) => version === wanted && accepts(diagnostics) && resolve(diagnostics);
  });
const invisible = (diagnostics) => diagnostics.filter(({ code }) => code === 'form/zero-width');
let version = 1;
const expected = Math.ceil(rows.length / 500);
const opened = diagnosed(1, (all) => invisible(all).length === expected);
const begun = performance.now();
await server.open(uri, 'jsonl', rows.join('\n'));
await opened;
const openTime = performance.now() - begun;

/** Types a character, or takes one back, and waits for what the server says of that version. */
async function keystroke(line, character, text, removed) {
  version += 1;
  const has = text !== '';
  const isRight = (all) => invisible(all).some(({ range }) => range.start.line === line) === has;
  const done = diagnosed(version, isRight);
  const pressed = performance.now();
  void server.change(uri, version, { line, character }, text, removed);
  await done;
  return performance.now() - pressed;
}

const times = [];
while (times.length < keystrokes) {
  // An invisible character is typed into the question and taken back, so that it is the new text that is judged.
  const line = 1 + 500 * random(Math.floor(rows.length / 500)) + random(400);
  for (const [text, removed] of [
    ['\u200b', 0],
    ['', 1],
  ]) {
    // From fast typing to pauses in which all rows are compared.
    await pause(random(4) === 0 ? 300 + random(1200) : 30 + random(200));
    times.push(await keystroke(line, 50, text, removed));
  }
}
await server.stop();
await rm(folder, { recursive: true, force: true });

const [p50, p95, most] = [0.5, 0.95, 1].map((share) => percentile(times, share).toFixed(1));
const load = loadavg()[0].toFixed(1);
console.log(`${rows.length} rows, ${megabytes} MB, ${cpus().length} cores, load ${load}, Node ${process.version}\n`);
console.log('| what | p50 ms | p95 ms | max ms | bar (p95) |');
console.log('| --- | ---: | ---: | ---: | ---: |');
console.log(`| keystroke → diagnostics | ${p50} | ${p95} | ${most} | 100 ${Number(p95) <= 100 ? 'held' : 'MISSED'} |`);
console.log(`\nopened and all rows looked at in ${(openTime / 1000).toFixed(1)} s`);
if (process.argv[4] === 'config') console.log(`findings of training rules at the end: ${trainingFindings}`);
