import path from 'node:path';
import { expect, test } from 'vitest';
import { resolveSources } from '../../../src/data/sources.ts';
import { problemsOf, temporaryFolder, writeData } from './support.ts';

const folder = temporaryFolder();
const defaults = { format: 'auto', columns: {} } as const;
for (const name of ['data/train.jsonl', 'data/b.jsonl', 'data/deep/c.jsonl', 'data/[odd]*.jsonl', 'other.json'])
  writeData(folder, name, '{}');
const shown = async (specs: Parameters<typeof resolveSources>[0]) =>
  (await resolveSources(specs, folder, defaults)).map((source) => source.shownAs);

test('a path, a glob in the order of names, a list', async () => {
  expect(await shown('data/train.jsonl')).toEqual(['data/train.jsonl']);
  expect(await shown('./data/../data/train.jsonl')).toEqual(['data/train.jsonl']);
  expect(await shown('data/[a-z]*.jsonl')).toEqual(['data/b.jsonl', 'data/train.jsonl']);
  expect(await shown('data/**/{b,c}.jsonl')).toEqual(['data/b.jsonl', 'data/deep/c.jsonl']);
  expect(await shown([{ path: 'other.json' }, { path: 'data/b*.jsonl' }])).toEqual(['other.json', 'data/b.jsonl']);
  expect(await shown(path.join(folder, 'other.json'))).toEqual(['other.json']);
});

test('a glob leaves the sidecars of datasets out', async () => {
  writeData(folder, 'beside/a.jsonl', '{}');
  writeData(folder, 'beside/a.jsonl.lint.yaml', 'exclude: []');
  expect(await shown('beside/*')).toEqual(['beside/a.jsonl']);
});

test('a file whose name looks like a glob is that file', async () => {
  expect(await shown('data/[odd]*.jsonl')).toEqual(['data/[odd]*.jsonl']);
});

test('a file outside of the config folder', async () => {
  expect((await resolveSources('../data/b.jsonl', path.join(folder, 'data'), defaults))[0]).toMatchObject({
    shownAs: 'b.jsonl',
    file: path.join(folder, 'data', 'b.jsonl'),
  });
  expect((await resolveSources('../other.json', path.join(folder, 'data'), defaults))[0]?.shownAs).toBe(
    '../other.json',
  );
});

test('entries have their own format, columns and weight, or those of the config', async () => {
  const sources = await resolveSources(
    [{ path: 'other.json', weight: 0.5, format: 'text', columns: { text: 'body' } }, { path: 'data/b.jsonl' }],
    folder,
    { format: 'messages', columns: { messages: 'm' } },
  );
  expect(sources).toMatchObject([
    { weight: 0.5, format: 'text', columns: { text: 'body' } },
    { weight: 1, format: 'messages', columns: { messages: 'm' } },
  ]);
});

test('what is not there is told with the nearest name', async () => {
  expect(await problemsOf(() => shown('data/trian.jsonl'))).toMatchObject([
    { code: 'data/missing-file', message: expect.stringContaining('Did you mean data/train.jsonl?') as string },
  ]);
  expect(await problemsOf(() => shown('nowhere/x.jsonl'))).toMatchObject([
    { message: expect.stringContaining('no folder nowhere either') as string },
  ]);
  expect(await problemsOf(() => shown('data/*.parquet'))).toMatchObject([{ code: 'data/no-match' }]);
});
