// Folds a LoRA adapter into the weights it was trained on, and takes it out again.

/** The two factors of one adapted layer. */
export interface LoraFactors {
  /** [rank, in]. */
  readonly a: Float32Array;
  /** [out, rank]. */
  readonly b: Float32Array;
  readonly rank: number;
  /** alpha/rank, or alpha/√rank with rsLoRA. */
  readonly scale: number;
  /** The weight is stored [in, out] (GPT-2's Conv1D) and not [out, in]. */
  readonly storedTransposed?: boolean;
}

/** alpha/rank (Hu et al. 2021, arXiv:2106.09685), or alpha/√rank (rsLoRA, Kalajdzievski 2023, arXiv:2312.03732). */
export function loraScale(method: {
  readonly alpha: number;
  readonly rank: number;
  readonly useRslora: boolean;
}): number {
  return method.alpha / (method.useRslora ? Math.sqrt(method.rank) : method.rank);
}

/** W + scale · B·A, as a new array; `weight` is [out, in]. Sums are in double precision. */
export function mergeLora(weight: Float32Array, factors: LoraFactors): Float32Array {
  return combine(weight, factors, factors.scale);
}

/** W − scale · B·A: undoes `mergeLora` up to one rounding of each element. */
export function unmergeLora(weight: Float32Array, factors: LoraFactors): Float32Array {
  return combine(weight, factors, -factors.scale);
}

function combine(weight: Float32Array, { a, b, rank, storedTransposed }: LoraFactors, scale: number): Float32Array {
  const [width, height] = [a.length / rank, b.length / rank];
  if (weight.length !== width * height) {
    throw new RangeError(
      `an adapter of ${String(height)} × ${String(width)} does not fit ${String(weight.length)} weights`,
    );
  }
  const merged = new Float32Array(weight.length);
  const row = new Float64Array(width);
  for (let o = 0; o < height; o++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[o * rank + r]!;
      const start = r * width;
      for (let i = 0; i < width; i++) row[i]! += factor * a[start + i]!;
    }
    for (let i = 0; i < width; i++) {
      const place = storedTransposed ? i * height + o : o * width + i;
      merged[place] = weight[place]! + row[i]!;
    }
  }
  return merged;
}
