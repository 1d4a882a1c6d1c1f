// Which values of a graph a set of outputs needs, and until when.

import type { Node } from './node.ts';

/** The nodes that the outputs depend on, in creation order. */
export function reachable(outputs: Iterable<Node>): Node[] {
  const seen = new Set<Node>();
  const pending = [...outputs];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    pending.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The values that nobody needs any more once a node (of those given, run in this order) is computed. */
export function lastUses(nodes: readonly Node[], outputs: Iterable<Node>): ReadonlyMap<Node, readonly Node[]> {
  const seen = new Set<Node>(outputs);
  const ending = new Map<Node, Node[]>();
  for (const node of nodes.toReversed()) {
    const last = [...new Set([...node.inputs, node])].filter((value) => !seen.has(value));
    last.forEach((value) => seen.add(value));
    ending.set(node, last);
  }
  return ending;
}
