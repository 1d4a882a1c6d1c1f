// DoRA (Liu et al. 2024, arXiv:2402.09353): weights W + s·B·A, the length of each output's row trained apart.

import type { LinearModule } from '../architectures/context.ts';
import type { Node } from '../graph/node.ts';
import * as op from '../graph/operations.ts';

/**
 * What each output of an adapted layer is multiplied with, [out]: m / ‖W + s·B·A‖. The lengths ‖…‖ are an input: they
 * change with the adapter alone, and are far more work than a token.
 */
export function doraGain(magnitude: Node, module: string): Node {
  return op.div(magnitude, op.input(magnitude.graph, normName(module), magnitude.shape));
}

/** Lengths of the rows of W + s·B·A, [out]; a is [rank, in], b is [out, rank], and the weight lies as `layer` says. */
export function adaptedNorms(weight: Node, a: Node, b: Node, scale: number, layer: LinearModule): Node {
  const whole = layer.storedTransposed
    ? op.matmul(a, b, { transposeA: true, transposeB: true, alpha: scale, addend: weight })
    : op.matmul(b, a, { alpha: scale, addend: weight });
  const squares = op.reduceSum(op.mul(whole, whole), [layer.storedTransposed ? 0 : 1]);
  return op.reshape(op.sqrt(squares), [layer.outFeatures]);
}

/** The input that brings a layer's lengths. */
export function normName(module: string): string {
  return `norm:${module}`;
}
