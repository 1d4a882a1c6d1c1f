// The header of a safetensors file: parsed and checked against the file's size, without trusting anything in it.
// Format: 8 bytes little-endian header length, the header as JSON, then the data of all tensors without holes.
import { problem } from '../protocol/problem.ts';
import type { ProblemError } from '../protocol/problem.ts';
import { isCount, parseJsonObject, type JsonObject } from './json.ts';
import type { WeightDtype, WeightEntry } from './types.ts';
import { isObject } from '../protocol/guards.ts';

/** The reference implementation refuses longer headers too. */
export const maxHeaderLength = 100_000_000;

/** Bytes per element of every dtype in the format; those of `WeightDtype` can be read. */
const dtypeBits: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, U8: 8, I8: 8, F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, F4: 4 },
  ...{ F6_E2M3: 6, F6_E3M2: 6, I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32 },
  ...{ I64: 64, U64: 64, F64: 64, C64: 64 },
};

/** A tensor that is stored in a type which is not read, such as an integer buffer or a quantised weight. */
export interface OtherTensor {
  readonly name: string;
  readonly dtype: string;
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, WeightEntry>;
  readonly others: readonly OtherTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** True for the dtypes that can be read as weights. */
export function isWeightDtype(dtype: string): dtype is WeightDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/** Number of elements of a shape; `[]` is a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Checks the length field. Throws `models/broken-safetensors`. */
export function checkHeaderLength(length: bigint, fileSize: number, file: string): number {
  if (length > BigInt(Math.max(fileSize - 8, 0))) {
    throw broken(
      file,
      `its header claims ${length} bytes, but the whole file has ${fileSize}; it is cut off or no safetensors file`,
    );
  }
  if (length > BigInt(maxHeaderLength)) throw broken(file, `its header claims ${length} bytes, more than any real one`);
  if (length < 2n) throw broken(file, 'its header is empty');
  return Number(length);
}

interface Span {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Parses the header's JSON and checks every tensor: known dtype, shape that fits its bytes, no overlaps, no holes,
 * nothing beyond the file. Throws `models/broken-safetensors`, `models/truncated` or `models/invalid-json`.
 */
export function parseHeader(json: string, file: string, fileSize: number): SafetensorsHeader {
  const dataStart = 8 + Buffer.byteLength(json);
  const header = parseHeaderJson(json, file);
  const metadata = readMetadata(header['__metadata__'], file);
  const spans = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readSpan(name, value, file));
  checkSpans(spans, fileSize - dataStart, file);
  const entries = new Map<string, WeightEntry>();
  const others: OtherTensor[] = [];
  for (const { name, dtype, shape, begin, end } of spans) {
    if (isWeightDtype(dtype)) {
      entries.set(name, { name, dtype, shape, file, offset: dataStart + begin, byteLength: end - begin });
    } else others.push({ name, dtype });
  }
  return { entries, others, metadata };
}

function parseHeaderJson(json: string, file: string): JsonObject {
  try {
    return parseJsonObject(json, file);
  } catch {
    throw broken(file, 'its header is not a JSON object');
  }
}

function readMetadata(value: unknown, file: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) throw broken(file, '`__metadata__` is not an object');
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== 'string') throw broken(file, `\`__metadata__.${key}\` is not a string`);
      return [key, text];
    }),
  );
}

function readSpan(name: string, value: unknown, file: string): Span {
  if (!isObject(value)) throw broken(file, `tensor \`${name}\` is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const bits = typeof dtype === 'string' && Object.hasOwn(dtypeBits, dtype) ? dtypeBits[dtype] : undefined;
  if (typeof dtype !== 'string' || bits === undefined) {
    throw broken(file, `tensor \`${name}\` has the unknown dtype ${JSON.stringify(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) throw broken(file, `tensor \`${name}\` has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw broken(file, `tensor \`${name}\` has no valid data_offsets`);
  }
  const [begin = 0, end = 0] = offsets;
  const needed = (elementCount(shape) * bits) / 8;
  if (end - begin !== needed) {
    throw broken(
      file,
      `tensor \`${name}\` of ${dtype} [${shape.join(', ')}] needs ${needed} bytes, but ${end - begin} are given`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** Tensors must cover the data exactly, as the reference implementation demands. */
function checkSpans(spans: readonly Span[], dataLength: number, file: string): void {
  const ordered = [...spans].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  let previous = 'the start of the data';
  for (const { name, begin, end } of ordered) {
    if (begin < position) throw broken(file, `tensor \`${name}\` overlaps ${previous}`);
    if (begin > position) throw broken(file, `${begin - position} bytes before tensor \`${name}\` belong to no tensor`);
    position = end;
    previous = `tensor \`${name}\``;
  }
  if (position > dataLength) {
    throw problem(
      'models/truncated',
      `The file is ${position - dataLength} bytes shorter than its header says: the download or copy is incomplete. ` +
        'Delete it and fetch it again.',
      { file },
    );
  }
  if (position < dataLength) throw broken(file, `${dataLength - position} bytes at its end belong to no tensor`);
}

function broken(file: string, what: string): ProblemError {
  return problem('models/broken-safetensors', `This is not a sound safetensors file: ${what}.`, { file });
}
