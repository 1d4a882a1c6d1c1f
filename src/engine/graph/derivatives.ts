// The vector-Jacobian product of each operation: from the gradient of a result to the gradients of its inputs.

import { sameShape } from './dims.ts';
import type { Node, OperationKind } from './node.ts';
import {
  add,
  constant,
  crossEntropyGradient,
  div,
  expand,
  matmul,
  meanLast,
  mul,
  neg,
  pad,
  padRows,
  reciprocal,
  reduceSum,
  reshape,
  rope,
  scatterAddRows,
  sigmoid,
  slice,
  sqrt,
  sub,
  transpose,
  unpadRows,
} from './operations.ts';

/** What a derivative may use. */
export interface DerivativeContext {
  readonly node: Node;
  /** Gradient of the loss for the node's result; has the node's shape. */
  readonly upstream: Node;
  /** The i-th input's value: the node itself, or the same computed again. */
  input(i: number): Node;
  /** The node's own value, likewise. */
  output(): Node;
  /** Whether the gradient of the i-th input is wanted. */
  needs(i: number): boolean;
}

type Derivative = (c: DerivativeContext) => readonly (Node | undefined)[];

/** Sums a gradient over the axes along which `target` was broadcast. */
function unbroadcast(gradient: Node, target: Node): Node {
  if (sameShape(gradient.shape, target.shape)) return gradient;
  const extra = gradient.shape.length - target.shape.length;
  const axes = gradient.shape.flatMap((dim, i) => (i < extra || target.shape[i - extra] !== dim ? [i] : []));
  return reshape(reduceSum(gradient, axes), target.shape);
}

const when = (wanted: boolean, make: () => Node): Node | undefined => (wanted ? make() : undefined);

/** Derivatives of operations with one input. */
function elementwise(make: (c: DerivativeContext) => Node): Derivative {
  return (c) => [when(c.needs(0), () => make(c))];
}

const none: Derivative = () => [];

/** Values below which exp underflows are irrelevant here: every derivative is exact where the function is smooth. */
export const derivatives: Readonly<Record<OperationKind, Derivative>> = {
  input: none,
  parameter: none,
  weight: none,
  constant: none,
  neg: elementwise((c) => neg(c.upstream)),
  exp: elementwise((c) => mul(c.upstream, c.output())),
  log: elementwise((c) => div(c.upstream, c.input(0))),
  sqrt: elementwise((c) => div(mul(c.upstream, 0.5), c.output())),
  reciprocal: elementwise((c) => neg(mul(c.upstream, mul(c.output(), c.output())))),
  tanh: elementwise((c) => mul(c.upstream, sub(constant(c.node.graph, [1]), mul(c.output(), c.output())))),
  sigmoid: elementwise((c) => mul(c.upstream, mul(c.output(), sub(constant(c.node.graph, [1]), c.output())))),
  // d erf(x)/dx = 2/√π · exp(−x²)
  erf: elementwise((c) => mul(c.upstream, mul(expNegSquare(c.input(0)), 2 / Math.sqrt(Math.PI)))),
  // d (x·s)/dx = s + x·s·(1 − s) = s + y·(1 − s), s = sigmoid(x)
  silu: elementwise((c) => {
    const x = c.input(0);
    const s = sigmoid(x);
    const y = mul(x, s);
    return mul(c.upstream, add(s, sub(y, mul(y, s))));
  }),
  add: (c) => [
    when(c.needs(0), () => unbroadcast(c.upstream, c.input(0))),
    when(c.needs(1), () => unbroadcast(c.upstream, c.input(1))),
  ],
  sub: (c) => [
    when(c.needs(0), () => unbroadcast(c.upstream, c.input(0))),
    when(c.needs(1), () => unbroadcast(neg(c.upstream), c.input(1))),
  ],
  mul: (c) => [
    when(c.needs(0), () => unbroadcast(mul(c.upstream, c.input(1)), c.input(0))),
    when(c.needs(1), () => unbroadcast(mul(c.upstream, c.input(0)), c.input(1))),
  ],
  div: (c) => [
    when(c.needs(0), () => unbroadcast(div(c.upstream, c.input(1)), c.input(0))),
    when(c.needs(1), () => unbroadcast(neg(div(mul(c.upstream, c.output()), c.input(1))), c.input(1))),
  ],
  matmul: (c) => {
    const operation = c.node.operation;
    if (operation.kind !== 'matmul') return [];
    const { transposeA, transposeB, alpha } = operation;
    const g = c.upstream;
    return [
      when(c.needs(0), () =>
        transposeA
          ? matmul(c.input(1), g, { transposeA: transposeB, transposeB: true, alpha })
          : matmul(g, c.input(1), { transposeB: !transposeB, alpha }),
      ),
      when(c.needs(1), () =>
        transposeB
          ? matmul(g, c.input(0), { transposeA: true, transposeB: transposeA, alpha })
          : matmul(c.input(0), g, { transposeA: !transposeA, alpha }),
      ),
      when(c.node.inputs.length > 2 && c.needs(2), () => g),
    ];
  },
  reduceSum: elementwise((c) => expand(c.upstream, c.input(0).shape)),
  // Only used inside numerically stable formulas whose value does not depend on the maximum.
  reduceMax: none,
  reshape: elementwise((c) => reshape(c.upstream, c.input(0).shape)),
  transpose: elementwise((c) => {
    const operation = c.node.operation;
    if (operation.kind !== 'transpose') return c.upstream;
    const inverse = operation.permutation.map((_, i) => operation.permutation.indexOf(i));
    return transpose(c.upstream, inverse);
  }),
  slice: elementwise((c) => {
    const operation = c.node.operation;
    const size = operation.kind === 'slice' ? c.input(0).shape[operation.axis] : undefined;
    if (operation.kind !== 'slice' || typeof size !== 'number') return c.upstream;
    return pad(c.upstream, operation.axis, operation.start, size - operation.end);
  }),
  pad: elementwise((c) => {
    const operation = c.node.operation;
    const size = operation.kind === 'pad' ? c.input(0).shape[operation.axis] : undefined;
    if (operation.kind !== 'pad' || typeof size !== 'number')
      throw new Error('pad of a symbolic axis has no derivative');
    return slice(c.upstream, operation.axis, operation.before, operation.before + size);
  }),
  concat: (c) => {
    const operation = c.node.operation;
    if (operation.kind !== 'concat') return [];
    let start = 0;
    return c.node.inputs.map((part, i) => {
      const size = part.shape[operation.axis];
      if (typeof size !== 'number') throw new Error('concat along a symbolic axis has no derivative');
      const from = start;
      start += size;
      return when(c.needs(i), () => slice(c.upstream, operation.axis, from, from + size));
    });
  },
  expand: elementwise((c) => unbroadcast(c.upstream, c.input(0))),
  cast: elementwise((c) => c.upstream),
  gatherRows: (c) => [
    when(c.needs(0), () => {
      const [rows, width] = c.input(0).shape;
      if (rows === undefined || width === undefined) throw new Error('gatherRows takes a matrix');
      const indices = c.input(1);
      if (indices.shape.length !== 1) throw new Error('gatherRows is differentiated for one axis of indices');
      return scatterAddRows(c.upstream, indices, rows);
    }),
  ],
  scatterAddRows: none,
  padRows: (c) => [when(c.needs(0), () => unpadRows(c.upstream, { index: c.input(1), inverse: c.input(2) }))],
  unpadRows: (c) => [when(c.needs(0), () => padRows(c.upstream, { index: c.input(1), inverse: c.input(2) }))],
  // dx = y · (dy − Σ dy·y)
  softmax: elementwise((c) => {
    const y = c.output();
    const weighted = mul(c.upstream, y);
    return sub(weighted, mul(y, reduceSum(weighted, [-1])));
  }),
  crossEntropy: (c) => [when(c.needs(0), () => crossEntropyGradient(c.input(0), c.input(1), c.upstream))],
  crossEntropyGradient: none,
  // n = x·r, r = 1/rms(x): dx = r · (dn − n · mean(dn·n)), dn = dy·scale
  rmsNorm: (c) => {
    const operation = c.node.operation;
    if (operation.kind !== 'rmsNorm') return [];
    const x = c.input(0);
    const inverse = reciprocal(sqrt(add(meanLast(mul(x, x)), operation.epsilon)));
    const normal = mul(x, inverse);
    return [
      when(c.needs(0), () => {
        const dn = mul(c.upstream, c.input(1));
        return mul(inverse, sub(dn, mul(normal, meanLast(mul(dn, normal)))));
      }),
      when(c.needs(1), () => unbroadcast(mul(c.upstream, normal), c.input(1))),
    ];
  },
  // The inverse of a rotation is the rotation by the opposite angle.
  rope: (c) => {
    const operation = c.node.operation;
    if (operation.kind !== 'rope') return [];
    return [when(c.needs(0), () => rope(c.upstream, c.input(1), neg(c.input(2)), operation.heads))];
  },
};

function expNegSquare(x: Node): Node {
  return x.graph.append({ kind: 'exp' }, [neg(mul(x, x))], x.shape, x.dtype);
}

/** Kinds whose derivative is not defined here; a gradient asked through them is an error, not a silent zero. */
export const notDifferentiable: ReadonlySet<OperationKind> = new Set([
  'reduceMax',
  'scatterAddRows',
  'crossEntropyGradient',
]);
