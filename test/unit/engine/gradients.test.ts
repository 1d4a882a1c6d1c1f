// Gradients of every operation against central finite differences, run by ONNX Runtime.

import { describe, expect, it } from 'vitest';
import { onnxExecutor } from '../../../src/engine/executors/onnx/executor.ts';
import { emitOnnx } from '../../../src/engine/executors/onnx/emit.ts';
import { evaluateShape } from '../../../src/engine/graph/dims.ts';
import { gradients } from '../../../src/engine/graph/gradients.ts';
import { Graph } from '../../../src/engine/graph/node.ts';
import type { Node } from '../../../src/engine/graph/node.ts';
import * as op from '../../../src/engine/graph/operations.ts';
import { randomArray } from '../../support/random.ts';

const dims = { T: 5, B: 2, L: 3 };
const integers: Record<string, Int32Array> = {
  ids: Int32Array.from([1, 3, 3, 0, 2]),
  index: Int32Array.from([0, 1, 5, 2, 3, 4]),
  inverse: Int32Array.from([0, 1, 3, 4, 5]),
};

interface Case {
  readonly name: string;
  /** Shapes of the differentiated inputs. */
  readonly inputs: Record<string, readonly (number | string)[]>;
  readonly build: (given: Record<string, Node>, graph: Graph) => Node;
  /** Makes the input positive, for log and sqrt. */
  readonly positive?: boolean;
}

const ids = (graph: Graph): Node => op.input(graph, 'ids', ['T'], 'int32');
const grid = (graph: Graph) => ({
  index: op.input(graph, 'index', ['B', 'L'], 'int32'),
  inverse: op.input(graph, 'inverse', ['T'], 'int32'),
});

const unary = (['neg', 'exp', 'tanh', 'sigmoid', 'erf', 'silu'] as const).map<Case>((kind) => ({
  name: kind,
  inputs: { x: ['T', 4] },
  build: ({ x }) => op[kind](x!),
}));
const unaryPositive = (['log', 'sqrt', 'reciprocal'] as const).map<Case>((kind) => ({
  name: kind,
  inputs: { x: ['T', 4] },
  positive: true,
  build: ({ x }) => op[kind](x!),
}));
const binary = (['add', 'sub', 'mul', 'div'] as const).flatMap<Case>((kind) => [
  { name: kind, inputs: { x: ['T', 4], y: ['T', 4] }, positive: true, build: ({ x, y }) => op[kind](x!, y!) },
  { name: `${kind} broadcast`, inputs: { x: ['T', 4], y: [4] }, positive: true, build: ({ x, y }) => op[kind](x!, y!) },
  {
    name: `${kind} by column`,
    inputs: { x: ['T', 1], y: ['T', 4] },
    positive: true,
    build: ({ x, y }) => op[kind](x!, y!),
  },
]);
const matmul = [false, true].flatMap((transposeA) =>
  [false, true].flatMap<Case>((transposeB) => [
    {
      name: `matmul ${String(transposeA)} ${String(transposeB)}`,
      inputs: { x: transposeA ? [3, 'T'] : ['T', 3], y: transposeB ? [4, 3] : [3, 4], z: ['T', 4] },
      build: ({ x, y, z }) => op.matmul(x!, y!, { transposeA, transposeB, alpha: 0.5, addend: z! }),
    },
    {
      name: `batched matmul ${String(transposeA)} ${String(transposeB)}`,
      inputs: { x: transposeA ? [2, 3, 'T'] : [2, 'T', 3], y: transposeB ? [2, 4, 3] : [2, 3, 4] },
      build: ({ x, y }) => op.matmul(x!, y!, { transposeA, transposeB, alpha: 0.5 }),
    },
  ]),
);

const cases: Case[] = [
  ...unary,
  ...unaryPositive,
  ...binary,
  ...matmul,
  { name: 'reduceSum', inputs: { x: ['T', 2, 3] }, build: ({ x }) => op.reduceSum(x!, [0, 2]) },
  { name: 'meanLast', inputs: { x: ['T', 4] }, build: ({ x }) => op.meanLast(x!) },
  {
    name: 'reshape',
    inputs: { x: ['T', 6] },
    build: ({ x }) => op.mul(op.reshape(x!, ['T', 2, 3]), op.reshape(x!, ['T', 2, 3])),
  },
  { name: 'transpose', inputs: { x: ['T', 2, 3] }, build: ({ x }) => op.transpose(x!, [2, 0, 1]) },
  { name: 'slice', inputs: { x: ['T', 6] }, build: ({ x }) => op.slice(x!, 1, 1, 4) },
  { name: 'pad', inputs: { x: ['T', 3] }, build: ({ x }) => op.pad(x!, 1, 1, 2) },
  { name: 'concat', inputs: { x: ['T', 3], y: ['T', 2] }, build: ({ x, y }) => op.concat([x!, y!], 1) },
  { name: 'expand', inputs: { x: ['T', 1] }, build: ({ x }) => op.expand(x!, [2, 'T', 3]) },
  { name: 'gatherRows', inputs: { x: [4, 3] }, build: ({ x }, g) => op.gatherRows(x!, ids(g)) },
  { name: 'padRows', inputs: { x: ['T', 3] }, build: ({ x }, g) => op.padRows(x!, grid(g)) },
  {
    name: 'unpadRows',
    inputs: { x: ['T', 3] },
    build: ({ x }, g) => {
      const places = grid(g);
      return op.unpadRows(op.exp(op.padRows(x!, places)), places);
    },
  },
  { name: 'softmax', inputs: { x: ['T', 4] }, build: ({ x }) => op.softmax(x!) },
  { name: 'crossEntropy', inputs: { x: ['T', 4] }, build: ({ x }, g) => op.crossEntropy(x!, ids(g)) },
  { name: 'rmsNorm', inputs: { x: ['T', 4], y: [4] }, build: ({ x, y }) => op.rmsNorm(x!, y!, 1e-5) },
  {
    name: 'rope',
    inputs: { x: ['T', 12] },
    build: ({ x }, g) => op.rope(x!, op.input(g, 'cos', ['T', 2]), op.input(g, 'sin', ['T', 2]), 2),
  },
];

/** Runs Σ result·upstream and its gradients; feeds are random but the same for the same case. */
async function check(testCase: Case, fused: boolean): Promise<number> {
  const graph = new Graph();
  const given = Object.fromEntries(
    Object.entries(testCase.inputs).map(([name, shape]) => [name, op.parameter(graph, name, shape)]),
  );
  const result = testCase.build(given, graph);
  const upstream = op.input(graph, 'upstream', result.shape);
  const axes = result.shape.map((_, i) => i);
  const total = op.reduceSum(op.mul(result, upstream), axes);
  const targets = Object.values(given);
  const made = gradients(result, upstream, targets, { recompute: false });
  const outputs = new Map([['total', total], ...made.map((g, i) => [`gradient${String(i)}`, g] as const)]);
  const executor = fused
    ? onnxExecutor({ provider: 'cpu', threads: 1 })
    : onnxExecutor({ provider: 'cpu', threads: 1, fused: false });
  const executable = await executor.compile({ graph, outputs, weights: new Map() });
  const feeds = new Map<string, Float32Array | Int32Array>(Object.entries(integers));
  graph.nodes.forEach((node) => {
    if (node.operation.kind !== 'input' && node.operation.kind !== 'parameter') return;
    if (node.dtype !== 'float32') return;
    const values = randomArray(evaluateShape(node.shape, dims), node.operation.name);
    if (testCase.positive && node.operation.kind === 'parameter')
      values.forEach((v, i) => (values[i] = 0.7 + Math.abs(v)));
    feeds.set(node.operation.name, values);
  });
  const results = await executable.run({ dims, feeds });
  let worst = 0;
  for (const [i, target] of targets.entries()) {
    const name = target.operation.kind === 'parameter' ? target.operation.name : '';
    const values = feeds.get(name) as Float32Array;
    const analytic = results.get(`gradient${String(i)}`)!.data;
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
  it.each(cases)('$name', async (testCase) => {
    expect(await check(testCase, true)).toBeLessThan(1e-3);
  });

  it.each(cases.filter((c) => ['silu', 'rmsNorm', 'rope'].includes(c.name) || c.name.includes('matmul')))(
    '$name without fused operators',
    async (testCase) => {
      expect(await check(testCase, false)).toBeLessThan(1e-3);
    },
  );

  it('sums the gradients of rows that are gathered twice', async () => {
    const graph = new Graph();
    const table = op.parameter(graph, 'x', [4, 2]);
    const rows = op.gatherRows(table, ids(graph));
    const upstream = op.input(graph, 'upstream', rows.shape);
    const [gradient] = gradients(rows, upstream, [table], { recompute: false });
    const executable = await onnxExecutor({ provider: 'cpu', threads: 2 }).compile({
      graph,
      outputs: new Map([['g', gradient!]]),
      weights: new Map(),
    });
    const feeds = new Map<string, Float32Array | Int32Array>([
      ['x', new Float32Array(8)],
      ['ids', integers.ids!],
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
