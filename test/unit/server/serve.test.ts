// The server as an editor meets it: handshake, diagnostics that follow edits and settings, requests that are checked.
import { afterEach, expect, test } from 'vitest';
import { effectiveConfigRequest } from '../../../src/protocol/languageRequests.ts';
import { serveHere, type ClientOptions, type TestClient } from '../../support/languageClient.ts';

const uri = 'untitled:a.finetune.yaml';
const config = 'version: 1\nmodel: a/b\ndata: {train: a.jsonl}\n';
let client: TestClient;

async function opened(text: string, options?: ClientOptions): Promise<TestClient> {
  client = await serveHere(options);
  client.open(uri, 'finetune-yaml', text);
  return client;
}
afterEach(async () => client.stop());

const codes = async () => (await client.diagnostics(uri)).map(({ code }) => code);

test('diagnostics follow every edit, and carry place, severity and a link to the page of their code', async () => {
  await opened(`${config}cutoff_len: 512\n`);
  const [unknown] = await client.diagnostics(uri);
  expect(unknown).toMatchObject({
    code: 'config/unknown-key',
    severity: 1,
    source: 'Fine-Tune',
    range: { start: { line: 3, character: 0 }, end: { line: 3, character: 10 } },
  });
  expect(unknown?.codeDescription?.href).toMatch(/^file:.*docs\/config-problems\.md#config-unknown-key$/);
  client.edit(uri, 'seed: 4.5', { start: { line: 3, character: 0 }, end: { line: 3, character: 15 } });
  expect(await codes()).toEqual(['config/wrong-value']);
  client.edit(uri, '4', { start: { line: 3, character: 6 }, end: { line: 3, character: 9 } });
  expect(client.text(uri)).toBe(`${config}seed: 4\n`);
  expect(await codes()).toEqual([]);
});

test('rules look at what is left while another field is wrong', async () => {
  await opened(`${config}lora: {alpha: 900}\nsed: 3\n`);
  expect(await codes()).toEqual(['config/alpha-far-from-rank', 'config/unknown-key']);
});

test('a field that nothing reads is faded', async () => {
  await opened(`${config}method: full\nlora: {rank: 4}\n`);
  const [found] = await client.diagnostics(uri);
  expect(found).toMatchObject({ code: 'config/lora-unused', tags: [1] });
});

test('severities come from the settings, and so does the environment', async () => {
  const settings = {
    problems: { severity: { 'config/alpha-far-from-rank': 'off', 'config/unknown-key': 'warning', x: 'loud' } },
    trainer: { environment: { NAME: 'n' } },
  };
  await opened(`${config}name: "\${env:NAME}"\nlora: {alpha: 900}\nsed: 3\n`, { settings });
  expect((await client.diagnostics(uri)).map(({ code, severity }) => [code, severity])).toEqual([
    ['config/unknown-key', 2],
  ]);
});

test('links are made as the editor wants them', async () => {
  const docsLink = 'command:open?{page}&{anchor}';
  await opened(`${config}sed: 3\n`, { initializationOptions: { docsLink } });
  const [found] = await client.diagnostics(uri);
  expect(found?.codeDescription?.href).toBe('command:open?config-problems&config-unknown-key');
});

test('the effective config is told with reasons, and not while there are errors', async () => {
  await opened(config);
  const ask = () => client.connection.sendRequest<{ text: string | null }>(effectiveConfigRequest.method, { uri });
  const { text } = await ask();
  expect(text).toContain('training:\n  batch_size: 4  # default\n');
  expect(text).toContain('model: a/b  # written in this file\n');
  expect(text).toContain('alpha: 32  # 2 · rank (16)\n');
  client.edit(uri, 'version: 1\n');
  expect(await ask()).toEqual({ text: null });
});

test('malformed requests are refused with a sentence', async () => {
  await opened(config);
  await expect(client.connection.sendRequest(effectiveConfigRequest.method, { url: 3 })).rejects.toThrow(
    "The request finetune/effectiveConfig is malformed: must have required property 'uri'.",
  );
});

test('only configs are laid out: an editor that can be told so does not ask for datasets', async () => {
  await opened(config);
  expect(client.server.capabilities.documentFormattingProvider).toBe(true);
  await client.stop();
  await opened(config, { textDocument: { formatting: { dynamicRegistration: true } } });
  expect(client.server.capabilities).not.toHaveProperty('documentFormattingProvider');
  await client.diagnostics(uri);
  const formatting = client.registered.find(({ method }) => method === 'textDocument/formatting');
  expect(formatting?.registerOptions).toEqual({
    documentSelector: [{ language: 'finetune-yaml' }, { language: 'finetune-json' }],
  });
});
