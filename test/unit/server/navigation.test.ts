// Ways through configs, datasets and runs as an editor asks for them: symbols, links, definitions, references, layout.
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  DefinitionRequest,
  DocumentFormattingRequest,
  DocumentLinkRequest,
  DocumentSymbolRequest,
  FoldingRangeRequest,
  ReferencesRequest,
  SelectionRangeRequest,
  type DocumentSymbol,
  type Location,
  type Position,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRun } from '../../../src/runs/startRun.ts';
import { runsFolderOf } from '../../../src/runs/layout.ts';
import { serveHere, type TestClient } from '../../support/languageClient.ts';

const config = `version: 1
model: org/tiny@main
data:
  train:
    - path: data/*.jsonl
    - path: more.jsonl
  validation: data/b.jsonl
  template: chat.jinja
lora:
  init_from: adapter
output: out
`;
let folder: string;
let client: TestClient;
let uri: string;
let dataset: string;
const uriOf = (name: string): string => pathToFileURL(join(folder, name)).href;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'finetune-navigate-')));
  for (const name of ['data', 'adapter', 'other']) await mkdir(join(folder, name));
  for (const name of ['data/a.jsonl', 'data/b.jsonl', 'more.jsonl'])
    await writeFile(join(folder, name), '{"text": "a"}\n');
  await writeFile(join(folder, 'adapter', 'adapter_config.json'), '{}');
  await writeFile(join(folder, 'chat.jinja'), '');
  await writeFile(join(folder, 'mine.finetune.yaml'), config);
  const other = '{"version": 1, "model": "a/b", "data": {"train": "../data/b.jsonl"}}';
  await writeFile(join(folder, 'other', 'b.finetune.json'), other);
  const run = { name: 'mine', overrides: [], runsFolder: runsFolderOf(folder) };
  await createRun({ ...run, configFile: join(folder, 'mine.finetune.yaml') });
  await createRun({ ...run, configFile: join(folder, 'other', 'b.finetune.json') });
  client = await serveHere({ folder });
  uri = uriOf('mine.finetune.yaml');
  dataset = uriOf('data/b.jsonl');
  client.open(uri, 'finetune-yaml', config);
  client.open(dataset, 'jsonl', '{"text": "a"}\n');
});
afterAll(async () => {
  await client.stop();
  await rm(folder, { recursive: true, force: true });
});

/** `file:line:column` of places in the workspace, counted from 1. */
function told(found: Location | readonly Location[] | null): string[] {
  const list = found === null ? [] : 'uri' in found ? [found] : found;
  return list.map(({ uri: at, range }) => {
    const path = relative(folder, fileURLToPath(at)).replaceAll('\\', '/');
    return `${path.startsWith('.finetune') ? `run ${basename(path)}` : path}:${range.start.line + 1}:${range.start.character + 1}`;
  });
}
const at = (text: string): Position => TextDocument.create(uri, '', 1, config).positionAt(config.indexOf(text));
async function definition(position: Position, document = uri): Promise<string[]> {
  const found = await client.connection.sendRequest(DefinitionRequest.type, {
    textDocument: { uri: document },
    position,
  });
  return told(found as Location[] | null);
}
async function references(position: Position, document = uri): Promise<string[]> {
  const params = { textDocument: { uri: document }, position, context: { includeDeclaration: true } };
  return told(await client.connection.sendRequest(ReferencesRequest.type, params)).toSorted();
}

test('the outline of a config and of its blocks', async () => {
  const found = await client.connection.sendRequest(DocumentSymbolRequest.type, { textDocument: { uri } });
  const names = (symbols: readonly DocumentSymbol[]): unknown[] =>
    symbols.map(({ name, detail, children = [] }) => (children.length > 0 ? [name, names(children)] : [name, detail]));
  expect(names((found ?? []) as DocumentSymbol[])).toEqual([
    ['version', '1'],
    ['model', 'org/tiny@main'],
    [
      'data',
      [
        [
          'train',
          [
            ['[0]', [['path', 'data/*.jsonl']]],
            ['[1]', [['path', 'more.jsonl']]],
          ],
        ],
        ['validation', 'data/b.jsonl'],
        ['template', 'chat.jinja'],
      ],
    ],
    ['lora', [['init_from', 'adapter']]],
    ['output', 'out'],
  ]);
});

test('folding, growing selections and the layout come over the wire', async () => {
  const folds = await client.connection.sendRequest(FoldingRangeRequest.type, { textDocument: { uri } });
  expect(folds).toContainEqual({ startLine: 2, endLine: 7 });
  const [selection] =
    (await client.connection.sendRequest(SelectionRangeRequest.type, {
      textDocument: { uri },
      positions: [at('more')],
    })) ?? [];
  const document = TextDocument.create(uri, '', 1, config);
  expect(document.getText(selection?.range)).toBe('more.jsonl');
  expect(document.getText(selection?.parent?.range)).toBe('path: more.jsonl');
  const messy = uriOf('messy.finetune.yaml');
  client.open(messy, 'finetune-yaml', 'version:   1 # one\ndata: {train:    a}\n');
  const edits = await client.connection.sendRequest(DocumentFormattingRequest.type, {
    textDocument: { uri: messy },
    options: { tabSize: 2, insertSpaces: true },
  });
  const laidOut = TextDocument.applyEdits(TextDocument.create(messy, '', 1, client.text(messy)), edits ?? []);
  expect(laidOut).toBe('version: 1 # one\ndata: {train: a}\n');
});

test('names of files, folders and models are links', async () => {
  const found = await client.connection.sendRequest(DocumentLinkRequest.type, { textDocument: { uri } });
  const document = TextDocument.create(uri, '', 1, config);
  expect(
    (found ?? []).map(({ range, target }) => [document.getText(range), target?.replace(/.*\/docs\//, 'docs/')]),
  ).toEqual([
    ['version', 'docs/config.md#version'],
    ['org/tiny@main', 'https://huggingface.co/org/tiny/tree/main'],
    ['more.jsonl', uriOf('more.jsonl')],
    ['data/b.jsonl', dataset],
    ['chat.jinja', uriOf('chat.jinja')],
    ['adapter', uriOf('adapter/adapter_config.json')],
  ]);
});

test('a function that gives rewards leads to its file', async () => {
  const text =
    'version: 1\nmodel: a/b\nobjective: grpo\ndata:\n  train: more.jsonl\nreward:\n  function: rewards.py:score\n';
  await writeFile(join(folder, 'rewards.py'), 'def score(completions): ...\n');
  const rewarded = uriOf('rewarded.finetune.yaml');
  client.open(rewarded, 'finetune-yaml', text);
  const found = await client.connection.sendRequest(DocumentLinkRequest.type, { textDocument: { uri: rewarded } });
  expect((found ?? []).map(({ target }) => target)).toContain(uriOf('rewards.py'));
});

test('a name leads to its files, and every file of a pattern', async () => {
  expect(await definition(at('data/*'))).toEqual(['data/a.jsonl:1:1', 'data/b.jsonl:1:1']);
  expect(await definition(at('validation'))).toEqual(['data/b.jsonl:1:1']);
  expect(await definition(at('init_from'))).toEqual(['adapter/adapter_config.json:1:1']);
  expect(await definition(at('model'))).toEqual([]);
});

test('a data file leads to every config that names it, from the config and from the file', async () => {
  const users = ['mine.finetune.yaml:5:13', 'mine.finetune.yaml:7:15', 'other/b.finetune.json:1:50'];
  expect(await references(at('data/b'))).toEqual(users);
  expect(await references({ line: 0, character: 3 }, dataset)).toEqual(users);
  expect((await definition({ line: 0, character: 3 }, dataset)).toSorted()).toEqual(users);
});

test('a config leads to its runs, and not to those of another', async () => {
  expect(await references(at('lora'))).toEqual(['run config.yaml:1:1']);
});
