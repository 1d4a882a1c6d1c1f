// What running a graph costs, worked out before it runs: floating-point operations, and the most memory alive at a time.

import type { Node } from './node.ts';
import { evaluateShape } from './dims.ts';
import type { DimBindings } from './dims.ts';

const bytesOf = { float32: 4, float16: 2, bfloat16: 2, int32: 4, uint8: 1 } as const;

/** Operations that give their input's memory another shape. */
const views: ReadonlySet<string> = new Set(['reshape']);
/** Operations that may write their result over an input of the same size. */
const inPlace: ReadonlySet<string> = new Set([
  ...['neg', 'exp', 'log', 'sqrt', 'reciprocal', 'tanh', 'sigmoid', 'erf'],
  ...['add', 'sub', 'mul', 'div', 'softmax', 'crossEntropyGradient'],
]);
const given: ReadonlySet<string> = new Set(['input', 'parameter', 'weight', 'constant']);

function elements(node: Node, dims: DimBindings): number {
  return evaluateShape(node.shape, dims).reduce((n, d) => n * d, 1);
}

/** Floating-point operations of one run: products count two for each multiply-add, the rest one for each element. */
export function floatingPointOperations(nodes: readonly Node[], dims: DimBindings): number {
  let total = 0;
  for (const node of nodes) {
    const { operation } = node;
    if (given.has(operation.kind) || views.has(operation.kind)) continue;
    const size = elements(node, dims);
    if (operation.kind === 'matmul') {
      const a = evaluateShape(node.inputs[0]!.shape, dims);
      total += 2 * size * a.at(operation.transposeA ? -2 : -1)!;
    } else if (operation.kind !== 'gatherRows' && operation.kind !== 'transpose' && operation.kind !== 'cast') {
      total += size;
    }
  }
  return total;
}

/**
 * Bytes of computed values alive at the worst moment of one run, by liveness analysis over creation order. Weights,
 * parameters and inputs are not counted, nor are outputs, which go to the caller's memory when they are made.
 */
export function peakActivationBytes(nodes: readonly Node[], dims: DimBindings): number {
  const owner = new Map<Node, Node>();
  const ownerOf = (node: Node): Node => owner.get(node) ?? node;
  for (const node of nodes) if (views.has(node.operation.kind)) owner.set(node, ownerOf(node.inputs[0]!));
  const lastUse = new Map<Node, number>();
  nodes.forEach((node, time) => {
    for (const input of node.inputs) lastUse.set(ownerOf(input), time);
  });

  let [alive, peak] = [0, 0];
  const sizes = new Map<Node, number>();
  nodes.forEach((node, time) => {
    if (given.has(node.operation.kind) || owner.has(node)) return;
    const size = elements(node, dims) * bytesOf[node.dtype];
    const dying = [...new Set(node.inputs.map(ownerOf))].filter((input) => lastUse.get(input) === time);
    const free = (input: Node) => {
      alive -= sizes.get(input) ?? 0;
      sizes.delete(input);
    };
    const reused = inPlace.has(node.operation.kind) ? dying.find((input) => sizes.get(input) === size) : undefined;
    if (reused) free(reused);
    alive += size;
    sizes.set(node, size);
    peak = Math.max(peak, alive + scratchBytes(node, dims));
    dying.forEach(free);
    if (!lastUse.has(node)) free(node);
  });
  return peak;
}

/** Memory that an operation needs only while it runs. */
function scratchBytes(node: Node, dims: DimBindings): number {
  switch (node.operation.kind) {
    case 'padRows':
      return 4 * elements(node.inputs[0]!, dims);
    default:
      return 0;
  }
}
