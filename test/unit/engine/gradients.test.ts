// Gradients of every operation against central finite differences, run by ONNX Runtime.

import { describe, expect, it } from 'vitest';
import { onnxExecutor } from '../../../src/engine/executors/onnx/executor.ts';
import { emitOnnx } from '../../../src/engine/executors/onnx/emit.ts';
import { gradients } from '../../../src/engine/graph/gradients.ts';
import { Graph } from '../../../src/engine/graph/node.ts';
import * as op from '../../../src/engine/graph/operations.ts';
import { gradientGraph, operationCases, operationDims as dims } from '../../support/operationCases.ts';
import type { OperationCase } from '../../support/operationCases.ts';

/** The largest difference between a case's gradients and finite differences of Σ result·upstream, relative to the largest. */
async function check(testCase: OperationCase, fused: boolean): Promise<number> {
  const { graph, parameters, outputs, feeds } = gradientGraph(testCase);
  const executor = fused
    ? onnxExecutor({ provider: 'cpu', threads: 1 })
    : onnxExecutor({ provider: 'cpu', threads: 1, fused: false });
  const executable = await executor.compile({ graph, outputs, weights: new Map() });
  const results = await executable.run({ dims, feeds });
  let worst = 0;
  for (const name of parameters) {
    const values = feeds.get(name)!;
    const analytic = results.get(`gradient:${name}`)!.data;
    const scale = Math.max(1e-2, ...Array.from(analytic, Math.abs));
    for (let j = 0; j < values.length; j++) {
      const original = values[j]!;
      const step = 1e-2;
      const at = async (value: number) => {
        values[j] = value;
        return (await executable.run({ dims, feeds })).get('total')!.data[0]!;
      };
      // Fourth-order central difference: the truncation error stays far below float32's rounding.
      const numeric =
        (8 * ((await at(original + step)) - (await at(original - step))) -
          ((await at(original + 2 * step)) - (await at(original - 2 * step)))) /
        (12 * step);
      values[j] = original;
      worst = Math.max(worst, Math.abs(numeric - analytic[j]!) / scale);
    }
  }
  await executable.dispose();
  return worst;
}

describe('gradients against finite differences', () => {
  it.each(operationCases)('$name', async (testCase) => {
    expect(await check(testCase, true)).toBeLessThan(1e-3);
  });

  it.each(operationCases.filter((c) => ['silu', 'rmsNorm', 'rope'].includes(c.name) || c.name.includes('matmul')))(
    '$name without fused operators',
    async (testCase) => {
      expect(await check(testCase, false)).toBeLessThan(1e-3);
    },
  );

  it('sums the gradients of rows that are gathered twice', async () => {
    const graph = new Graph();
    const table = op.parameter(graph, 'x', [4, 2]);
    const rows = op.gatherRows(table, op.input(graph, 'ids', ['T'], 'int32'));
    const upstream = op.input(graph, 'upstream', rows.shape);
    const [gradient] = gradients(rows, upstream, [table], { recompute: false });
    const executable = await onnxExecutor({ provider: 'cpu', threads: 2 }).compile({
      graph,
      outputs: new Map([['g', gradient!]]),
      weights: new Map(),
    });
    const feeds = new Map<string, Float32Array | Int32Array>([
      ['x', new Float32Array(8)],
      ['ids', Int32Array.from([1, 3, 3, 0, 2])],
      ['upstream', Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])],
    ]);
    const result = await executable.run({ dims, feeds });
    expect(Array.from(result.get('g')!.data)).toEqual([7, 8, 1, 2, 9, 10, 8, 10]);
  });

  it('emits only what the outputs need', () => {
    const graph = new Graph();
    const x = op.parameter(graph, 'x', ['T', 2]);
    op.exp(x);
    const emitted = emitOnnx({ graph, outputs: new Map([['y', op.neg(x)]]), weights: new Map() }, { fused: true });
    expect(new TextDecoder('latin1').decode(emitted.bytes)).not.toContain('Exp');
  });
});
