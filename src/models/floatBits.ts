// 16-bit floating point: exact widening to float32, and rounding to nearest (ties to even) on the way back.

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** float32 of an IEEE 754 half, exact. */
export function halfToFloat(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) {
    const value = fraction * 2 ** -24;
    return sign === 0 ? value : -value;
  }
  bitsView[0] = sign | (exponent === 31 ? 0x7f800000 : (exponent + 112) << 23) | (fraction << 13);
  return floatView[0]!;
}

let halves: Float32Array | undefined;

/** float32 of every half, indexed by its 16 bits; built once (256 KiB), since bulk reading needs it millions of times. */
export function halfTable(): Float32Array {
  if (!halves) {
    halves = new Float32Array(65536);
    // The table is filled through the bits: storing a signalling NaN as a number would quieten it.
    const bits = new Uint32Array(halves.buffer);
    for (let half = 0; half < 65536; half++) {
      floatView[0] = halfToFloat(half);
      bits[half] =
        (half & 0x7c00) === 0x7c00 ? ((half & 0x8000) << 16) | 0x7f800000 | ((half & 0x3ff) << 13) : bitsView[0]!;
    }
  }
  return halves;
}

/** IEEE 754 half of a float32, rounded to nearest even; too large becomes infinity, NaN stays NaN. */
export function floatToHalf(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and above round to infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are multiples of 2^-24: adding 0.5 lets the float32 adder round to that multiple.
    floatView[0] = Math.abs(floatView[0]) + 0.5;
    return sign | (bitsView[0]! - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}

/** bfloat16 of a float32, rounded to nearest even; NaN stays NaN. */
export function floatToBfloat(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0]!;
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** Widens halves into `out` from `at` on. */
export function widenHalves(halvesIn: Uint16Array, out: Float32Array, at: number): void {
  const table = new Uint32Array(halfTable().buffer);
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < halvesIn.length; i++) bits[at + i] = table[halvesIn[i]!]!;
}

/** Widens bfloat16 values into `out` from `at` on. */
export function widenBfloats(values: Uint16Array, out: Float32Array, at: number): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < values.length; i++) bits[at + i] = values[i]! << 16;
}
