// What a model function asks for, learnt by calling it once: its stored tensors and its linear layers.

import { input, weight } from '../graph/operations.ts';
import { Graph } from '../graph/node.ts';
import type { LinearModule, ModelContext, ModelDescription } from './context.ts';

export interface ModelUse {
  /** Shape of each stored tensor, by its canonical name, in order of first use. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
  readonly linearModules: readonly LinearModule[];
}

/** Builds the model over a graph that nobody runs and notes what it asks for. */
export function modelUse(model: Pick<ModelDescription, 'hidden' | 'logits'>): ModelUse {
  const graph = new Graph();
  const weights = new Map<string, readonly number[]>();
  const linearModules: LinearModule[] = [];
  const tokens = input(graph, 'tokens', ['n'], 'int32');
  const note = (name: string, shape: readonly number[]) => {
    const known = weights.get(name);
    if (known && known.join() !== shape.join()) throw new Error(`${name} is used with two shapes`);
    weights.set(name, shape);
  };
  const context: ModelContext = {
    graph,
    tokens,
    positions: () => input(graph, 'positions', ['n'], 'int32'),
    weight: (name, shape) => {
      note(name, shape as readonly number[]);
      return weight(graph, name, shape);
    },
    linear: (x, name, out, { bias = false, storedTransposed = false } = {}) => {
      const inFeatures = x.shape[1] as number;
      note(`${name}.weight`, storedTransposed ? [inFeatures, out] : [out, inFeatures]);
      if (bias) note(`${name}.bias`, [out]);
      linearModules.push({ name, inFeatures, outFeatures: out, storedTransposed });
      return input(graph, name, ['n', out]);
    },
    rotary: ({ key, half }) => ({
      cos: input(graph, `cos:${key}`, ['n', half]),
      sin: input(graph, `sin:${key}`, ['n', half]),
    }),
    attend: ({ q }) => q,
    layer: (_, build) => build(),
  };
  model.logits(context, model.hidden(context));
  return { weights, linearModules };
}
