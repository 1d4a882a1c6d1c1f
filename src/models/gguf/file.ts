// A GGUF file's header: metadata and the places of its tensors, checked against the file's size.
// Format: magic, version, counts, key-value pairs, tensor descriptions, then aligned tensor data.
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { problem } from '../../protocol/problem.ts';
import { explainReadError, readExactly } from '../files.ts';
import { isCount } from '../json.ts';
import { elementCount } from '../safetensorsHeader.ts';
import { blockTypes, otherTypeNames } from './blockTypes.ts';
import type { BlockType } from './blockTypes.ts';
import { withCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';

export type GgufValue = number | boolean | string | readonly GgufValue[];
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

export interface GgufTensor {
  readonly name: string;
  /** Row-major, outermost first (the reverse of the file's order), as PyTorch shows it. */
  readonly shape: readonly number[];
  readonly type: BlockType;
  /** Byte offset from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface GgufFile {
  readonly file: string;
  readonly version: number;
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  /** Where the tensor data begins; everything before is the header. */
  readonly dataStart: number;
}

const magic = 0x46554747; // "GGUF"
const maxDimensions = 4;
const maxNesting = 4;
/** Far above any vocabulary; keeps a hostile file from filling the memory. */
const maxArrayLength = 1 << 24;

/** Reads and checks the header of a GGUF file. Throws `models/broken-gguf`, `models/unsupported-gguf`, `models/truncated`. */
export function readGguf(path: string): GgufFile {
  const file = resolve(path);
  return withCursor(file, (cursor) => {
    const version = readVersion(cursor);
    const tensorCount = cursor.length(24, 'the number of tensors');
    const pairCount = cursor.length(13, 'the number of metadata fields');
    const metadata = readMetadata(cursor, pairCount);
    const alignment = metadata.get('general.alignment') ?? 32;
    if (!isCount(alignment) || alignment === 0 || alignment % 8 !== 0) {
      throw cursor.fail(`its alignment of ${JSON.stringify(alignment)} is not a multiple of 8`);
    }
    const described = Array.from({ length: tensorCount }, () => readTensorInfo(cursor, alignment));
    const dataStart = Math.ceil(cursor.position() / alignment) * alignment;
    const tensors = placeTensors(described, dataStart, cursor);
    return { file, version, metadata, tensors, dataStart };
  });
}

/** The float32 values of a tensor. */
export async function readGgufTensor(gguf: GgufFile, tensor: GgufTensor): Promise<Float32Array> {
  const out = new Float32Array(elementCount(tensor.shape));
  const { elements, bytes, dequantise } = tensor.type;
  const blocksPerPiece = Math.max(1, Math.floor((1 << 22) / bytes));
  try {
    const handle = await open(gguf.file, 'r');
    try {
      const piece = new Uint8Array(Math.min(blocksPerPiece * bytes, tensor.byteLength));
      for (let done = 0; done < tensor.byteLength; done += piece.length) {
        const part = piece.subarray(0, Math.min(piece.length, tensor.byteLength - done));
        await readExactly(handle, part, tensor.offset + done, gguf.file);
        const first = (done / bytes) * elements;
        dequantise(part, out.subarray(first, first + (part.length / bytes) * elements));
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw explainReadError(error, gguf.file);
  }
  return out;
}

function readVersion(cursor: Cursor): number {
  if (cursor.size < 24) throw cursor.fail(`it has only ${cursor.size} bytes`);
  if (cursor.uint32() !== magic) throw cursor.fail('it does not begin with the letters GGUF');
  const version = cursor.uint32();
  if (version === 2 || version === 3) return version;
  const bigEndian = version === 0x02000000 || version === 0x03000000;
  throw problem(
    'models/unsupported-gguf',
    bigEndian
      ? 'This GGUF file is made for big-endian machines. Get the ordinary little-endian file.'
      : `This GGUF file has version ${version}; versions 2 and 3 can be read. Convert it with a current llama.cpp.`,
    { file: cursor.file },
  );
}

function readMetadata(cursor: Cursor, count: number): GgufMetadata {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = cursor.string('a metadata key');
    if (metadata.has(key)) throw cursor.fail(`the metadata field \`${key}\` comes twice`);
    metadata.set(key, readValue(cursor, cursor.uint32(), key));
  }
  return metadata;
}

/** Value readers by type id, with the least number of bytes that a value takes. */
const scalars: readonly { readonly bytes: number; readonly read: (cursor: Cursor) => GgufValue }[] = [
  { bytes: 1, read: (cursor) => cursor.uint8() },
  { bytes: 1, read: (cursor) => cursor.int8() },
  { bytes: 2, read: (cursor) => cursor.uint16() },
  { bytes: 2, read: (cursor) => cursor.int16() },
  { bytes: 4, read: (cursor) => cursor.uint32() },
  { bytes: 4, read: (cursor) => cursor.int32() },
  { bytes: 4, read: (cursor) => cursor.float32() },
  { bytes: 1, read: (cursor) => cursor.uint8() !== 0 },
  { bytes: 8, read: (cursor) => cursor.string('a metadata string') },
  { bytes: 12, read: (cursor) => readArray(cursor, 'an array', 1) },
  { bytes: 8, read: (cursor) => cursor.uint64() },
  { bytes: 8, read: (cursor) => cursor.int64() },
  { bytes: 8, read: (cursor) => cursor.float64() },
];
const arrayType = 9;

function readValue(cursor: Cursor, type: number, key: string): GgufValue {
  if (type === arrayType) return readArray(cursor, `\`${key}\``, 0);
  const scalar = scalars[type];
  if (!scalar) throw cursor.fail(`the metadata field \`${key}\` has the unknown type ${type}`);
  return scalar.read(cursor);
}

function readArray(cursor: Cursor, what: string, depth: number): GgufValue {
  if (depth >= maxNesting) throw cursor.fail(`${what} is nested too deeply`);
  const type = cursor.uint32();
  const scalar = scalars[type];
  if (!scalar) throw cursor.fail(`${what} has elements of the unknown type ${type}`);
  const count = cursor.length(scalar.bytes, `the array ${what}`);
  if (count > maxArrayLength) throw cursor.fail(`the array ${what} claims ${count} elements`);
  const values: GgufValue[] = [];
  for (let i = 0; i < count; i++) {
    values.push(type === arrayType ? readArray(cursor, what, depth + 1) : scalar.read(cursor));
  }
  return values;
}

function readTensorInfo(cursor: Cursor, alignment: number): Omit<GgufTensor, 'byteLength'> {
  const name = cursor.string('a tensor name');
  const dimensions = cursor.uint32();
  if (dimensions > maxDimensions) throw cursor.fail(`tensor \`${name}\` claims ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => cursor.uint64()).reverse();
  if (!shape.every((size) => isCount(size) && size > 0) || !isCount(elementCount(shape))) {
    throw cursor.fail(`tensor \`${name}\` has the impossible shape [${shape.join(', ')}]`);
  }
  const typeId = cursor.uint32();
  const offset = cursor.uint64();
  if (!isCount(offset) || offset % alignment !== 0) {
    throw cursor.fail(`tensor \`${name}\` begins at the misaligned offset ${offset}`);
  }
  return { name, shape, type: findType(typeId, name, cursor), offset };
}

function findType(id: number, name: string, cursor: Cursor): BlockType {
  const type = blockTypes.get(id);
  if (type) return type;
  const other = otherTypeNames.get(id);
  if (!other) throw cursor.fail(`tensor \`${name}\` has the unknown type ${id}`);
  const readable = [...blockTypes.values()].map((known) => known.name).join(', ');
  throw problem(
    'models/unsupported-gguf',
    `Tensor \`${name}\` is stored as ${other}, which cannot be read. Use a file with only these types: ${readable}.`,
    { file: cursor.file },
  );
}

function placeTensors(
  described: readonly Omit<GgufTensor, 'byteLength'>[],
  dataStart: number,
  cursor: Cursor,
): ReadonlyMap<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  for (const info of described) {
    const { name, shape, type } = info;
    if (tensors.has(name)) throw cursor.fail(`tensor \`${name}\` comes twice`);
    if ((shape.at(-1) ?? 1) % type.elements !== 0) {
      throw cursor.fail(`rows of tensor \`${name}\` [${shape.join(', ')}] do not divide into ${type.name} blocks`);
    }
    const byteLength = (elementCount(shape) / type.elements) * type.bytes;
    tensors.set(name, { ...info, offset: dataStart + info.offset, byteLength });
  }
  checkPlaces([...tensors.values()], cursor);
  return tensors;
}

function checkPlaces(tensors: readonly GgufTensor[], cursor: Cursor): void {
  const ordered = [...tensors].sort((a, b) => a.offset - b.offset);
  let end = 0;
  let previous = '';
  for (const { name, offset, byteLength } of ordered) {
    if (offset < end) throw cursor.fail(`tensor \`${name}\` overlaps tensor \`${previous}\``);
    end = offset + byteLength;
    previous = name;
  }
  if (end > cursor.size) {
    throw problem(
      'models/truncated',
      `The file is ${end - cursor.size} bytes shorter than its header says: the download or copy is incomplete. ` +
        'Delete it and fetch it again.',
      { file: cursor.file },
    );
  }
}
