import { lstat, mkdir, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { fetchFromHub } from '../../../src/models/hub.ts';
import { hubEnvironment } from '../../../src/models/hubEnvironment.ts';
import { parseHubReference } from '../../../src/models/hubReference.ts';
import { openModel } from '../../../src/models/openModel.ts';
import { startHub } from '../../support/hubServer.ts';
import type { HubServer } from '../../support/hubServer.ts';
import { modelFiles } from './tinyModel.ts';
import { problemOf, temporaryFolder } from './temporary.ts';

const path = temporaryFolder();
const commit = '0123456789abcdef0123456789abcdef01234567';
const id = 'some-org/Tiny.Model-1';
const weights = 'model.safetensors';
let hub: HubServer;
let env: NodeJS.ProcessEnv;
let home = '';
let count = 0;
let files: Record<string, Buffer>;

beforeAll(async () => {
  files = await modelFiles(path('source'));
  const extra = {
    'README.md': Buffer.from('# hi'),
    'pytorch_model.bin': Buffer.alloc(5000),
    'onnx.txt': Buffer.from('x'),
  };
  hub = await startHub({ id, commit, files: { ...extra, ...files } });
});
afterAll(() => hub.close());
beforeEach(() => {
  home = path(`home${count++}`);
  env = { HF_HOME: home, HF_ENDPOINT: hub.endpoint };
  hub.requests.length = 0;
  Object.assign(hub.troubles, { cut: undefined, status: undefined, damaged: undefined, ignoreRanges: undefined });
});

const reference = parseHubReference(id)!;
const repository = () => join(home, 'hub', 'models--some-org--Tiny.Model-1');

test('a model comes with the files it needs, in the layout of Python’s cache', async () => {
  const progress: number[] = [];
  const folder = await fetchFromHub(reference, {
    env,
    onProgress: ({ done, total }) => progress.push(done / total),
  });
  expect(folder).toBe(join(repository(), 'snapshots', commit));
  expect((await readdir(folder)).sort()).toEqual(Object.keys(files).sort());
  for (const [name, bytes] of Object.entries(files)) expect(await readFile(join(folder, name))).toEqual(bytes);
  expect(await readFile(join(repository(), 'refs', 'main'), 'utf8')).toBe(commit);
  if (process.platform !== 'win32') {
    expect((await lstat(join(folder, weights))).isSymbolicLink()).toBe(true);
    expect(await readlink(join(folder, weights))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
  }
  expect((await readdir(join(repository(), 'blobs'))).every((name) => /^[0-9a-f]{40,64}$/.test(name))).toBe(true);
  expect(progress.at(-1)).toBe(1);
  expect([...progress].sort((a, b) => a - b)).toEqual(progress);
});

test('openModel opens a hub id; a second time only the commit and the list are asked for', async () => {
  const model = await openModel(id, { baseDirectory: path(), env });
  expect(model.tokenizer.encode('ab', { addSpecialTokens: false })).toEqual([8]);
  hub.requests.length = 0;
  await openModel(`${id}@v1`, { baseDirectory: path(), env });
  expect(hub.requests.filter((request) => request.includes('/resolve/'))).toEqual([]);
  expect(await readFile(join(repository(), 'refs', 'v1'), 'utf8')).toBe(commit);
});

test('a cached commit, and HF_HUB_OFFLINE, need no network at all', async () => {
  await fetchFromHub(reference, { env });
  hub.requests.length = 0;
  const folder = await fetchFromHub({ ...reference, revision: commit }, { env });
  expect(await fetchFromHub(reference, { env: { ...env, HF_HUB_OFFLINE: '1' } })).toBe(folder);
  expect(hub.requests).toEqual([]);
});

test('offline without the model, or with half of it, is said so', async () => {
  const offline = { ...env, HF_HUB_OFFLINE: 'true' };
  expect(await problemOf(() => fetchFromHub(reference, { env: offline }))).toMatchObject({
    code: 'models/hub-offline',
  });
  const folder = await fetchFromHub(reference, { env });
  await rm(join(folder, weights));
  const found = await problemOf(() => fetchFromHub(reference, { env: offline }));
  expect(found.message).toMatch(/only partly/);
});

test('no network: what is cached is used, else the problem says so', async () => {
  const gone = await startHub({ id, commit, files: {} });
  await gone.close();
  const nowhere = { ...env, HF_ENDPOINT: gone.endpoint };
  const found = await problemOf(() => fetchFromHub(reference, { env: nowhere }));
  expect(found).toMatchObject({ code: 'models/hub-no-network' });
  expect(found.message).toMatch(/ECONNREFUSED/);
  const folder = await fetchFromHub(reference, { env });
  expect(await fetchFromHub(reference, { env: nowhere })).toBe(folder);
});

test('a broken connection goes on where it stopped', async () => {
  hub.troubles.cut = { file: weights, after: 700 };
  const folder = await fetchFromHub(reference, { env });
  expect(await readFile(join(folder, weights))).toEqual(files[weights]);
  const asked = hub.requests.filter((request) => request.includes(`/${weights}`));
  expect(asked).toHaveLength(2);
  expect(asked[1]).toMatch(/bytes=700-$/);
});

test('a download that a killed process left is continued, and one that is too long is begun anew', async () => {
  const first = await fetchFromHub(reference, { env });
  const blob = join(repository(), 'blobs', (await readlink(join(first, weights))).split('/').at(-1)!);
  await rm(blob);
  await writeFile(`${blob}.incomplete`, files[weights]!.subarray(0, 500));
  await writeFile(`${blob}.lock`, '999999999');
  hub.requests.length = 0;
  await fetchFromHub(reference, { env });
  expect(hub.requests.some((request) => request.endsWith('bytes=500-'))).toBe(true);
  expect(await readFile(join(first, weights))).toEqual(files[weights]);
  await rm(blob);
  await writeFile(`${blob}.incomplete`, Buffer.alloc(1e6));
  await fetchFromHub(reference, { env });
  expect(await readFile(join(first, weights))).toEqual(files[weights]);
  expect((await readdir(join(repository(), 'blobs'))).filter((name) => name.includes('.'))).toEqual([]);
});

test('a server without ranges costs a whole download, not the model', async () => {
  hub.troubles.cut = { file: weights, after: 700 };
  hub.troubles.ignoreRanges = true;
  const folder = await fetchFromHub(reference, { env });
  expect(await readFile(join(folder, weights))).toEqual(files[weights]);
});

test.each(['config.json', weights])('a damaged %s is thrown away', async (name) => {
  hub.troubles.damaged = name;
  const found = await problemOf(() => fetchFromHub(reference, { env }));
  expect(found.code).toBe('models/hub-checksum');
  expect(found.message).toContain(name);
  expect((await readdir(join(repository(), 'blobs'))).filter((left) => left.includes('.'))).toEqual([]);
  Object.assign(hub.troubles, { damaged: undefined });
  await fetchFromHub(reference, { env });
});

test.each([
  [401, 'models/hub-access', /licence.*HF_TOKEN/],
  [403, 'models/hub-access', /gated/],
  [404, 'models/hub-not-found', /spelling/],
  [429, 'models/hub-error', /fewer requests/],
  [500, 'models/hub-error', /Try again later/],
])('status %i is told in words', async (status, code, message) => {
  hub.troubles.status = status;
  const found = await problemOf(() => fetchFromHub(reference, { env }));
  expect(found.code).toBe(code);
  expect(found.message).toMatch(message);
});

test('an unknown revision is not found', async () => {
  const found = await problemOf(() => fetchFromHub({ id, revision: 'nope' }, { env }));
  expect(found).toMatchObject({ code: 'models/hub-not-found' });
  expect(found.message).toMatch(/nope/);
});

test('the token goes to the hub and not to the storage behind it', async () => {
  hub.tokens.api.clear();
  hub.tokens.storage.clear();
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'token'), 'from-file\n');
  await fetchFromHub(reference, { env });
  expect(hub.tokens).toEqual({ api: new Set(['Bearer from-file']), storage: new Set(['']) });
  expect((await hubEnvironment({ ...env, HF_TOKEN: 'from-env' })).token).toBe('from-env');
});

test('an aborted download stops and is continued later', async () => {
  const controller = new AbortController();
  const onProgress = ({ item }: { item: string }) => {
    if (item === weights) controller.abort(new Error('enough'));
  };
  await expect(fetchFromHub(reference, { env, onProgress, signal: controller.signal })).rejects.toThrow('enough');
  const folder = await fetchFromHub(reference, { env });
  expect(await readFile(join(folder, weights))).toEqual(files[weights]);
});

test('where the hub and its cache are', async () => {
  const of = async (variables: NodeJS.ProcessEnv) => (await hubEnvironment(variables)).cache;
  expect(await of({ HF_HOME: path('h') })).toBe(path('h', 'hub'));
  expect(await of({ HF_HOME: path('h'), HF_HUB_CACHE: path('c') })).toBe(path('c'));
  expect(await of({ HUGGINGFACE_HUB_CACHE: path('old') })).toBe(path('old'));
  expect(await of({ XDG_CACHE_HOME: path('xdg') })).toBe(path('xdg', 'huggingface', 'hub'));
  expect((await hubEnvironment({ HF_ENDPOINT: 'https://mirror.example/' })).endpoint).toBe('https://mirror.example');
});

test.each([
  ['HuggingFaceTB/SmolLM2-135M', { id: 'HuggingFaceTB/SmolLM2-135M', revision: 'main' }],
  ['a/b@refs/pr/3', { id: 'a/b', revision: 'refs/pr/3' }],
  ['gpt2', undefined],
  ['a/b/c', undefined],
  ['../b', undefined],
  ['a/b@../../x', undefined],
  ['C:\\models/x', undefined],
  ['a--b/c', undefined],
])('%s as a hub id', (text, expected) => {
  expect(parseHubReference(text)).toEqual(expected);
});
