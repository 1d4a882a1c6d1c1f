// Results that are written into the caller's memory: the copies with which ONNX Runtime answers besides do not pile up.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { onnxExecutor } from '../../../src/engine/executors/onnx/executor.ts';
import { Graph } from '../../../src/engine/graph/node.ts';
import * as op from '../../../src/engine/graph/operations.ts';

// As the trainer is started (runs/startRun.ts).
beforeAll(() => {
  setFlagsFromString('--expose-gc');
  vi.stubGlobal('gc', runInNewContext('gc'));
});
afterAll(() => {
  vi.unstubAllGlobals();
});

test('of twenty few are there at a time', async () => {
  const graph = new Graph();
  const x = op.parameter(graph, 'x', [1000, 500]);
  const outputs = new Map([['twice', op.add(x, x)]]);
  const executable = await onnxExecutor({ provider: 'cpu', threads: 1 }).compile({
    graph,
    outputs,
    weights: new Map(),
  });
  const [given, target] = [new Float32Array(500_000).fill(3), new Float32Array(500_000)];
  const bytesBefore = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let i = 0; i < 20; i++) {
    await executable.run({ dims: {}, feeds: new Map([['x', given]]), into: new Map([['twice', target]]) });
    most = Math.max(most, process.memoryUsage().arrayBuffers - bytesBefore);
  }
  await executable.dispose();
  expect(target.every((value) => value === 6)).toBe(true);
  // A thread of its own frees them and may be behind: there were two to four, and fifteen to seventeen without asking.
  expect(most).toBeLessThan(8 * target.byteLength);
});
