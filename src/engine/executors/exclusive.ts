// Keeps the compiled graphs of one purpose at a time: each maps the weights anew, which counts as memory of its own.

import type { WeightEntry } from '../../models/types.ts';
import type { Graph, Node } from '../graph/node.ts';
import type { Executable, Executor } from './executor.ts';

/** What compiled graphs are for; those of another purpose are given up when one is asked for. */
export type Purpose = 'train' | 'evaluate' | 'generate' | 'norms';

export interface Compilable {
  readonly model: { readonly graph: Graph };
  readonly outputs: ReadonlyMap<string, Node>;
}

export interface ExclusiveExecutables {
  /** The compiled graph; compiling takes some tenths of a second when another purpose was served before. */
  get(purpose: Purpose, compilable: Compilable): Promise<Executable>;
  close(): Promise<void>;
}

export function exclusiveExecutables(
  executor: Executor,
  weights: ReadonlyMap<string, WeightEntry>,
): ExclusiveExecutables {
  let current: Purpose | undefined;
  const compiled = new Map<Compilable, Executable>();
  const giveUp = async (): Promise<void> => {
    for (const executable of compiled.values()) await executable.dispose();
    compiled.clear();
  };
  return {
    get: async (purpose, compilable) => {
      if (purpose !== current) await giveUp();
      current = purpose;
      const known = compiled.get(compilable);
      if (known) return known;
      const made = await executor.compile({ graph: compilable.model.graph, outputs: compilable.outputs, weights });
      compiled.set(compilable, made);
      return made;
    },
    close: giveUp,
  };
}
