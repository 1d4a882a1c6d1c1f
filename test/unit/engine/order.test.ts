// ONNX Runtime runs our nodes in creation order, but for neighbours that do not depend on each other. It does not promise
// that, yet memory depends on it: recomputed values would otherwise all be made before the first of them is used.

import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { emitOnnx } from '../../../src/engine/executors/onnx/emit.ts';
import { gradients } from '../../../src/engine/graph/gradients.ts';
import { Graph } from '../../../src/engine/graph/node.ts';
import type { Node } from '../../../src/engine/graph/node.ts';
import * as op from '../../../src/engine/graph/operations.ts';

interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly args: { readonly op_name?: string };
}

/** The names of the ONNX nodes in the order in which they ran, with their types. */
async function ranNodes(graph: Graph, outputs: ReadonlyMap<string, Node>, inputs: readonly string[]) {
  const emitted = emitOnnx({ graph, outputs, weights: new Map() }, { fused: true });
  const folder = await mkdtemp(join(tmpdir(), 'finetune-order-'));
  const session = await InferenceSession.create(emitted.bytes, {
    graphOptimizationLevel: 'disabled',
    executionMode: 'sequential',
    enableProfiling: true,
    profileFilePrefix: join(folder, 'trace'),
  });
  const ones = () => new Tensor('float32', new Float32Array(16).fill(0.1), [4, 4]);
  await session.run(Object.fromEntries(inputs.map((name) => [name, ones()])));
  session.endProfiling();
  await session.release();
  const [file] = await readdir(folder);
  const trace = JSON.parse(await readFile(join(folder, file!), 'utf8')) as TraceEvent[];
  return trace
    .filter((e) => e.cat === 'Node' && e.name.endsWith('_kernel_time'))
    .map((e) => ({ name: e.name.replace('_kernel_time', ''), type: e.args.op_name ?? '' }));
}

it('recomputes each layer only when its derivative is due', async () => {
  const graph = new Graph();
  const x = op.parameter(graph, 'x', [4, 4]);
  let y: Node = x;
  for (let layer = 0; layer < 4; layer++) {
    const before = y;
    y = graph.inSegment(() => op.add(op.mul(op.tanh(before), op.exp(before)), before));
  }
  const upstream = op.input(graph, 'upstream', [4, 4]);
  const [gradient] = gradients(y, upstream, [x], { recompute: true });
  const ran = await ranNodes(graph, new Map([['gradient', gradient!]]), ['x', 'upstream']);
  // Three layers forward (the gradient does not need the last one's result); then each layer, last to first, is made
  // again just before its derivative (the Sub of 1 − tanh²) is taken.
  const again = ['Tanh', 'Sub'];
  const order = ran.map(({ type }) => type).filter((type) => again.includes(type));
  expect(order).toEqual(['Tanh', 'Tanh', 'Tanh', ...again, ...again, ...again, ...again]);
});

it('makes each gradient when its layer is due, whatever the order it is asked for in', async () => {
  const graph = new Graph();
  const layers = ['a', 'b', 'c'];
  const parameters = layers.map((name) => op.parameter(graph, name, [4, 4]));
  const y = parameters.reduce<Node>((x, w) => op.tanh(op.matmul(x, w)), op.input(graph, 'x', [4, 4]));
  const made = gradients(y, op.input(graph, 'upstream', [4, 4]), parameters, { recompute: false });
  const outputs = new Map(layers.map((name, i) => [name, made[i]!]));
  const ran = await ranNodes(graph, outputs, [...layers, 'x', 'upstream']);
  expect(ran.map(({ name }) => name).filter((name) => name.startsWith('out:'))).toEqual(['out:c', 'out:b', 'out:a']);
});
