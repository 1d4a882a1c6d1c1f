// Completions and hovers as an editor gets them, with a model, data and templates around the config.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CompletionRequest, HoverRequest, type CompletionItem } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveHere, type TestClient } from '../../support/languageClient.ts';

let folder: string;
let client: TestClient;
let serial = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finetune-complete-'));
  await mkdir(join(folder, 'tiny'));
  await mkdir(join(folder, 'data'));
  await mkdir(join(folder, '.hidden'));
  const config = {
    ...{ model_type: 'llama', vocab_size: 32, hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1 },
    ...{ num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 96, rms_norm_eps: 1e-5 },
    ...{ hidden_act: 'silu', rope_theta: 10000, tie_word_embeddings: true },
  };
  await writeFile(join(folder, 'tiny', 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'data', 'rows.jsonl'), '{"frage": "a", "antwort": "b"}\n{"frage": "c", "note": 1}\n');
  await writeFile(join(folder, 'weights.gguf'), 'GGUF');
  await writeFile(join(folder, 'notes.txt'), 'x');
  await writeFile(join(folder, 'rewards.py'), 'def score(completions): ...');
  await writeFile(join(folder, 'chat.jinja'), '{{ x }}');
  client = await serveHere({ initializationOptions: { suggestCommand: 'suggest' } });
});
afterAll(async () => {
  await client.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Opens a text with the cursor at `|`. */
function open(marked: string, json = false) {
  const offset = marked.indexOf('|');
  const text = marked.replace('|', '');
  const uri = pathToFileURL(join(folder, `${serial++}.finetune.${json ? 'json' : 'yaml'}`)).href;
  client.open(uri, json ? 'finetune-json' : 'finetune-yaml', text);
  const document = TextDocument.create(uri, '', 1, text);
  return { uri, document, position: document.positionAt(offset) };
}

async function items(marked: string, json = false): Promise<CompletionItem[]> {
  const { uri, position } = open(marked, json);
  const found = await client.connection.sendRequest(CompletionRequest.type, { textDocument: { uri }, position });
  return Array.isArray(found) ? found : (found?.items ?? []);
}
const labels = async (marked: string, json = false) => (await items(marked, json)).map(({ label }) => label);

/** The text after an item was chosen, `$0` and places included. */
async function chosen(marked: string, label: string, json = false): Promise<string> {
  const { uri, document, position } = open(marked, json);
  const found = await client.connection.sendRequest(CompletionRequest.type, { textDocument: { uri }, position });
  const item = (Array.isArray(found) ? found : (found?.items ?? [])).find((one) => one.label === label)!;
  return TextDocument.applyEdits(document, [item.textEdit as { range: CompletionRange; newText: string }]);
}
type CompletionRange = { start: { line: number; character: number }; end: { line: number; character: number } };

async function hover(marked: string): Promise<string> {
  const { uri, position } = open(marked);
  const found = await client.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position });
  return found && 'value' in (found.contents as { value: string }) ? (found.contents as { value: string }).value : '';
}

const head = 'version: 1\nmodel: ./tiny\n';

test('names of the root: those that are needed first, those that are there not at all, whole blocks last', async () => {
  const found = await items('seed: 1\n|');
  const names = found.map(({ label }) => label);
  expect(names.slice(0, 3)).toEqual(['version', 'model', 'data']);
  expect(names).not.toContain('seed');
  expect(names).toContain('training: …');
  expect(found[0]).toMatchObject({ preselect: true, detail: 'required · 1' });
  expect(JSON.stringify(found[1]?.documentation)).toContain('docs/config.md#model');
});

test('names of a block, in a text that cannot be parsed', async () => {
  expect(await labels('data:\n  train: [a\nlora:\n  ra|\ntraining: {')).toEqual(
    expect.arrayContaining(['rank', 'alpha', 'target_modules']),
  );
  expect(await labels('data:\n  train: a\n  |')).not.toContain('train');
  expect(await labels(`${head}lora: {rank: 4, |`)).toContain('alpha');
  expect(await labels(`${head}# com|ment`)).toEqual([]);
});

test('what is written for a name fits its place', async () => {
  expect(await chosen('mo|', 'model')).toBe('model: $0');
  expect(await chosen('|', 'data')).toBe('data:\n  train: $0');
  expect(await chosen('data:\n  col|', 'columns')).toBe('data:\n  columns:\n    $0');
  expect(await chosen('evaluation:\n  pro|', 'prompts')).toBe('evaluation:\n  prompts:\n    - $0');
  expect(await chosen('se|: 3', 'seed')).toBe('seed: 3');
  expect(await chosen('{\n  "|"\n}', 'model', true)).toBe('{\n  "model": "$0"\n}');
  expect(await chosen('{\n  |\n  "seed": 1\n}', 'training', true)).toBe('{\n  "training": {$0},\n  "seed": 1\n}');
  expect(await chosen('trai|', 'training: …')).toContain('training:\n  epochs: ${1:3}\n');
});

test('values: words, booleans, default first', async () => {
  expect(await labels('training:\n  lr_scheduler: |')).toContain('warmup_stable_decay');
  expect(await labels('data:\n  packing: |')).toEqual(['true', 'false']);
  expect(await labels('training:\n  learning_rate: |')).toContain('2e-4');
  expect(await chosen('method:|', 'full')).toBe('method: full');
  expect(await chosen('{"method": "|"}', 'full', true)).toBe('{"method": "full"}');
  expect((await items('seed|'))[0]?.command).toMatchObject({ command: 'suggest' });
});

test('files: only those that fit, folders to go on in', async () => {
  expect(await labels('data:\n  train: |')).toEqual(expect.arrayContaining(['data/', 'tiny/']));
  expect(await labels('data:\n  train: data/|')).toContain('data/rows.jsonl');
  expect(await labels('data:\n  train: |')).not.toContain('.hidden/');
  expect(await labels('data:\n  train: |')).not.toContain('notes.txt');
  expect(await labels('model: ./|')).toEqual(expect.arrayContaining(['./tiny/', './weights.gguf']));
  expect(await labels('data:\n  template: |')).toEqual(expect.arrayContaining(['chat', 'chat.jinja']));
  expect(await labels('reward:\n  function: |')).toEqual(expect.arrayContaining(['rewards.py:', 'data/']));
  expect(await labels('reward:\n  function: |')).not.toContain('notes.txt');
  expect(await labels('reward:\n  model: ./|')).toContain('./tiny/');
});

test('layers of this very model, columns of this very file', async () => {
  expect(await labels(`${head}lora:\n  target_modules: [q_proj, |]`)).toEqual(
    expect.arrayContaining(['k_proj', 'down_proj']),
  );
  expect(await labels(`${head}lora:\n  target_modules: [q_proj, |]`)).not.toContain('q_proj');
  expect(await labels(`${head}lora:\n  target_modules:\n    - |`)).toContain('gate_proj');
  expect(await labels(`${head}data:\n  train: data/rows.jsonl\n  columns:\n    output: |`)).toEqual(
    expect.arrayContaining(['frage', 'antwort', 'note']),
  );
});

test('a hover tells what a field is, what is in effect and why', async () => {
  const text = `${head}data:\n  train: data/rows.jsonl\nlora:\n  alp|ha: 16\n`;
  expect(await hover(text)).toContain('In effect: `16` (written in this file).');
  const rate = await hover(`${head}data: {train: data/rows.jsonl}\ntraining:\n  learning_|rate: 1e-4\n`);
  expect(rate).toContain('Usual: 5e-5 to 5e-4 for lora');
  expect(rate).toContain('default `2e-4`');
  expect(rate).toMatch(/\[Documentation\]\(file:.*docs\/config\.md#training-learning_rate\)/);
  expect(await hover(`${head}data: {train: data/rows.jsonl}\ndevice: au|to\n`)).toContain('In effect: `cpu`');
  expect(await hover(`${head}# no|thing\n`)).toBe('');
  expect(await hover(`mod|el: a/b\nlora:\n  rank: [`)).toContain('The model to fine-tune');
});

test('what needs files comes as soon as they have been looked at', async () => {
  const text = `${head}data:\n  train: data/rows.jsonl\n  max_length: 512\nlora:\n  target_modules: [q_prj]\n|`;
  const { uri } = open(text);
  const found = await client.until(uri, (all) => all.length === 2);
  expect(found.map(({ code }) => code)).toEqual(['config/max-length-beyond-context', 'config/unknown-target-module']);
  expect(found[1]?.message).toContain('Did you mean q_proj?');
});
