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
  const outputs = new Map([['gradient', gradient!]]);
  const emitted = emitOnnx({ graph, outputs, weights: new Map() }, { fused: true });

  const folder = await mkdtemp(join(tmpdir(), 'finetune-order-'));
  const session = await InferenceSession.create(emitted.bytes, {
    graphOptimizationLevel: 'disabled',
    executionMode: 'sequential',
    enableProfiling: true,
    profileFilePrefix: join(folder, 'trace'),
  });
  const ones = () => new Tensor('float32', new Float32Array(16).fill(0.1), [4, 4]);
  await session.run({ x: ones(), upstream: ones() });
  session.endProfiling();
  await session.release();
  const [file] = await readdir(folder);
  const trace = JSON.parse(await readFile(join(folder, file!), 'utf8')) as TraceEvent[];
  const ran = trace.filter((e) => e.cat === 'Node' && e.name.endsWith('_kernel_time')).map((e) => e.args.op_name);
  // Three layers forward (the gradient does not need the last one's result); then each layer, last to first, is made
  // again just before its derivative (the Sub of 1 − tanh²) is taken.
  const again = ['Tanh', 'Sub'];
  const order = ran.filter((name) => name !== undefined && again.includes(name));
  expect(order).toEqual(['Tanh', 'Tanh', 'Tanh', ...again, ...again, ...again, ...again]);
});
