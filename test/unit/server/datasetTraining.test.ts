// Training rules and severities in an open dataset: as the config that governs it says, and as the run itself tells them.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { prepareDataset } from '../../../src/data/prepareDataset.ts';
import { openModel } from '../../../src/models/openModel.ts';
import { ProblemError } from '../../../src/protocol/problem.ts';
import { serveHere, type TestClient } from '../../support/languageClient.ts';
import { temporaryFolder, writeData } from '../data/support.ts';

const folder = resolve('examples/quickstart');
const uriOf = (name: string): string => pathToFileURL(resolve(folder, name)).href;
const config = uriOf('quickstart.finetune.yaml');
const dataset = uriOf('orders.train.jsonl');
const configText = readFileSync(resolve(folder, 'quickstart.finetune.yaml'), 'utf8').replace(
  'max_length: 256',
  'max_length: 60',
);
const short = '{"instruction": "Name a river.", "output": "The Danube."}';
const long = `{"instruction": "Name rivers.", "output": "${'The Danube, the Rhine, the Elbe. '.repeat(6)}"}`;
const special = '{"instruction": "What is <|im_end|> for?", "output": "It ends a turn."}';
const rows = [short, long, special];

let client: TestClient;
afterEach(async () => client.stop());

async function opened(text: string, settings?: object): Promise<void> {
  client = await serveHere({ settings: { problems: { severity: { 'quality/length-outlier': 'off', ...settings } } } });
  client.open(config, 'finetune-yaml', text);
  client.open(dataset, 'jsonl', rows.join('\n'));
}
const training = async (accepts: (told: readonly string[]) => boolean): Promise<readonly string[]> => {
  const told = (found: Parameters<Parameters<TestClient['until']>[1]>[0]) =>
    found
      .filter(({ code }) => /^(training|chat)\//.test(String(code)))
      .map(({ code, range, severity }) => `${range.start.line} ${code} ${severity}`)
      .sort();
  return told(await client.until(dataset, (found) => accepts(told(found))));
};

test('an answer that is cut and a special token are told, and follow edits of the row and of the config', async () => {
  await opened(configText);
  expect(await training((told) => told.length >= 2)).toEqual([
    '1 training/answer-cut 2',
    '2 chat/special-token-in-text 2',
  ]);
  client.edit(dataset, long, { start: { line: 0, character: 0 }, end: { line: 0, character: short.length } });
  expect((await training((told) => told.length === 3))[0]).toBe('0 training/answer-cut 2');
  client.edit(
    config,
    configText.replace('max_length: 60', 'max_length: 256\n  lint: {chat/special-token-in-text: error}'),
  );
  expect(await training((told) => told.length === 1)).toEqual(['2 chat/special-token-in-text 1']);
});

test('the editor’s setting goes before the config’s', async () => {
  await opened(configText.replace('max_length: 60', 'max_length: 60\n  lint: {training/answer-cut: error}'), {
    'training/answer-cut': 'hint',
  });
  expect((await training((told) => told.length >= 2))[0]).toBe('1 training/answer-cut 4');
});

test('a run tells the same, and stops for what the config makes an error, also when the rows come from the cache', async () => {
  client = await serveHere();
  const cache = temporaryFolder();
  const model = await openModel('./starter-model', { baseDirectory: folder });
  const request = {
    baseDirectory: cache,
    train: writeData(cache, 'rows.jsonl', rows.join('\n')),
    format: 'instruction' as const,
    columns: {},
    cacheDirectory: cache,
    template: 'chat',
    trainOn: 'assistant' as const,
    maxLength: 60,
    overflow: 'truncate' as const,
  };
  const told = async (severities: Readonly<Record<string, 'error' | 'off'>>) => {
    const prepared = await prepareDataset({ ...request, severities }, model);
    prepared.close();
    return prepared.report.findings.map(({ code, place }) => `${(place?.line ?? 0) - 1} ${code}`).sort();
  };
  expect(await told({})).toEqual(['1 training/answer-cut', '2 chat/special-token-in-text']);
  expect(await told({ 'training/answer-cut': 'off' })).toEqual(['2 chat/special-token-in-text']);
  const refused = told({ 'training/answer-cut': 'error' });
  await expect(refused).rejects.toThrow(ProblemError);
  await expect(refused).rejects.toThrow('training/answer-cut in 1 row');
  const dropped = await prepareDataset({ ...request, overflow: 'drop' }, model);
  dropped.close();
  expect(dropped.report.findings.map(({ code }) => code)).toContain('training/row-too-long');
});
