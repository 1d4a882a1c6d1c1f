// The activation functions that configs name, composed of primitive operations.

import type { Node } from '../graph/node.ts';
import { add, erf, mul, sigmoid, silu, tanh } from '../graph/operations.ts';
import { unsupported } from './configFields.ts';
import type { ModelConfig } from './configFields.ts';

export type Activation = (x: Node) => Node;

/**
 * Gaussian error linear unit, approximated with tanh (Hendrycks & Gimpel 2016, arXiv:1606.08415):
 * ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), written with sigmoid since ½·(1 + tanh(z)) = sigmoid(2z).
 */
function geluTanh(x: Node): Node {
  const twice = 2 * Math.sqrt(2 / Math.PI);
  return mul(x, sigmoid(mul(x, add(mul(mul(x, x), 0.044715 * twice), twice))));
}

/** Exact Gaussian error linear unit: x·Φ(x) = ½·x·(1 + erf(x/√2)). */
function gelu(x: Node): Node {
  return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
}

const activations: ReadonlyMap<unknown, Activation> = new Map([
  ['silu', silu],
  ['gelu', gelu],
  ['gelu_new', geluTanh],
  ['gelu_pytorch_tanh', geluTanh],
  ['tanh', tanh],
]);

/** The function that a field of the config names. Throws a ProblemError for one that is not known. */
export function activationField(config: ModelConfig, field: string): Activation {
  const found = activations.get(config[field]);
  return found ?? unsupported(field, config[field], `only ${[...activations.keys()].join(', ')} can be computed`);
}
