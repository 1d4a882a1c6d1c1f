// The built language server over stdio, as any LSP client starts it.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CodeLensRequest } from 'vscode-languageserver/node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { serveProgram } from '../support/languageClient.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finetune-lsp-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe.each([
  ['dist/server.js', ['dist/server.js', '--stdio']],
  ['finetune lsp', ['dist/cli.js', 'lsp', '--stdio']],
])('%s', (_, args) => {
  test('tells what is wrong with a config on disk, sees its files, and ends when it is told to', async () => {
    await writeFile(join(folder, 'rows.jsonl'), '{"text": "a"}\n');
    const client = await serveProgram(args);
    const uri = pathToFileURL(join(folder, 'a.finetune.yaml')).href;
    client.open(uri, 'yaml', 'version: 1\nmodel: a/b\ndata: {train: rwos.jsonl}\n');
    const [missing] = await client.until(uri, (found) => found.length > 0);
    expect(missing).toMatchObject({ code: 'config/file-not-found' });
    expect(missing?.message).toContain('Did you mean rows.jsonl?');
    client.edit(uri, 'rows', { start: { line: 2, character: 14 }, end: { line: 2, character: 18 } });
    await client.until(uri, (found) => found.length === 0);
    await client.stop();
  }, 20_000);
});

test('the server ends with its editor', async () => {
  const child = spawn(process.execPath, ['dist/server.js', '--stdio'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.end();
  expect(await ended).toBe(1);
}, 10_000);

test('what a config costs is estimated in the background, as it stands in the editor', async () => {
  const folder = resolve('examples/quickstart');
  const commands = { start: 's', dryRun: 'd', estimate: 'e', check: 'c', problems: 'p' };
  const client = await serveProgram(['dist/server.js', '--stdio'], { folder, initializationOptions: { commands } });
  const uri = pathToFileURL(join(folder, 'quickstart.finetune.yaml')).href;
  const text = await readFile(join(folder, 'quickstart.finetune.yaml'), 'utf8');
  client.open(uri, 'finetune-yaml', text.replace('epochs: 6', 'max_steps: 7'));
  const titles = async () =>
    ((await client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } })) ?? []).map(
      ({ command }) => command?.title,
    );
  await vi.waitFor(async () => expect((await titles()).at(-1)).toBe('estimate'), { timeout: 60_000, interval: 100 });
  expect((await titles())[3]).toMatch(/^7 steps in [\d.]+ (s|min)/);
  client.edit(uri, text.replace('./starter-model', 'nobody/nothing-here'));
  await vi.waitFor(async () => expect((await titles()).at(-1)).toMatch(/^no estimate: .*nobody\/nothing-here/), {
    timeout: 60_000,
    interval: 100,
  });
  await client.stop();
}, 150_000);
