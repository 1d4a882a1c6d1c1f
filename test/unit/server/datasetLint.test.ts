// Datasets as an editor meets them: findings that follow edits, quick fixes that mend, what is accepted in the sidecar.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  CodeActionRequest,
  CodeActionResolveRequest,
  ExecuteCommandRequest,
  type CodeAction,
  type Range,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { afterAll, afterEach, expect, test } from 'vitest';
import { serveHere, type ClientOptions, type TestClient } from '../../support/languageClient.ts';

const folder = mkdtempSync(join(tmpdir(), 'lint-server-'));
afterAll(() => rmSync(folder, { recursive: true }));
let client: TestClient;
afterEach(async () => client.stop());
let files = 0;

const good = '{"instruction": "Name a river.", "output": "The Danube."}\n';
const hidden = '{"instruction": "Name a hill.", "output": "wo\\u200brd"}\n';

async function opened(text: string, options?: ClientOptions): Promise<string> {
  client = await serveHere(options);
  files += 1;
  const uri = pathToFileURL(join(folder, `${files}.jsonl`)).href;
  client.open(uri, 'jsonl', text);
  return uri;
}

const codes = async (uri: string) =>
  (await client.diagnostics(uri)).map(({ code, range }) => `${range.start.line} ${code}`);

async function actions(uri: string, range: Range): Promise<CodeAction[]> {
  const found = await client.connection.sendRequest(CodeActionRequest.type, {
    textDocument: { uri },
    range,
    context: { diagnostics: [] },
  });
  return (found ?? []) as CodeAction[];
}

/** The document after an action; `changes` are those of its edit. */
async function applied(uri: string, action: CodeAction): Promise<string> {
  const edit = action.edit ?? (await client.connection.sendRequest(CodeActionResolveRequest.type, action)).edit;
  const changes = (edit?.documentChanges ?? []).flatMap((change) => ('edits' in change ? change.edits : []));
  const document = TextDocument.create(uri, 'jsonl', 1, client.text(uri));
  return TextDocument.applyEdits(
    document,
    changes.flatMap((change) => ('newText' in change ? [change] : [])),
  );
}

const line = (n: number, from = 0, to = 1000): Range => ({
  start: { line: n, character: from },
  end: { line: n, character: to },
});

test('findings come with place, page and severity, and follow edits', async () => {
  const uri = await opened(good + hidden);
  const [found] = await client.until(uri, (all) => all.length > 0);
  expect(found).toMatchObject({ code: 'form/zero-width', severity: 2, source: 'Fine-Tune', range: line(1, 45, 51) });
  expect(found?.codeDescription?.href).toMatch(/docs\/lint\.md#form-zero-width$/);
  client.edit(uri, '', line(1, 45, 51));
  expect(await codes(uri)).toEqual([]);
  client.edit(uri, `${good}{"instruction"\n`, line(0, 0, 0));
  expect(await codes(uri)).toEqual(['1 data/invalid-json']);
  client.edit(uri, '', { start: { line: 1, character: 0 }, end: { line: 2, character: 0 } });
  expect(await codes(uri)).toEqual([]);
});

test('rows are compared when typing pauses; the first of two is linked, and findings move with their lines', async () => {
  const uri = await opened(good + hidden.replace('\\u200b', '') + good);
  const [twin] = await client.until(uri, (all) => all.length > 0);
  expect(twin).toMatchObject({ code: 'quality/duplicate', range: line(2, 0, good.length - 1) });
  expect(twin?.relatedInformation?.[0]?.location).toEqual({ uri, range: line(0, 0, 0) });
  client.edit(uri, '{"instruction": "Name a lake.", "output": "The Como."}\n', line(0, 0, 0));
  const moved = await client.until(uri, (all) => all[0]?.range.start.line === 3);
  expect(moved[0]?.relatedInformation?.[0]?.location.range.start.line).toBe(1);
});

test('a quick fix mends its row, fix all mends every row and asks first', async () => {
  const uri = await opened(hidden + good + hidden.replace('hill', 'fell'));
  await client.until(uri, (all) => all.length === 2);
  const offered = await actions(uri, line(0));
  expect(offered.map(({ title }) => title)).toEqual([
    'Remove the invisible characters',
    'Accept form/zero-width in this row',
    'Turn form/zero-width off in this file',
    'Fix all form/zero-width in this file…',
    'Fix all that can be fixed…',
  ]);
  expect(await applied(uri, offered[0]!)).toBe(hidden.replace('\\u200b', '') + good + hidden.replace('hill', 'fell'));
  const all = await client.connection.sendRequest(CodeActionResolveRequest.type, offered[3]!);
  expect(all.edit?.changeAnnotations?.['form/zero-width']?.needsConfirmation).toBe(true);
  expect(await applied(uri, offered[3]!)).not.toContain('u200b');
});

test('removing rows at the end, and the only row, leaves no broken line', async () => {
  const uri = await opened(`${good}{"instruction": " ", "output": "x"}`);
  await client.until(uri, (all) => all.length > 0);
  const removal = (await actions(uri, line(1))).find(({ title }) => title === 'Remove the row')!;
  expect(await applied(uri, removal)).toBe(good.trimEnd());
});

test('what is accepted in a row or turned off goes into the sidecar and is passed over', async () => {
  const uri = await opened(hidden + hidden.replace('hill', 'fell'));
  await client.until(uri, (all) => all.length === 2);
  const run = async (title: string, at: Range): Promise<void> => {
    const { command } = (await actions(uri, at)).find((action) => action.title.startsWith(title))!;
    await client.connection.sendRequest(ExecuteCommandRequest.type, {
      command: command!.command,
      arguments: command!.arguments!,
    });
  };
  await run('Accept', line(0));
  const left = await client.until(uri, (all) => all.length === 1);
  expect(left[0]?.range.start.line).toBe(1);
  await run('Turn', line(1));
  await client.until(uri, (all) => all.length === 0);
  const sidecar = readFileSync(join(folder, `${files}.jsonl.lint.yaml`), 'utf8');
  expect(sidecar).toMatch(
    /^rows:\n {2}"?[\da-f]{13}"?: \[ ?form\/zero-width ?\]\nseverity:\n {2}form\/zero-width: off\n$/,
  );
});

test('severities come from the settings', async () => {
  const uri = await opened(hidden, { settings: { problems: { severity: { 'form/zero-width': 'error' } } } });
  expect((await client.until(uri, (all) => all.length > 0))[0]?.severity).toBe(1);
});

test('an editor is told a thousand findings, the edited line among them, and how many more there are', async () => {
  const uri = await opened(Array.from({ length: 1200 }, (_, i) => `{"text": "${i}\\u200b"}\n`).join(''));
  const told = await client.until(uri, (all) => all.length > 1000);
  expect(told.find(({ code }) => code === 'lint/more-findings')?.message).toContain('200 further findings');
  client.edit(uri, '{"text": "\\u200b"}', line(1150, 0, 22));
  expect((await client.diagnostics(uri)).some(({ range }) => range.start.line === 1150)).toBe(true);
});

test('a JSON array is linted where a config names it, and only there', async () => {
  client = await serveHere();
  const config = pathToFileURL(join(folder, 'array.finetune.yaml')).href;
  const uri = pathToFileURL(join(folder, 'rows.json')).href;
  client.open(config, 'finetune-yaml', 'version: 1\nmodel: ./none\ndata: {train: other.json}\n');
  writeFileSync(join(folder, 'rows.json'), '[]');
  const row = hidden.trimEnd();
  client.open(uri, 'json', `[\n  ${row},\n  ${row.replace('hill', 'fell')}\n]`);
  client.edit(config, 'version: 1\nmodel: ./none\ndata: {train: rows.json}\n');
  const found = await client.until(uri, (all) => all.length === 2);
  expect(found.map(({ code, range }) => [code, range])).toEqual([
    ['form/zero-width', line(1, 47, 53)],
    ['form/zero-width', line(2, 47, 53)],
  ]);
  client.edit(config, 'version: 1\nmodel: ./none\ndata: {train: other.json}\n');
  await client.until(uri, (all) => all.length === 0);
});
