// How long from a keystroke in an open JSONL of 40 MB to its diagnostics, driven over stdio like any editor, while the server
// also compares rows whenever typing pauses. `node bench/lintEdits.mjs [keystrokes] [megabytes]`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver-protocol/node';

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
const child = spawn(process.execPath, ['dist/server.js', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
let told = () => undefined;
connection.onNotification('textDocument/publishDiagnostics', ({ version, diagnostics }) => told(version, diagnostics));
connection.onRequest('workspace/configuration', ({ items }) => items.map(() => ({})));
connection.onRequest('client/registerCapability', () => null);
connection.listen();
await connection.sendRequest('initialize', {
  processId: null,
  capabilities: { workspace: { configuration: true } },
  workspaceFolders: null,
});
await connection.sendNotification('initialized', {});

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
await connection.sendNotification('textDocument/didOpen', {
  textDocument: { uri, languageId: 'jsonl', version, text: rows.join('\n') },
});
await opened;
const openTime = performance.now() - begun;

/** Types a character, or takes one back, and waits for what the server says of that version. */
async function keystroke(line, character, text, removed) {
  version += 1;
  const has = text !== '';
  const isRight = (all) => invisible(all).some(({ range }) => range.start.line === line) === has;
  const done = diagnosed(version, isRight);
  const pressed = performance.now();
  void connection.sendNotification('textDocument/didChange', {
    textDocument: { uri, version },
    contentChanges: [{ range: { start: { line, character }, end: { line, character: character + removed } }, text }],
  });
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
await connection.sendRequest('shutdown');
const ended = once(child, 'exit');
await connection.sendNotification('exit');
await ended;
connection.dispose();
await rm(folder, { recursive: true, force: true });

const sorted = times.toSorted((a, b) => a - b);
const percentile = (share) => sorted[Math.ceil(share * sorted.length) - 1];
const [p50, p95, most] = [0.5, 0.95, 1].map((share) => percentile(share).toFixed(1));
const load = loadavg()[0].toFixed(1);
console.log(`${rows.length} rows, ${megabytes} MB, ${cpus().length} cores, load ${load}, Node ${process.version}\n`);
console.log('| what | p50 ms | p95 ms | max ms | bar (p95) |');
console.log('| --- | ---: | ---: | ---: | ---: |');
console.log(`| keystroke → diagnostics | ${p50} | ${p95} | ${most} | 100 ${Number(p95) <= 100 ? 'held' : 'MISSED'} |`);
console.log(`\nopened and all rows looked at in ${(openTime / 1000).toFixed(1)} s`);
