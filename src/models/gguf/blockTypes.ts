// The element types of GGML tensors: how many elements a block has, how many bytes, and how it becomes float32.
// Layouts as in ggml's quantised formats; each product and sum is rounded to float32 as the reference does it.
import { halfTable, widenBfloats, widenHalves } from '../floatBits.ts';

/** Writes the float32 values of whole blocks to `out`. */
export type Dequantise = (bytes: Uint8Array, out: Float32Array) => void;

export interface BlockType {
  readonly name: string;
  readonly elements: number;
  readonly bytes: number;
  readonly dequantise: Dequantise;
}

const round = Math.fround;

/** GGML type id → block type, for the types that can be read. */
export const blockTypes: ReadonlyMap<number, BlockType> = new Map([
  [
    0,
    {
      name: 'F32',
      elements: 1,
      bytes: 4,
      dequantise: (bytes, out) => new Uint8Array(out.buffer, out.byteOffset).set(bytes),
    },
  ],
  [1, { name: 'F16', elements: 1, bytes: 2, dequantise: (bytes, out) => widenHalves(shorts(bytes), out, 0) }],
  [2, { name: 'Q4_0', elements: 32, bytes: 18, dequantise: blocks(18, 32, q4_0) }],
  [3, { name: 'Q4_1', elements: 32, bytes: 20, dequantise: blocks(20, 32, q4_1) }],
  [6, { name: 'Q5_0', elements: 32, bytes: 22, dequantise: blocks(22, 32, q5_0) }],
  [7, { name: 'Q5_1', elements: 32, bytes: 24, dequantise: blocks(24, 32, q5_1) }],
  [8, { name: 'Q8_0', elements: 32, bytes: 34, dequantise: blocks(34, 32, q8_0) }],
  [12, { name: 'Q4_K', elements: 256, bytes: 144, dequantise: blocks(144, 256, q4k) }],
  [13, { name: 'Q5_K', elements: 256, bytes: 176, dequantise: blocks(176, 256, q5k) }],
  [14, { name: 'Q6_K', elements: 256, bytes: 210, dequantise: blocks(210, 256, q6k) }],
  [30, { name: 'BF16', elements: 1, bytes: 2, dequantise: (bytes, out) => widenBfloats(shorts(bytes), out, 0) }],
]);

/** Names of the GGML types that exist but are not read, for messages. */
export const otherTypeNames: ReadonlyMap<number, string> = new Map([
  ...([
    [9, 'Q8_1'],
    [10, 'Q2_K'],
    [11, 'Q3_K'],
    [15, 'Q8_K'],
    [16, 'IQ2_XXS'],
    [17, 'IQ2_XS'],
  ] as const),
  ...([
    [18, 'IQ3_XXS'],
    [19, 'IQ1_S'],
    [20, 'IQ4_NL'],
    [21, 'IQ3_S'],
    [22, 'IQ2_S'],
    [23, 'IQ4_XS'],
  ] as const),
  ...([
    [24, 'I8'],
    [25, 'I16'],
    [26, 'I32'],
    [27, 'I64'],
    [28, 'F64'],
    [29, 'IQ1_M'],
  ] as const),
  ...([
    [34, 'TQ1_0'],
    [35, 'TQ2_0'],
    [39, 'MXFP4'],
    [40, 'NVFP4'],
  ] as const),
]);

/** A block's bytes begin at `b`, its elements at `o`. */
type Block = (bytes: Uint8Array, b: number, out: Float32Array, o: number, half: Float32Array) => void;

function blocks(size: number, elements: number, block: Block): Dequantise {
  return (bytes, out) => {
    const half = halfTable();
    for (let b = 0, o = 0; b < bytes.length; b += size, o += elements) block(bytes, b, out, o, half);
  };
}

function shorts(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

function halfAt(bytes: Uint8Array, at: number, half: Float32Array): number {
  return half[bytes[at]! | (bytes[at + 1]! << 8)]!;
}

/** Scale; 16 bytes whose low nibbles are elements 0-15 and high nibbles 16-31, minus 8. */
function q4_0(bytes: Uint8Array, b: number, out: Float32Array, o: number, half: Float32Array): void {
  const d = halfAt(bytes, b, half);
  for (let i = 0; i < 16; i++) {
    const q = bytes[b + 2 + i]!;
    out[o + i] = d * ((q & 15) - 8);
    out[o + 16 + i] = d * ((q >> 4) - 8);
  }
}

/** Scale, minimum; nibbles as in Q4_0 without offset. */
function q4_1(bytes: Uint8Array, b: number, out: Float32Array, o: number, half: Float32Array): void {
  const d = halfAt(bytes, b, half);
  const m = halfAt(bytes, b + 2, half);
  for (let i = 0; i < 16; i++) {
    const q = bytes[b + 4 + i]!;
    out[o + i] = round(d * (q & 15)) + m;
    out[o + 16 + i] = round(d * (q >> 4)) + m;
  }
}

/** Scale; 32 fifth bits; nibbles; minus 16. */
function q5_0(bytes: Uint8Array, b: number, out: Float32Array, o: number, half: Float32Array): void {
  const d = halfAt(bytes, b, half);
  for (let i = 0; i < 16; i++) {
    const q = bytes[b + 6 + i]!;
    out[o + i] = d * (((q & 15) | fifthBit(bytes, b + 2, i)) - 16);
    out[o + 16 + i] = d * (((q >> 4) | fifthBit(bytes, b + 2, i + 16)) - 16);
  }
}

/** Scale, minimum; 32 fifth bits; nibbles. */
function q5_1(bytes: Uint8Array, b: number, out: Float32Array, o: number, half: Float32Array): void {
  const d = halfAt(bytes, b, half);
  const m = halfAt(bytes, b + 2, half);
  for (let i = 0; i < 16; i++) {
    const q = bytes[b + 8 + i]!;
    out[o + i] = round(d * ((q & 15) | fifthBit(bytes, b + 4, i))) + m;
    out[o + 16 + i] = round(d * ((q >> 4) | fifthBit(bytes, b + 4, i + 16))) + m;
  }
}

function fifthBit(bytes: Uint8Array, at: number, i: number): number {
  return ((bytes[at + (i >> 3)]! >> (i & 7)) & 1) << 4;
}

/** Scale; 32 signed bytes. */
function q8_0(bytes: Uint8Array, b: number, out: Float32Array, o: number, half: Float32Array): void {
  const d = halfAt(bytes, b, half);
  for (let i = 0; i < 32; i++) out[o + i] = d * ((bytes[b + 2 + i]! << 24) >> 24);
}

/** 6-bit scale of sub-block `j` (of 8) of the K formats: 12 bytes at `s` hold 8 scales and 8 minimums. */
function scaleOf(bytes: Uint8Array, s: number, j: number): number {
  return j < 4 ? bytes[s + j]! & 63 : (bytes[s + 4 + j]! & 15) | ((bytes[s + j - 4]! >> 2) & 0x30);
}

function minimumOf(bytes: Uint8Array, s: number, j: number): number {
  return j < 4 ? bytes[s + 4 + j]! & 63 : (bytes[s + 4 + j]! >> 4) | ((bytes[s + j]! >> 2) & 0x30);
}

/** Scale, scale of minimums, 12 bytes of 6-bit scales; each 32 bytes hold sub-block 2n in low and 2n+1 in high nibbles. */
function q4k(bytes: Uint8Array, b: number, out: Float32Array, o: number, half: Float32Array): void {
  const d = halfAt(bytes, b, half);
  const dMin = halfAt(bytes, b + 2, half);
  for (let j = 0; j < 8; j++) {
    const scale = round(d * scaleOf(bytes, b + 4, j));
    const minimum = round(dMin * minimumOf(bytes, b + 4, j));
    const q = b + 16 + (j >> 1) * 32;
    const shift = (j & 1) * 4;
    for (let i = 0; i < 32; i++) out[o + j * 32 + i] = round(scale * ((bytes[q + i]! >> shift) & 15)) - minimum;
  }
}

/** As Q4_K, with 32 bytes of fifth bits: bit j of byte i belongs to element i of sub-block j. */
function q5k(bytes: Uint8Array, b: number, out: Float32Array, o: number, half: Float32Array): void {
  const d = halfAt(bytes, b, half);
  const dMin = halfAt(bytes, b + 2, half);
  for (let j = 0; j < 8; j++) {
    const scale = round(d * scaleOf(bytes, b + 4, j));
    const minimum = round(dMin * minimumOf(bytes, b + 4, j));
    const q = b + 48 + (j >> 1) * 32;
    const shift = (j & 1) * 4;
    for (let i = 0; i < 32; i++) {
      const fifth = ((bytes[b + 16 + i]! >> j) & 1) << 4;
      out[o + j * 32 + i] = round(scale * (((bytes[q + i]! >> shift) & 15) | fifth)) - minimum;
    }
  }
}

/** 128 bytes of low nibbles, 64 of upper bit pairs, 16 signed scales, scale; minus 32; scales count per 16 elements. */
function q6k(bytes: Uint8Array, b: number, out: Float32Array, o: number, half: Float32Array): void {
  const d = halfAt(bytes, b + 208, half);
  for (let n = 0; n < 8; n++) {
    const low = b + (n >> 2) * 64 + (n & 1) * 32;
    const lowShift = ((n >> 1) & 1) * 4;
    const high = b + 128 + (n >> 2) * 32;
    const highShift = (n & 3) * 2;
    for (let i = 0; i < 32; i++) {
      const scale = round(d * ((bytes[b + 192 + n * 2 + (i >> 4)]! << 24) >> 24));
      const q = ((bytes[low + i]! >> lowShift) & 15) | (((bytes[high + i]! >> highShift) & 3) << 4);
      out[o + n * 32 + i] = scale * (q - 32);
    }
  }
}
