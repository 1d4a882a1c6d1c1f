// The graph of the lengths that DoRA divides by: read anew from weights and adapters whenever adapters change.

import { adaptedNorms, normName } from '../adapters/dora.ts';
import { loraScale } from '../adapters/merge.ts';
import type { LinearModule } from '../architectures/context.ts';
import { Graph, type Node } from '../graph/node.ts';
import * as op from '../graph/operations.ts';
import type { TrainingMethod } from '../session.ts';
import { frozenWeight, type ModelRequest } from './build.ts';

export interface NormsGraph {
  readonly model: { readonly graph: Graph };
  /** `norm:<module>` [out] for each adapted module. Takes the adapters as the model's own graph does. */
  readonly outputs: ReadonlyMap<string, Node>;
}

/** Undefined where there is nothing to divide by. */
export function doraNorms(
  method: TrainingMethod,
  weights: ModelRequest['weights'],
  modules: readonly LinearModule[],
): NormsGraph | undefined {
  if (method.kind !== 'lora' || method.useDora !== true) return undefined;
  const graph = new Graph();
  const outputs = new Map<string, Node>();
  for (const layer of modules) {
    const { name, inFeatures, outFeatures, storedTransposed } = layer;
    const shape = storedTransposed ? [inFeatures, outFeatures] : [outFeatures, inFeatures];
    const weight = frozenWeight(graph, `${name}.weight`, shape, weights);
    const a = op.parameter(graph, `${name}.lora_A.weight`, [method.rank, inFeatures]);
    const b = op.parameter(graph, `${name}.lora_B.weight`, [outFeatures, method.rank]);
    outputs.set(normName(name), adaptedNorms(weight, a, b, loraScale(method), layer));
  }
  return { model: { graph }, outputs };
}
