// The token lens through the server: counts and tints of a real dataset under its config, edits, hovers, and what is missing.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { HoverRequest, type Hover } from 'vscode-languageserver/node';
import { prepareDataset } from '../../../src/data/prepareDataset.ts';
import { openModel } from '../../../src/models/openModel.ts';
import { lensRequest, type LensAnswer } from '../../../src/protocol/lensRequests.ts';
import { serveHere, type TestClient } from '../../support/languageClient.ts';
import { temporaryFolder, writeData } from '../data/support.ts';

const folder = resolve('examples/quickstart');
const uriOf = (name: string): string => pathToFileURL(resolve(folder, name)).href;
const config = uriOf('quickstart.finetune.yaml');
const dataset = uriOf('orders.train.jsonl');
const rows = readFileSync(resolve(folder, 'orders.train.jsonl'), 'utf8').split('\n').slice(0, 4);
const cache = temporaryFolder();

let client: TestClient;
afterEach(async () => client.stop());

async function opened(text = rows.join('\n')): Promise<void> {
  client = await serveHere();
  client.open(config, 'finetune-yaml', readFileSync(resolve(folder, 'quickstart.finetune.yaml'), 'utf8'));
  client.open(dataset, 'jsonl', text);
}
const ask = (first = 0, last = 3): Promise<LensAnswer> =>
  client.connection.sendRequest(lensRequest.method, { uri: dataset, first, last, config: null });
const hover = (line: number, character: number): Promise<Hover | null> =>
  client.connection.sendRequest(HoverRequest.method, { textDocument: { uri: dataset }, position: { line, character } });

test('rows have the tokens and trained tokens that the trainer stores', async () => {
  await opened();
  const answer = await ask();
  expect(answer).toMatchObject({
    used: { uri: config },
    summary: 'starter-model chat template · max_length 256 · train_on assistant',
  });
  const prepared = await prepareDataset(
    {
      baseDirectory: folder,
      train: writeData(cache, 'rows.jsonl', rows.join('\n')),
      format: 'instruction',
      columns: {},
      cacheDirectory: cache,
      template: 'chat',
      trainOn: 'assistant',
      maxLength: 256,
      overflow: 'truncate',
    },
    await openModel('./starter-model', { baseDirectory: folder }),
  );
  const stored = rows.map((_, i) => [prepared.train.tokenCount(i), prepared.train.trainedCount(i)]);
  prepared.close();
  expect(answer.rows.map(({ tokens, trained }) => [tokens, trained])).toEqual(stored);
});

test('an edit of the config changes the tints, and an edit of a row its counts', async () => {
  await opened();
  const before = await ask();
  const text = client.text(config);
  client.edit(config, text.replace('max_length: 256', 'max_length: 20'));
  const [first] = (await ask()).rows;
  expect(first).toMatchObject({ tokens: 20, cut: before.rows[0]!.tokens - 20 });
  expect(first!.pieces.some((kind, i) => i % 3 === 2 && kind >= 4)).toBe(true);
  client.edit(config, text);
  client.edit(dataset, '{"instruction":"a","output":"b"}');
  const [short] = (await ask()).rows;
  expect(short!.tokens).toBeLessThan(before.rows[0]!.tokens);
});

test('a hover names token, id, position and role, and at the end of a line the row', async () => {
  await opened();
  const at = rows[0]!.indexOf('card', rows[0]!.indexOf('output'));
  const found = JSON.stringify(await hover(0, at));
  expect(found).toMatch(/token ` \w+ ` · id \d+ · position \d+ · assistant · \*\*trained\*\*/);
  expect(JSON.stringify(await hover(0, rows[0]!.length))).toMatch(/\d+ tokens: \d+ trained, \d+ masked, 0 cut off/);
  expect(await hover(0, 2)).toBeNull();
});

test('rows that cannot be trained on say why, and empty lines say nothing', async () => {
  await opened('{"instruction":"a"}\n\n{"instruction":\n');
  const { rows: found } = await ask();
  expect(found.map(({ line }) => line)).toEqual([0, 2]);
  expect(found[0]!.problem).toMatch(/"output" is missing/);
  expect(found[1]!.problem).toMatch(/not valid JSON/);
});

test('a row of more than 100 KB is not laid out, and says so', async () => {
  await opened(JSON.stringify({ instruction: 'x'.repeat(100_001), output: 'y' }));
  expect((await ask()).rows[0]!.problem).toMatch(/100 KB long/);
});

test('without a config that names the file there is nothing to show', async () => {
  client = await serveHere();
  client.open(dataset, 'jsonl', rows.join('\n'));
  expect(await ask()).toMatchObject({ configs: [], used: null, rows: [] });
});

test('a model that is not on this machine is told, and nothing is downloaded', async () => {
  await opened();
  client.edit(config, client.text(config).replace('./starter-model', 'nobody/nothing-here'));
  const answer = await ask();
  expect(answer.used?.uri).toBe(config);
  expect(answer.problem).toMatch(/nobody\/nothing-here/);
});
