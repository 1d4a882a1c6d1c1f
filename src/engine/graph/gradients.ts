// Reverse-mode automatic differentiation over a graph, with recomputation of segments (gradient checkpointing).

import { formatShape, sameShape } from './dims.ts';
import { derivatives, notDifferentiable } from './derivatives.ts';
import type { Node } from './node.ts';
import { add, matmul } from './operations.ts';

export interface GradientOptions {
  /** Compute the inner values of each segment again in the backward pass instead of keeping them. */
  readonly recompute: boolean;
}

/**
 * Gradients of Σ result·upstream for each of `targets`, appended to the same graph. Nothing is computed that no
 * target needs: no gradients of frozen weights, nothing below the lowest target.
 * Throws when a target does not influence the result.
 */
export function gradients(result: Node, upstream: Node, targets: readonly Node[], options: GradientOptions): Node[] {
  if (!sameShape(result.shape, upstream.shape)) {
    throw new Error(`the upstream gradient ${formatShape(upstream.shape)} is not ${formatShape(result.shape)}`);
  }
  const graph = result.graph;
  const forward = graph.nodes.slice(0, result.id + 1);
  const active = dependents(forward, targets);
  const value = recomputing(options.recompute);
  const gradientOf = new Map<Node, Node>([[result, upstream]]);

  for (const node of forward.reverse()) {
    const gradient = gradientOf.get(node);
    if (!gradient || !active.has(node) || node.inputs.length === 0) continue;
    if (notDifferentiable.has(node.operation.kind)) {
      throw new Error(`${node.operation.kind} has no derivative, but a trained value flows through it`);
    }
    const firstNew = graph.nodes.length;
    const contributions = derivatives[node.operation.kind]({
      node,
      upstream: gradient,
      input: (i) => value(node.inputs[i]!),
      output: () => value(node),
      needs: (i) => active.has(node.inputs[i]!),
    });
    node.inputs.forEach((input, i) => {
      const contribution = contributions[i];
      if (!contribution || !active.has(input)) return;
      const before = gradientOf.get(input);
      gradientOf.set(input, before ? accumulate(before, contribution, contribution.id >= firstNew) : contribution);
    });
    if (!targets.includes(node)) gradientOf.delete(node);
  }
  return targets.map((target) => {
    const gradient = gradientOf.get(target);
    if (gradient) return gradient;
    throw new Error(`the ${target.operation.kind} ${nameOf(target)} does not influence the result`);
  });
}

/** All nodes that depend on one of the targets, the targets included. */
function dependents(nodes: readonly Node[], targets: readonly Node[]): ReadonlySet<Node> {
  const active = new Set(targets);
  for (const node of nodes) if (node.inputs.some((input) => active.has(input))) active.add(node);
  return active;
}

/** Sum of two gradients; a product made for this sum takes the other as its addend, which saves a pass over memory. */
function accumulate(sum: Node, contribution: Node, isNew: boolean): Node {
  const operation = contribution.operation;
  const [a, b, addend] = contribution.inputs;
  if (isNew && operation.kind === 'matmul' && contribution.shape.length === 2 && a && b && !addend) {
    return matmul(a, b, { ...operation, addend: sum });
  }
  return add(sum, contribution);
}

/**
 * The value of a forward node in the backward pass: the node itself, or a copy made when it is first asked for.
 * Copies come after the gradients of later layers in creation order, so only one segment is alive at a time.
 */
function recomputing(segments: boolean): (node: Node) => Node {
  const copies = new Map<Node, Node>();
  const value = (node: Node): Node => {
    const again = node.lifetime === 'cheap' || (segments && node.lifetime === 'segment');
    if (!again || node.inputs.length === 0) return node;
    const known = copies.get(node);
    if (known) return known;
    const made = node.graph.append(node.operation, node.inputs.map(value), node.shape, node.dtype);
    copies.set(node, made);
    return made;
  };
  return value;
}

function nameOf(node: Node): string {
  return 'name' in node.operation ? node.operation.name : `#${String(node.id)}`;
}
