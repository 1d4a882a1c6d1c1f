// What an executor is: it compiles a graph once and runs it with tensors many times.

import type { DimBindings } from '../graph/dims.ts';
import type { Graph, Node } from '../graph/node.ts';
import type { WeightEntry } from '../../models/types.ts';

/** Tensor data in host memory; its dtype follows from the array. */
export type HostArray = Float32Array | Int32Array | Uint8Array;

export interface HostTensor {
  readonly data: HostArray;
  readonly shape: readonly number[];
}

export interface CompileRequest {
  readonly graph: Graph;
  /** What a run returns, by name. */
  readonly outputs: ReadonlyMap<string, Node>;
  /** Where the frozen weights lie. */
  readonly weights: ReadonlyMap<string, WeightEntry>;
}

export interface RunRequest {
  readonly dims: DimBindings;
  /** Every input and parameter of the graph, by name. */
  readonly feeds: ReadonlyMap<string, HostArray>;
  /** Buffers to be written to, by output name; outputs without one get a new buffer. */
  readonly into?: ReadonlyMap<string, Float32Array>;
}

/** A compiled graph. One run at a time. */
export interface Executable {
  run(request: RunRequest): Promise<ReadonlyMap<string, HostTensor>>;
  dispose(): Promise<void>;
}

export interface Executor {
  readonly name: string;
  compile(request: CompileRequest): Promise<Executable>;
}
