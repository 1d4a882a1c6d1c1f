// Functions that add one operation to a graph, with the shape of the result checked and worked out.

import { addDims, broadcastShapes, formatShape, sameElementCount, sameShape, scaleDim } from './dims.ts';
import type { Dim, Shape } from './dims.ts';
import type { BinaryKind, DType, Graph, Node, Operation, UnaryKind } from './node.ts';

function fail(what: string): never {
  throw new Error(`graph: ${what}`);
}

function at(shape: Shape, axis: number): Dim {
  return shape.at(axis) ?? fail(`axis ${String(axis)} is outside of ${formatShape(shape)}`);
}

function add1(operation: Operation, x: Node, shape: Shape = x.shape, dtype: DType = x.dtype): Node {
  return x.graph.append(operation, [x], shape, dtype);
}

export function input(graph: Graph, name: string, shape: Shape, dtype: DType = 'float32'): Node {
  return graph.append({ kind: 'input', name }, [], shape, dtype);
}

export function parameter(graph: Graph, name: string, shape: Shape): Node {
  return graph.append({ kind: 'parameter', name }, [], shape, 'float32');
}

export function weight(graph: Graph, name: string, shape: Shape, dtype: DType = 'float32'): Node {
  return graph.append({ kind: 'weight', name }, [], shape, dtype);
}

/** A small float32 tensor that is part of the graph. */
export function constant(graph: Graph, values: readonly number[], shape: Shape = []): Node {
  const size = shape.reduce<number>(
    (n, d) => (typeof d === 'number' ? n * d : fail('a constant has a fixed shape')),
    1,
  );
  if (size !== values.length) fail(`a constant of shape ${formatShape(shape)} got ${String(values.length)} values`);
  return graph.append({ kind: 'constant', values }, [], shape, 'float32');
}

const unary = (kind: UnaryKind) => (x: Node) => add1({ kind }, x);
export const neg = unary('neg');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const reciprocal = unary('reciprocal');
export const tanh = unary('tanh');
export const sigmoid = unary('sigmoid');
export const erf = unary('erf');
/** x · sigmoid(x). */
export const silu = unary('silu');

const binary = (kind: BinaryKind) => (a: Node, b: Node | number) => {
  const right = typeof b === 'number' ? constant(a.graph, [b]) : b;
  if (a.dtype !== 'float32' || right.dtype !== 'float32') fail(`${kind} takes float32, not ${a.dtype}, ${right.dtype}`);
  return a.graph.append({ kind }, [a, right], broadcastShapes(a.shape, right.shape), a.dtype);
};
export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');

export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Factor on the product. */
  readonly alpha?: number;
  /** Added to the product; two-dimensional products only. */
  readonly addend?: Node;
}

/** `alpha · a × b + addend` over the last two axes: [.., m, k] × [.., k, n] → [.., m, n]. */
export function matmul(a: Node, b: Node, options: MatmulOptions = {}): Node {
  const { transposeA = false, transposeB = false, alpha = 1, addend } = options;
  const [m, k] = transposeA ? [at(a.shape, -1), at(a.shape, -2)] : [at(a.shape, -2), at(a.shape, -1)];
  const [k2, n] = transposeB ? [at(b.shape, -1), at(b.shape, -2)] : [at(b.shape, -2), at(b.shape, -1)];
  if (k !== k2)
    fail(`matmul of ${formatShape(a.shape)} and ${formatShape(b.shape)}: ${String(k)} is not ${String(k2)}`);
  if (a.dtype !== 'float32' || b.dtype !== 'float32') fail(`matmul takes float32, not ${a.dtype} and ${b.dtype}`);
  const batch = a.shape.slice(0, -2);
  if (!sameShape(batch, b.shape.slice(0, -2))) {
    fail(`matmul of ${formatShape(a.shape)} and ${formatShape(b.shape)}: the leading axes differ`);
  }
  const shape = [...batch, m, n];
  if (addend && (batch.length > 0 || !sameShape(addend.shape, shape))) {
    fail(`matmul adds ${formatShape(addend.shape)} to ${formatShape(shape)}`);
  }
  return a.graph.append(
    { kind: 'matmul', transposeA, transposeB, alpha },
    addend ? [a, b, addend] : [a, b],
    shape,
    a.dtype,
  );
}

/** Sum over axes, which stay with size 1. */
export function reduceSum(x: Node, axes: readonly number[]): Node {
  return add1({ kind: 'reduceSum', axes: axes.map((a) => normalAxis(x, a)) }, x, reducedShape(x, axes));
}

/** Maximum over axes, which stay with size 1. */
export function reduceMax(x: Node, axes: readonly number[]): Node {
  return add1({ kind: 'reduceMax', axes: axes.map((a) => normalAxis(x, a)) }, x, reducedShape(x, axes));
}

/** Mean over the last axis, which stays with size 1 and whose size must be known. */
export function meanLast(x: Node): Node {
  const size = at(x.shape, -1);
  if (typeof size !== 'number') return fail('the mean needs an axis of known size');
  return mul(reduceSum(x, [-1]), 1 / size);
}

function normalAxis(x: Node, axis: number): number {
  const normal = axis < 0 ? axis + x.shape.length : axis;
  if (normal < 0 || normal >= x.shape.length) fail(`axis ${String(axis)} is outside of ${formatShape(x.shape)}`);
  return normal;
}

function reducedShape(x: Node, axes: readonly number[]): Shape {
  const reduced = new Set(axes.map((a) => normalAxis(x, a)));
  return x.shape.map((dim, i) => (reduced.has(i) ? 1 : dim));
}

export function reshape(x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  if (!sameElementCount(x.shape, shape)) fail(`${formatShape(x.shape)} cannot be reshaped to ${formatShape(shape)}`);
  return add1({ kind: 'reshape', shape }, x, shape);
}

export function transpose(x: Node, permutation: readonly number[]): Node {
  if ([...permutation].sort((a, b) => a - b).some((p, i) => p !== i) || permutation.length !== x.shape.length) {
    fail(`(${permutation.join(', ')}) is no permutation of the axes of ${formatShape(x.shape)}`);
  }
  return add1(
    { kind: 'transpose', permutation },
    x,
    permutation.map((p) => at(x.shape, p)),
  );
}

export function slice(x: Node, axis: number, start: number, end: number): Node {
  const normal = normalAxis(x, axis);
  const size = at(x.shape, normal);
  if (typeof size !== 'number' || start < 0 || end > size || start >= end) {
    fail(`slice ${String(start)}:${String(end)} of axis ${String(axis)} of ${formatShape(x.shape)}`);
  }
  return add1(
    { kind: 'slice', axis: normal, start, end },
    x,
    x.shape.map((d, i) => (i === normal ? end - start : d)),
  );
}

/** Zeros before and after along an axis. */
export function pad(x: Node, axis: number, before: number, after: number): Node {
  const normal = normalAxis(x, axis);
  const size = addDims(at(x.shape, normal), before + after);
  return add1(
    { kind: 'pad', axis: normal, before, after },
    x,
    x.shape.map((d, i) => (i === normal ? size : d)),
  );
}

export function concat(parts: readonly Node[], axis: number): Node {
  const first = parts[0] ?? fail('concat of nothing');
  const normal = normalAxis(first, axis);
  for (const part of parts) {
    if (part.shape.length !== first.shape.length || part.shape.some((d, i) => i !== normal && d !== first.shape[i])) {
      fail(`concat of ${formatShape(first.shape)} and ${formatShape(part.shape)} along axis ${String(axis)}`);
    }
  }
  const size = parts.slice(1).reduce((sum, part) => addDims(sum, at(part.shape, normal)), at(first.shape, normal));
  const shape = first.shape.map((d, i) => (i === normal ? size : d));
  return first.graph.append({ kind: 'concat', axis: normal }, parts, shape, first.dtype);
}

/** Repeats along axes of size 1 until the shape is reached. */
export function expand(x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
    fail(`${formatShape(x.shape)} cannot be expanded to ${formatShape(shape)}`);
  }
  return add1({ kind: 'expand', shape }, x, shape);
}

export function cast(x: Node, dtype: DType): Node {
  return x.dtype === dtype ? x : add1({ kind: 'cast', dtype }, x, x.shape, dtype);
}

/** table [rows, width], indices [...] int32 → [..., width]. */
export function gatherRows(table: Node, indices: Node): Node {
  if (indices.dtype !== 'int32' || table.shape.length !== 2) fail('gatherRows takes a matrix and int32 indices');
  const shape = [...indices.shape, at(table.shape, 1)];
  const stored = table.operation.kind === 'cast' ? table.inputs[0] : undefined;
  // Widening the few rows that are looked up is cheaper than widening the whole table.
  if (stored) return cast(gatherRows(stored, indices), table.dtype);
  return table.graph.append({ kind: 'gatherRows' }, [table, indices], shape, table.dtype);
}

/** values [n, width], indices [n] int32 → [rows, width]: sums of the values that share an index. */
export function scatterAddRows(values: Node, indices: Node, rows: Dim): Node {
  if (values.shape.length !== 2 || !sameShape(indices.shape, values.shape.slice(0, 1))) {
    fail(`scatterAddRows of ${formatShape(values.shape)} by ${formatShape(indices.shape)}`);
  }
  return values.graph.append(
    { kind: 'scatterAddRows', rows },
    [values, indices],
    [rows, at(values.shape, 1)],
    'float32',
  );
}

/** Where each token of a packed sequence lies in a grid of rows. */
export interface RowGrid {
  /** [b, l] int32: the token at each place of the grid, n where the row is shorter. */
  readonly index: Node;
  /** [n] int32: the place of each token in the flattened grid. */
  readonly inverse: Node;
}

/** x [n, width] → [b, l, width] by rows, zeros where a row is shorter. */
export function padRows(x: Node, grid: RowGrid): Node {
  const shape = [...grid.index.shape, at(x.shape, 1)];
  if (!sameShape(x.shape.slice(0, 1), grid.inverse.shape)) fail(`padRows of ${formatShape(x.shape)}`);
  return x.graph.append({ kind: 'padRows' }, [x, grid.index, grid.inverse], shape, 'float32');
}

/** x [b, l, width] → [n, width]: undoes `padRows`. */
export function unpadRows(x: Node, grid: RowGrid): Node {
  const shape = [...grid.inverse.shape, at(x.shape, 2)];
  if (!sameShape(x.shape.slice(0, 2), grid.index.shape)) fail(`unpadRows of ${formatShape(x.shape)}`);
  return x.graph.append({ kind: 'unpadRows' }, [x, grid.index, grid.inverse], shape, 'float32');
}

/** Softmax over the last axis. */
export function softmax(x: Node): Node {
  return add1({ kind: 'softmax' }, x);
}

/** logits [n, classes], targets [n] int32 → negative log-likelihood of each target [n], in nats. */
export function crossEntropy(logits: Node, targets: Node): Node {
  if (logits.shape.length !== 2 || !sameShape(targets.shape, logits.shape.slice(0, 1)) || targets.dtype !== 'int32') {
    fail(`crossEntropy of ${formatShape(logits.shape)} and ${formatShape(targets.shape)}`);
  }
  return logits.graph.append({ kind: 'crossEntropy' }, [logits, targets], targets.shape, 'float32');
}

/** Gradient of `crossEntropy`: (softmax(logits) − one-hot(targets)) · upstream, [n, classes]. */
export function crossEntropyGradient(logits: Node, targets: Node, upstream: Node): Node {
  if (!sameShape(targets.shape, upstream.shape)) fail(`crossEntropyGradient of ${formatShape(upstream.shape)}`);
  return logits.graph.append({ kind: 'crossEntropyGradient' }, [logits, targets, upstream], logits.shape, 'float32');
}

/** x / sqrt(mean(x²) + epsilon) · scale over the last axis. */
export function rmsNorm(x: Node, scale: Node, epsilon: number): Node {
  if (scale.shape.length !== 1 || scale.shape[0] !== at(x.shape, -1)) {
    fail(`rmsNorm of ${formatShape(x.shape)} with a scale of ${formatShape(scale.shape)}`);
  }
  return x.graph.append({ kind: 'rmsNorm', epsilon }, [x, scale], x.shape, 'float32');
}

/** Rotary position embedding: x [n, heads·d], cos and sin [n, r/2] → [n, heads·d]. */
export function rope(x: Node, cos: Node, sin: Node, heads: number): Node {
  const width = at(x.shape, 1);
  const half = at(cos.shape, 1);
  if (typeof width !== 'number' || typeof half !== 'number' || !sameShape(cos.shape, sin.shape)) {
    return fail(`rope of ${formatShape(x.shape)} by ${formatShape(cos.shape)}`);
  }
  if (width % heads !== 0 || 2 * half > width / heads || cos.shape[0] !== x.shape[0]) {
    fail(`rope of ${formatShape(x.shape)} with ${String(heads)} heads by ${formatShape(cos.shape)}`);
  }
  return x.graph.append({ kind: 'rope', heads }, [x, cos, sin], x.shape, 'float32');
}

/** The product of a dimension with a whole number or fraction; fails where it is no whole number. */
export function timesDim(dim: Dim, factor: number): Dim {
  return scaleDim(dim, factor) ?? fail(`${String(dim)} × ${String(factor)} is no whole dimension`);
}
