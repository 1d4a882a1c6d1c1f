import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { blockTypes } from '../../../src/models/gguf/blockTypes.ts';
import { readGguf, readGgufTensor } from '../../../src/models/gguf/file.ts';
import { bool, encodeGguf, f32, floatTensor, numbers, string, strings, u32 } from './ggufWriter.ts';
import type { GgufParts } from './ggufWriter.ts';
import { problemOf, temporaryFolder } from './temporary.ts';

const path = temporaryFolder();
let count = 0;

async function save(bytes: Uint8Array): Promise<string> {
  const file = path(`${count++}.gguf`);
  await writeFile(file, bytes);
  return file;
}

const parts: GgufParts = {
  metadata: {
    'general.architecture': string('llama'),
    byte: { type: 'u8', value: 200 },
    negative: { type: 'i8', value: -3 },
    short: { type: 'i16', value: -300 },
    word: { type: 'u16', value: 60000 },
    integer: { type: 'i32', value: -70000 },
    long: { type: 'u64', value: 2 ** 40 },
    signed: { type: 'i64', value: -(2 ** 40) },
    float: f32(0.5),
    double: { type: 'f64', value: 0.1 },
    yes: bool(true),
    text: string('grüße 🙂'),
    names: strings(['a', '', 'ü']),
    scores: numbers('f32', [1, -2.5]),
    nested: { type: 'array', of: 'array', value: [numbers('u8', [1, 2]), numbers('i32', [-1])] },
  },
  tensors: [floatTensor('x', [2, 3], (i) => i / 4), floatTensor('y', [5], (i) => -i)],
};

test.each([2, 3])('version %i: metadata of every type and tensors are read', async (version) => {
  const gguf = readGguf(await save(encodeGguf({ ...parts, version })));
  expect(gguf.version).toBe(version);
  expect(Object.fromEntries(gguf.metadata)).toEqual({
    'general.architecture': 'llama',
    ...{ byte: 200, negative: -3, short: -300, word: 60000, integer: -70000, long: 2 ** 40, signed: -(2 ** 40) },
    ...{ float: 0.5, double: 0.1, yes: true, text: 'grüße 🙂', names: ['a', '', 'ü'], scores: [1, -2.5] },
    nested: [[1, 2], [-1]],
  });
  expect([...gguf.tensors.values()].map(({ name, shape, offset }) => [name, shape, offset % 32])).toEqual([
    ['x', [2, 3], 0],
    ['y', [5], 0],
  ]);
  expect(await readGgufTensor(gguf, gguf.tensors.get('x')!)).toEqual(Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25));
});

test('another alignment is obeyed', async () => {
  const metadata = { ...parts.metadata, 'general.alignment': u32(256) };
  const gguf = readGguf(await save(encodeGguf({ ...parts, metadata, alignment: 256 })));
  expect(await readGgufTensor(gguf, gguf.tensors.get('y')!)).toEqual(Float32Array.of(-0, -1, -2, -3, -4));
});

test('a file cut off at any byte is a problem, never a crash', async () => {
  const whole = encodeGguf(parts);
  const gguf = readGguf(await save(whole));
  const last = gguf.tensors.get('y')!;
  const codes = new Set<string>();
  for (let length = 0; length < last.offset + last.byteLength; length += 7) {
    const file = await save(whole.subarray(0, length));
    const found = await problemOf(() => readGguf(file));
    expect(found.file).toBe(file);
    codes.add(found.code);
  }
  expect([...codes].sort()).toEqual(['models/broken-gguf', 'models/truncated']);
});

test('any byte of the header changed is read or a problem, never a crash', async () => {
  const whole = encodeGguf(parts);
  const { dataStart } = readGguf(await save(whole));
  const file = path('flipped.gguf');
  for (let at = 0; at < dataStart; at++) {
    for (const value of [0xff, 0x7f, 0]) {
      const bytes = Buffer.from(whole);
      bytes[at] = value;
      await writeFile(file, bytes);
      try {
        readGguf(file);
      } catch (error) {
        expect(error, `byte ${at} = ${value}`).toHaveProperty('name', 'ProblemError');
      }
    }
  }
});

test.each([
  ['magic', (b: Buffer) => b.write('GGML'), 'models/broken-gguf'],
  ['version 1', (b: Buffer) => b.writeUInt32LE(1, 4), 'models/unsupported-gguf'],
  ['big-endian', (b: Buffer) => b.writeUInt32BE(3, 4), 'models/unsupported-gguf'],
  ['tensor count', (b: Buffer) => b.writeBigUInt64LE(2n ** 62n, 8), 'models/broken-gguf'],
  ['field count', (b: Buffer) => b.writeBigUInt64LE(2n ** 62n, 16), 'models/broken-gguf'],
  ['key length', (b: Buffer) => b.writeBigUInt64LE(2n ** 40n, 24), 'models/broken-gguf'],
])('a lie in the header is refused: %s', async (_, change, code) => {
  const bytes = encodeGguf(parts);
  change(bytes);
  const file = await save(bytes);
  expect(await problemOf(() => readGguf(file))).toMatchObject({ code, file });
});

test.each([
  [
    'type that is known but not read',
    [{ ...floatTensor('x', [256], () => 0), typeId: 10 }],
    'models/unsupported-gguf',
    /Q2_K/,
  ],
  ['unknown type', [{ ...floatTensor('x', [256], () => 0), typeId: 99 }], 'models/broken-gguf', /unknown type 99/],
  ['same name', [floatTensor('x', [1], () => 0), floatTensor('x', [1], () => 0)], 'models/broken-gguf', /twice/],
  [
    'rows that are no blocks',
    [{ ...floatTensor('x', [2, 16], () => 0), typeId: 8 }],
    'models/broken-gguf',
    /Q8_0 blocks/,
  ],
  ['size of zero', [{ ...floatTensor('x', [1], () => 0), shape: [0] }], 'models/broken-gguf', /impossible shape/],
  [
    'huge shape',
    [{ ...floatTensor('x', [1], () => 0), shape: [2 ** 50, 2 ** 50] }],
    'models/broken-gguf',
    /impossible shape/,
  ],
  ['too many dimensions', [floatTensor('x', [1, 1, 1, 1, 1], () => 0)], 'models/broken-gguf', /5 dimensions/],
  ['more than the file has', [{ ...floatTensor('x', [1], () => 0), shape: [1000] }], 'models/truncated', /shorter/],
  [
    'overlap',
    [{ ...floatTensor('x', [1], () => 0), shape: [40] }, floatTensor('y', [40], () => 0)],
    'models/broken-gguf',
    /overlaps/,
  ],
])('a tensor is refused: %s', async (_, tensors, code, message) => {
  const file = await save(encodeGguf({ metadata: {}, tensors }));
  const found = await problemOf(() => readGguf(file));
  expect(found).toMatchObject({ code, file });
  expect(found.message).toMatch(message);
});

test('blocks of every type become the values of the reference, bit for bit', async () => {
  const vectors = JSON.parse(await readFile(new URL('dequantised.json', import.meta.url), 'utf8')) as {
    types: Record<string, { id: number; block: string; values: string }>;
  };
  const checked: string[] = [];
  for (const [name, { id, block, values }] of Object.entries(vectors.types)) {
    const type = blockTypes.get(id)!;
    const bytes = Buffer.from(block, 'hex');
    const out = new Float32Array((bytes.length / type.bytes) * type.elements);
    type.dequantise(bytes, out);
    expect(Buffer.from(out.buffer).toString('hex'), name).toBe(values);
    checked.push(type.name);
  }
  expect([...checked, 'F32'].sort()).toEqual([...blockTypes.values()].map((type) => type.name).sort());
});
