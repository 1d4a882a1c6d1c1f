// Writes safetensors one tensor at a time: header first, flushed to the disk, visible only when whole.
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { explainWriteError, readExactly, writeAtomically, writeFully } from './files.ts';
import { floatToBfloat, floatToHalf } from './floatBits.ts';
import { elementCount } from './safetensorsHeader.ts';
import type { NamedTensor, WeightDtype } from './types.ts';

/** Name and shape of a tensor that is still to come. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface SafetensorsOptions {
  /** Strings kept in the header's `__metadata__`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Element type in the file, default F32; F16 and BF16 are rounded to nearest even. */
  readonly dtype?: WeightDtype;
  /**
   * What `tensors` will bring, in its order. With it (or with `tensors` as an array) every byte is written once;
   * without it the data passes through a temporary file, because the header comes first in the file.
   */
  readonly specs?: readonly TensorSpec[];
}

/**
 * The data begins at a multiple of this: executors map weights into memory and vector units like whole cache lines.
 * The format allows it (spaces at the end of the header) and forbids gaps between tensors.
 */
const dataAlignment = 64;
const dtypeBytes: Readonly<Record<WeightDtype, number>> = { F32: 4, F16: 2, BF16: 2 };
const pieceElements = 1 << 20;

/**
 * Writes a safetensors file in the order given, never holding more than the tensor at hand. Written under a temporary
 * name, flushed and renamed. Throws `models/disk-full`, `models/cannot-write`; RangeError when the tensors are not
 * those of `specs` or a name comes twice (a mistake of the caller).
 */
export async function writeSafetensors(
  file: string,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  options: SafetensorsOptions = {},
): Promise<void> {
  const specs = options.specs ?? (Array.isArray(tensors) ? (tensors as readonly NamedTensor[]) : undefined);
  if (specs) {
    await writeAtomically(file, async (handle) => {
      await writeFully(handle, encodeHeader(specs, options));
      await writeData(handle, tensors, options.dtype ?? 'F32', specs);
    });
    return;
  }
  const spool = `${file}.${process.pid}.data.tmp`;
  try {
    await writeAtomically(file, async (handle) => {
      const data = await open(spool, 'wx+');
      try {
        const written = await writeData(data, tensors, options.dtype ?? 'F32');
        await writeFully(handle, encodeHeader(written, options));
        await copyAll(data, handle, spool);
      } finally {
        await data.close();
      }
    });
  } catch (error) {
    throw explainWriteError(error, file);
  } finally {
    await rm(spool, { force: true });
  }
}

/** The length field and the JSON header, padded with spaces. */
function encodeHeader(specs: readonly TensorSpec[], options: SafetensorsOptions): Uint8Array {
  const dtype = options.dtype ?? 'F32';
  const header = new Map<string, unknown>();
  if (options.metadata) header.set('__metadata__', options.metadata);
  let begin = 0;
  for (const { name, shape } of specs) {
    if (header.has(name) || name === '__metadata__')
      throw new RangeError(`the tensor name ${name} cannot be used twice`);
    const end = begin + elementCount(shape) * dtypeBytes[dtype];
    header.set(name, { dtype, shape, data_offsets: [begin, end] });
    begin = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil((8 + json.length) / dataAlignment) * dataAlignment - 8;
  const bytes = Buffer.alloc(8 + length, ' ');
  bytes.writeBigUInt64LE(BigInt(length));
  json.copy(bytes, 8);
  return bytes;
}

async function writeData(
  handle: FileHandle,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  dtype: WeightDtype,
  specs?: readonly TensorSpec[],
): Promise<TensorSpec[]> {
  const written: TensorSpec[] = [];
  for await (const { name, shape, data } of tensors) {
    const spec = specs?.[written.length];
    if (specs && (spec?.name !== name || spec.shape.join() !== shape.join())) {
      throw new RangeError(`tensor ${name} [${shape.join()}] came where ${spec?.name ?? 'none'} was announced`);
    }
    if (data.length !== elementCount(shape)) {
      throw new RangeError(`tensor ${name} [${shape.join()}] has ${data.length} elements`);
    }
    await writeElements(handle, data, dtype);
    written.push({ name, shape });
  }
  if (specs && written.length !== specs.length) {
    throw new RangeError(`${specs.length} tensors were announced, ${written.length} came`);
  }
  return written;
}

async function writeElements(handle: FileHandle, data: Float32Array, dtype: WeightDtype): Promise<void> {
  if (dtype === 'F32') {
    await writeFully(handle, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return;
  }
  const narrow = dtype === 'F16' ? floatToHalf : floatToBfloat;
  const piece = new Uint16Array(Math.min(pieceElements, data.length));
  for (let done = 0; done < data.length; done += piece.length) {
    const count = Math.min(piece.length, data.length - done);
    for (let i = 0; i < count; i++) piece[i] = narrow(data[done + i]!);
    await writeFully(handle, new Uint8Array(piece.buffer, 0, count * 2));
  }
}

async function copyAll(from: FileHandle, to: FileHandle, name: string): Promise<void> {
  const { size } = await from.stat();
  const piece = new Uint8Array(Math.min(1 << 22, size));
  for (let done = 0; done < size; done += piece.length) {
    const bytes = piece.subarray(0, Math.min(piece.length, size - done));
    await readExactly(from, bytes, done, name);
    await writeFully(to, bytes);
  }
}
