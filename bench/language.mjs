// How long the language server takes in a config of 300 lines, driven over stdio like any editor: from a keystroke to its
// diagnostics, a completion, a hover. With every keystroke the editor's other questions come too: the line above the config,
// hints, outline, folds, links. `node bench/language.mjs [rounds]`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { percentile, startServer } from './languageServer.mjs';

const rounds = Number(process.argv[2] ?? 300);
const folder = await mkdtemp(join(tmpdir(), 'finetune-language-'));
const uri = pathToFileURL(join(folder, 'large.finetune.yaml')).href;
let seed = 1;
const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;

for (let index = 0; index < 40; index += 1) await writeFile(join(folder, `rows${index}.jsonl`), '{"text": "a"}\n');
const lines = [
  'version: 1',
  'model: HuggingFaceTB/SmolLM2-135M-Instruct # the smallest',
  'data:',
  '  train:',
  ...Array.from({ length: 40 }, (_, i) => [
    `    # file ${i}`,
    `    - path: rows${i}.jsonl`,
    '      weight: 1',
    '      format: text',
    '      columns: {text: content}',
    '',
  ]).flat(),
  'lora: {rank: 16, alpha: 32}',
  'training:',
  '  epochs: 3',
  '  learning_rate: 2e-4',
  'evaluation:',
  '  prompts:',
  ...Array.from({ length: 46 }, (_, i) => `    - "prompt ${i}: what is it?"`),
];
const learningRate = lines.findIndex((line) => line.includes('learning_rate'));

const waiting = new Map();
const server = await startServer(
  (version) => {
    waiting.get(version)?.(performance.now());
    waiting.delete(version);
  },
  { initializationOptions: { commands: { start: 's', dryRun: 'd', estimate: 'e', check: 'c', problems: 'p' } } },
);
const { connection } = server;

let version = 1;
const diagnosed = (number) => new Promise((resolve) => waiting.set(number, resolve));
const opened = diagnosed(version);
await server.open(uri, 'finetune-yaml', lines.join('\n'));
await opened;

async function keystroke(line, character, text, removed = 0) {
  version += 1;
  const told = diagnosed(version);
  const begun = performance.now();
  void server.change(uri, version, { line, character }, text, removed);
  const asked = askAsEditorsDo();
  const time = (await told) - begun;
  await asked;
  return time;
}

/** What an editor wants to know again after each edit. */
async function askAsEditorsDo() {
  const textDocument = { uri };
  const range = { start: { line: 0, character: 0 }, end: { line: lines.length, character: 0 } };
  const methods = ['codeLens', 'inlayHint', 'documentSymbol', 'foldingRange', 'documentLink'];
  const ask = (method) => connection.sendRequest(`textDocument/${method}`, { textDocument, range });
  await Promise.all(methods.map(ask));
}

async function timed(method, line, character) {
  const begun = performance.now();
  await connection.sendRequest(method, { textDocument: { uri }, position: { line, character } });
  return performance.now() - begun;
}

const times = { diagnostics: [], completion: [], hover: [] };
for (let round = 0; round < rounds; round += 1) {
  // A character is typed and taken back, mostly inside a value, sometimes where it breaks the file.
  const line = round % 3 === 0 ? learningRate : random(lines.length);
  const character = random(lines[line].length + 1);
  times.diagnostics.push(await keystroke(line, character, round % 7 === 0 ? '{' : '1'));
  times.diagnostics.push(await keystroke(line, character, '', 1));
  const place = random(lines.length);
  times.completion.push(await timed('textDocument/completion', place, random(lines[place].length + 1)));
  times.hover.push(await timed('textDocument/hover', place, random(lines[place].length + 1)));
}
await server.stop();
await rm(folder, { recursive: true, force: true });

const bars = { diagnostics: 50, completion: 50, hover: 20 };
console.log(`config of ${lines.length} lines, ${rounds} rounds, Node ${process.version}\n`);
console.log('| what | p50 ms | p95 ms | max ms | bar (p95) |');
console.log('| --- | ---: | ---: | ---: | ---: |');
for (const [name, values] of Object.entries(times)) {
  const cells = [0.5, 0.95, 1].map((share) => percentile(values, share).toFixed(1));
  const what = name === 'diagnostics' ? 'keystroke → diagnostics' : name;
  console.log(
    `| ${what} | ${cells.join(' | ')} | ${bars[name]} ${Number(cells[1]) <= bars[name] ? 'held' : 'MISSED'} |`,
  );
}
