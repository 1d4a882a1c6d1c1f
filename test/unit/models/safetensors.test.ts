import { readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readSafetensors, readTensor, readTensors, writeSafetensors } from '../../../src/models/safetensors.ts';
import type { NamedTensor } from '../../../src/models/types.ts';
import { problemOf, temporaryFolder } from './temporary.ts';

const path = temporaryFolder();

const tensors: NamedTensor[] = [
  { name: 'b', shape: [2, 3], data: Float32Array.of(1, -2.5, 3e-8, 65504, NaN, -0) },
  { name: 'a.weight', shape: [], data: Float32Array.of(0.1) },
  { name: 'empty', shape: [0, 4], data: new Float32Array(0) },
  { name: '__proto__', shape: [1], data: Float32Array.of(7) },
];

async function* later(items: readonly NamedTensor[]) {
  for (const item of items) yield await Promise.resolve(item);
}

/** A file from a header given as text or object, and its data length. */
async function craft(name: string, header: unknown, dataLength: number, claimed?: bigint): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(json.length));
  const file = path(`${name}.safetensors`);
  await writeFile(file, Buffer.concat([length, json, Buffer.alloc(dataLength)]));
  return file;
}

test('what is written is read again, bit for bit, in the given order', async () => {
  const file = path('round.safetensors');
  await writeSafetensors(file, tensors, { metadata: { format: 'pt', note: 'ü' } });
  const header = await readSafetensors(file);
  expect([...header.entries.keys()]).toEqual(['b', 'a.weight', 'empty', '__proto__']);
  expect(header.metadata).toEqual({ format: 'pt', note: 'ü' });
  for await (const { name, data } of readTensors(header)) {
    const original = tensors.find((tensor) => tensor.name === name)!.data;
    expect(Buffer.from(data.buffer)).toEqual(Buffer.from(original.buffer));
  }
});

test('data begins at a multiple of 64 bytes and nothing temporary is left', async () => {
  const file = path('aligned', 'x.safetensors');
  await writeSafetensors(file, tensors);
  expect((await readSafetensors(file)).entries.get('b')!.offset % 64).toBe(0);
  expect(await readdir(path('aligned'))).toEqual(['x.safetensors']);
});

test('a stream without announced shapes gives the same file as one with them', async () => {
  await writeSafetensors(path('spool', 'one.safetensors'), later(tensors));
  await writeSafetensors(path('spool', 'two.safetensors'), later(tensors), { specs: tensors });
  expect(await readFile(path('spool', 'one.safetensors'))).toEqual(await readFile(path('spool', 'two.safetensors')));
  expect((await readdir(path('spool'))).sort()).toEqual(['one.safetensors', 'two.safetensors']);
});

test.each(['F16', 'BF16'] as const)('%s is rounded on writing and exact on reading', async (dtype) => {
  const file = path(`${dtype}.safetensors`);
  const data = Float32Array.from({ length: 3000 }, (_, i) => Math.fround(Math.sin(i + 1) * 10 ** ((i % 10) - 6)));
  await writeSafetensors(file, [{ name: 'x', shape: [3000], data }], { dtype });
  const entry = (await readSafetensors(file)).entries.get('x')!;
  expect(entry.byteLength).toBe(6000);
  const back = await readTensor(entry);
  const relative = dtype === 'F16' ? 2 ** -11 : 2 ** -8;
  const worst = data.reduce((max, value, i) => {
    const allowed = Math.max(Math.abs(value) * relative, dtype === 'F16' ? 2 ** -25 : 0);
    return Math.max(max, Math.abs(back[i]! - value) / allowed);
  }, 0);
  expect(worst).toBeLessThanOrEqual(1);
  expect(worst).toBeGreaterThan(0.9);
});

test('a failing source leaves the old file and no temporary one', async () => {
  const file = path('kept', 'x.safetensors');
  await writeSafetensors(file, tensors);
  const before = await readFile(file);
  async function* failing() {
    yield await Promise.resolve(tensors[0]!);
    throw new Error('source broke');
  }
  await expect(writeSafetensors(file, failing())).rejects.toThrow('source broke');
  await expect(writeSafetensors(file, failing(), { specs: tensors })).rejects.toThrow('source broke');
  expect(await readFile(file)).toEqual(before);
  expect(await readdir(path('kept'))).toEqual(['x.safetensors']);
});

test('tensors other than the announced ones are refused', async () => {
  const file = path('specs.safetensors');
  await expect(writeSafetensors(file, tensors, { specs: tensors.slice(1) })).rejects.toThrow(RangeError);
  await expect(writeSafetensors(file, tensors.slice(1), { specs: tensors })).rejects.toThrow(RangeError);
  await expect(writeSafetensors(file, later([tensors[0]!]), { specs: tensors })).rejects.toThrow(RangeError);
  await expect(writeSafetensors(file, [tensors[0]!, tensors[0]!])).rejects.toThrow(RangeError);
});

test('a folder that is a file is a problem in words', async () => {
  await writeFile(path('plain'), '');
  const { code } = await problemOf(() => writeSafetensors(path('plain', 'x.safetensors'), tensors));
  expect(code).toBe('models/cannot-write');
});

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

test.each([
  ['no JSON', '{"a": ', 0, 'models/broken-safetensors'],
  ['a list', '[]', 0, 'models/broken-safetensors'],
  ['unknown dtype', { a: { dtype: 'F99', shape: [1], data_offsets: [0, 4] } }, 4, 'models/broken-safetensors'],
  [
    'dtype from the prototype',
    { a: { dtype: 'toString', shape: [1], data_offsets: [0, 4] } },
    4,
    'models/broken-safetensors',
  ],
  ['shape against size', { a: f32(0, 8, [3]) }, 8, 'models/broken-safetensors'],
  ['negative size', { a: f32(0, 8, [-2]) }, 8, 'models/broken-safetensors'],
  ['huge size', { a: f32(0, 8, [2 ** 40, 2 ** 40]) }, 8, 'models/broken-safetensors'],
  ['backward offsets', { a: f32(8, 0, [2]) }, 8, 'models/broken-safetensors'],
  ['overlap', { a: f32(0, 8), b: f32(4, 12) }, 12, 'models/broken-safetensors'],
  ['the same bytes twice', { a: f32(0, 8), b: f32(0, 8) }, 8, 'models/broken-safetensors'],
  ['hole', { a: f32(0, 4), b: f32(8, 12) }, 12, 'models/broken-safetensors'],
  ['bytes left over', { a: f32(0, 4) }, 8, 'models/broken-safetensors'],
  ['data cut off', { a: f32(0, 4), b: f32(4, 4000) }, 100, 'models/truncated'],
  ['metadata of numbers', { __metadata__: { a: 1 } }, 0, 'models/broken-safetensors'],
  ['tensor as text', { a: 'x' }, 0, 'models/broken-safetensors'],
])('a hostile header is refused: %s', async (name, header, dataLength, code) => {
  const file = await craft(name, header, dataLength);
  expect(await problemOf(() => readSafetensors(file))).toMatchObject({ code, file });
});

test('lengths that the file cannot hold are refused before memory is taken', async () => {
  const file = await craft('long', '{}', 0, 2n ** 63n);
  expect(await problemOf(() => readSafetensors(file))).toMatchObject({ code: 'models/broken-safetensors', file });
  await writeFile(path('tiny.safetensors'), 'abc');
  expect((await problemOf(() => readSafetensors(path('tiny.safetensors')))).code).toBe('models/truncated');
  expect((await problemOf(() => readSafetensors(path('none.safetensors')))).code).toBe('models/file-missing');
});

test('a header that is no text is refused', async () => {
  const file = path('binary.safetensors');
  await writeFile(file, Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe]));
  expect((await problemOf(() => readSafetensors(file))).code).toBe('models/broken-safetensors');
});

test('a file cut off after its header was read is told when the tensor is read', async () => {
  const file = path('cut.safetensors');
  await writeSafetensors(file, tensors);
  const entry = (await readSafetensors(file)).entries.get('b')!;
  await truncate(file, entry.offset + 5);
  expect(await problemOf(() => readTensor(entry))).toMatchObject({ code: 'models/truncated', file });
});

test('integer tensors are kept apart from weights', async () => {
  const header = { a: f32(0, 4), mask: { dtype: 'U8', shape: [3], data_offsets: [4, 7] } };
  const opened = await readSafetensors(await craft('mixed', header, 7));
  expect([...opened.entries.keys()]).toEqual(['a']);
  expect(opened.others).toEqual([{ name: 'mask', dtype: 'U8' }]);
});
