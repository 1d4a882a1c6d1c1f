// TensorFlow.js (pure JavaScript) against ONNX Runtime: every operation and its gradient (quality bar 5: 1e-5).

import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import type { Executor, HostTensor } from '../../../src/engine/executors/executor.ts';
import { onnxExecutor } from '../../../src/engine/executors/onnx/executor.ts';
import { tensorflowExecutor } from '../../../src/engine/executors/tensorflow/executor.ts';
import { loadTensorflow } from '../../../src/engine/executors/tensorflow/tensorflow.ts';
import { derivatives } from '../../../src/engine/graph/derivatives.ts';
import { Graph } from '../../../src/engine/graph/node.ts';
import * as op from '../../../src/engine/graph/operations.ts';
import { ProblemError } from '../../../src/protocol/problem.ts';
import { gradientGraph, operationCases, operationDims as dims } from '../../support/operationCases.ts';
import type { GradientGraph } from '../../support/operationCases.ts';
import { relativeDifference } from '../../support/compare.ts';

beforeAll(async () => {
  tf.env().set('IS_TEST', true); // no advice on stderr to install the native package
  await tf.setBackend('cpu');
});

async function results(executor: Executor, { graph, outputs, feeds }: GradientGraph) {
  const executable = await executor.compile({ graph, outputs, weights: new Map() });
  const made = await executable.run({ dims, feeds });
  await executable.dispose();
  return made;
}

/** Largest difference of all results, each relative to its largest value. */
function disagreement(a: ReadonlyMap<string, HostTensor>, b: ReadonlyMap<string, HostTensor>): number {
  return Math.max(
    ...[...a].map(([name, { data, shape }]) => {
      expect(b.get(name)!.shape).toEqual(shape);
      return relativeDifference(data, b.get(name)!.data);
    }),
  );
}

describe('TensorFlow.js against ONNX Runtime', () => {
  it.each(operationCases)('$name', async (testCase) => {
    const made = gradientGraph(testCase);
    const expected = await results(onnxExecutor({ provider: 'cpu', threads: 1 }), made);
    expect(disagreement(expected, await results(tensorflowExecutor(tf), made))).toBeLessThan(1e-5);
  });

  it('covers every operation', () => {
    const covered = operationCases.flatMap((c) => gradientGraph(c).graph.nodes.map((n) => n.operation.kind));
    // Weights are read from files, by the whole models of tensorflowModel.test.ts.
    expect(new Set([...covered, 'weight'])).toEqual(new Set(Object.keys(derivatives)));
  });

  it('keeps no tensor after a run', async () => {
    const before = tf.memory().numTensors;
    for (const testCase of operationCases.slice(0, 5)) await results(tensorflowExecutor(tf), gradientGraph(testCase));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps no tensor after a run that fails', async () => {
    const graph = new Graph();
    const x = op.parameter(graph, 'x', [2]);
    const sum = op.add(x, op.input(graph, 'missing', [2]));
    const executable = await tensorflowExecutor(tf).compile({
      graph,
      outputs: new Map([['sum', sum]]),
      weights: new Map(),
    });
    const before = tf.memory().numTensors;
    await expect(executable.run({ dims: {}, feeds: new Map([['x', new Float32Array(2)]]) })).rejects.toThrow('missing');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('writes into the buffers that it is given, and never hands out a feed', async () => {
    const graph = new Graph();
    const x = op.parameter(graph, 'x', [2]);
    const outputs = new Map([
      ['double', op.mul(x, 2)],
      ['same', x],
    ]);
    const executable = await tensorflowExecutor(tf).compile({ graph, outputs, weights: new Map() });
    const [feed, target] = [Float32Array.of(1, 2), new Float32Array(2)];
    const made = await executable.run({ dims: {}, feeds: new Map([['x', feed]]), into: new Map([['double', target]]) });
    expect(made.get('double')!.data).toBe(target);
    expect([...target]).toEqual([2, 4]);
    expect(made.get('same')!.data).toEqual(feed);
    expect(made.get('same')!.data).not.toBe(feed);
  });
});

describe('loadTensorflow', () => {
  it('says in one line what to install', async () => {
    const error: unknown = await loadTensorflow().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).problems[0]!.code).toBe('engine/no-tensorflow');
    expect((error as ProblemError).message).toMatch(/^.*npm install @tensorflow\/tfjs-node-gpu.*device: cpu.*$/);
  });
});
