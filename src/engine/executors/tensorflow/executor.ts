// Runs graphs operation by operation with TensorFlow.js: on its GPU package, or on any other backend it has.

import type { Tensor } from '@tensorflow/tfjs';
import { evaluateShape, formatShape } from '../../graph/dims.ts';
import { lastUses, reachable } from '../../graph/liveness.ts';
import type { Node } from '../../graph/node.ts';
import type { CompileRequest, Executable, Executor, HostArray, HostTensor, RunRequest } from '../executor.ts';
import type { WeightEntry } from '../../../models/types.ts';
import { compute } from './operations.ts';
import type { TensorFlow } from './tensorflow.ts';
import { createWeightStore } from './weights.ts';
import type { WeightStore } from './weights.ts';

/** Executor for the module's current backend. Tensors live no longer than until their last use in a run. */
export function tensorflowExecutor(tf: TensorFlow): Executor {
  const store = createWeightStore(tf);
  return {
    name: `tensorflow:${tf.getBackend()}`,
    compile: async (request) => {
      const nodes = reachable(request.outputs.values());
      const used = new Map(nodes.map((node) => weightOf(node, request)).filter((found) => found !== undefined));
      const weights = await acquireAll(store, used);
      return {
        run: (run) => runGraph(tf, { ...request, nodes, weights }, run),
        dispose: () => {
          for (const entry of used.values()) store.release(entry);
          return Promise.resolve();
        },
      } satisfies Executable;
    },
  };
}

function weightOf({ operation, shape }: Node, { weights }: CompileRequest): [string, WeightEntry] | undefined {
  if (operation.kind !== 'weight') return undefined;
  const entry = weights.get(operation.name);
  if (!entry) throw new Error(`the model has no weight ${operation.name}`);
  if (entry.shape.join() !== shape.join()) {
    throw new Error(`${operation.name} has shape ${formatShape(entry.shape)}, expected ${formatShape(shape)}`);
  }
  return [operation.name, entry];
}

/** One after another: a weight is in host memory only until it is a tensor. */
async function acquireAll(
  store: WeightStore,
  used: ReadonlyMap<string, WeightEntry>,
): Promise<ReadonlyMap<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  try {
    for (const [name, entry] of used) tensors.set(name, await store.acquire(entry));
    return tensors;
  } catch (error) {
    for (const name of tensors.keys()) store.release(used.get(name)!);
    throw error;
  }
}

interface Program extends Pick<CompileRequest, 'outputs'> {
  readonly nodes: readonly Node[];
  readonly weights: ReadonlyMap<string, Tensor>;
}

async function runGraph(
  tf: TensorFlow,
  { nodes, outputs, weights }: Program,
  { dims, feeds, into }: RunRequest,
): Promise<ReadonlyMap<string, HostTensor>> {
  const ending = lastUses(nodes, outputs.values());
  const alive = new Map<Node, Tensor>();
  try {
    for (const node of nodes) {
      const { operation } = node;
      if (operation.kind === 'weight') {
        alive.set(node, weights.get(operation.name)!.clone());
      } else if (operation.kind === 'input' || operation.kind === 'parameter') {
        const data = feeds.get(operation.name);
        if (!data) throw new Error(`the input ${operation.name} was not given`);
        alive.set(node, tensorOf(tf, data, evaluateShape(node.shape, dims)));
      } else {
        const given = node.inputs.map((input) => alive.get(input)!);
        alive.set(
          node,
          tf.tidy(() => compute({ tf, dims }, node, given)),
        );
      }
      for (const done of ending.get(node) ?? []) {
        alive.get(done)?.dispose();
        alive.delete(done);
      }
    }
    const results = new Map<string, HostTensor>();
    for (const [name, node] of outputs) results.set(name, await hostTensor(alive.get(node)!, into?.get(name)));
    return results;
  } finally {
    for (const tensor of alive.values()) tensor.dispose();
  }
}

/** Bytes become integers, since TensorFlow.js has none. */
function tensorOf(tf: TensorFlow, data: HostArray, shape: number[]): Tensor {
  if (data instanceof Float32Array) return tf.tensor(data, shape, 'float32');
  return tf.tensor(data instanceof Int32Array ? data : Int32Array.from(data), shape, 'int32');
}

/** The values in a buffer of their own: a backend in host memory gives away its own, which may be a feed. */
async function hostTensor(tensor: Tensor, target: Float32Array | undefined): Promise<HostTensor> {
  const data = await tensor.data();
  if (!target) return { data: data.slice(), shape: tensor.shape };
  target.set(data);
  return { data: target, shape: tensor.shape };
}
