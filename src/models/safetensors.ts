// Reads safetensors: the checked header of a file or of a sharded folder, and one tensor at a time as float32.
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { problem } from '../protocol/problem.ts';
import { explainReadError, readExactly } from './files.ts';
import { widenBfloats, widenHalves } from './floatBits.ts';
import { checkHeaderLength, elementCount, parseHeader } from './safetensorsHeader.ts';
import type { SafetensorsHeader } from './safetensorsHeader.ts';
import type { NamedTensor, WeightEntry } from './types.ts';

export type { OtherTensor, SafetensorsHeader } from './safetensorsHeader.ts';
export { writeSafetensors } from './safetensorsWriter.ts';
export type { SafetensorsOptions, TensorSpec } from './safetensorsWriter.ts';

/** Halves and bfloat16 are widened in pieces of this many bytes, so that only one full copy exists. */
const pieceBytes = 1 << 22;

/** A file's header with what was read, for hashing. */
export interface OpenedSafetensors extends SafetensorsHeader {
  readonly file: string;
  readonly fileSize: number;
  /** The header's JSON as it stands in the file. */
  readonly headerText: string;
}

/**
 * Reads and checks the header of a safetensors file; the data stays where it is.
 * Throws `models/file-missing`, `models/truncated`, `models/broken-safetensors`, `models/invalid-json`.
 */
export async function readSafetensors(path: string): Promise<OpenedSafetensors> {
  const file = resolve(path);
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size < 8) {
        throw problem('models/truncated', `The file has only ${size} bytes: it is not a safetensors file.`, { file });
      }
      const lengthField = Buffer.alloc(8);
      await readExactly(handle, lengthField, 0, file);
      const header = Buffer.alloc(checkHeaderLength(lengthField.readBigUInt64LE(), size, file));
      await readExactly(handle, header, 8, file);
      const headerText = decodeUtf8(header, file);
      return { ...parseHeader(headerText, file, size), file, fileSize: size, headerText };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw explainReadError(error, file);
  }
}

/** One tensor as float32 (exact: every F16 and BF16 value is a float32), in its stored row-major order. */
export async function readTensor(entry: WeightEntry): Promise<Float32Array> {
  const out = new Float32Array(elementCount(entry.shape));
  try {
    const handle = await open(entry.file, 'r');
    try {
      if (entry.dtype === 'F32') {
        await readExactly(handle, new Uint8Array(out.buffer), entry.offset, entry.file);
        return out;
      }
      const widen = entry.dtype === 'F16' ? widenHalves : widenBfloats;
      const piece = new Uint8Array(Math.min(pieceBytes, entry.byteLength));
      for (let done = 0; done < entry.byteLength; done += piece.length) {
        const bytes = piece.subarray(0, Math.min(piece.length, entry.byteLength - done));
        await readExactly(handle, bytes, entry.offset + done, entry.file);
        widen(new Uint16Array(bytes.buffer, 0, bytes.length / 2), out, done / 2);
      }
      return out;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw explainReadError(error, entry.file);
  }
}

/** All tensors of a file, one after another, each read when asked for. */
export async function* readTensors(header: SafetensorsHeader): AsyncGenerator<NamedTensor> {
  for (const entry of header.entries.values()) {
    yield { name: entry.name, shape: entry.shape, data: await readTensor(entry) };
  }
}

function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw problem('models/broken-safetensors', 'This is not a safetensors file: its header is not text.', { file });
  }
}
