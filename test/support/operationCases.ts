// One small graph for each operation, with the feeds to run it: for derivatives, and for executors that must agree.

import type { HostArray } from '../../src/engine/executors/executor.ts';
import { evaluateShape } from '../../src/engine/graph/dims.ts';
import { gradients } from '../../src/engine/graph/gradients.ts';
import { Graph } from '../../src/engine/graph/node.ts';
import type { Node } from '../../src/engine/graph/node.ts';
import * as op from '../../src/engine/graph/operations.ts';
import { randomArray } from './random.ts';

/** Values of the symbols in the cases' shapes. */
export const operationDims = { T: 5, B: 2, L: 3 };

const integers: Readonly<Record<string, Int32Array | Uint8Array>> = {
  ids: Int32Array.from([1, 3, 3, 0, 2]),
  index: Int32Array.from([0, 1, 5, 2, 3, 4]),
  inverse: Int32Array.from([0, 1, 3, 4, 5]),
  bytes: Uint8Array.from([1, 0, 0, 1, 1, 2, 0, 255, 1, 1]),
};

export interface OperationCase {
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

const unary = (['neg', 'exp', 'tanh', 'sigmoid', 'erf', 'silu'] as const).map<OperationCase>((kind) => ({
  name: kind,
  inputs: { x: ['T', 4] },
  build: ({ x }) => op[kind](x!),
}));
const unaryPositive = (['log', 'sqrt', 'reciprocal'] as const).map<OperationCase>((kind) => ({
  name: kind,
  inputs: { x: ['T', 4] },
  positive: true,
  build: ({ x }) => op[kind](x!),
}));
const binary = (['add', 'sub', 'mul', 'div'] as const).flatMap<OperationCase>((kind) => [
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
  [false, true].flatMap<OperationCase>((transposeB) => [
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

export const operationCases: readonly OperationCase[] = [
  ...unary,
  ...unaryPositive,
  ...binary,
  ...matmul,
  { name: 'reduceSum', inputs: { x: ['T', 2, 3] }, build: ({ x }) => op.reduceSum(x!, [0, 2]) },
  {
    name: 'reduceMax',
    inputs: { x: ['T', 4] },
    // Of a value that is not trained: a maximum has no derivative here.
    build: ({ x }, g) => op.sub(x!, op.reduceMax(op.input(g, 'other', ['T', 4]), [1])),
  },
  {
    name: 'cast',
    inputs: { x: ['T', 2] },
    build: ({ x }, g) => op.mul(x!, op.cast(op.input(g, 'bytes', ['T', 2], 'uint8'), 'float32')),
  },
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

export interface GradientGraph {
  readonly graph: Graph;
  /** Names of the parameters. */
  readonly parameters: readonly string[];
  /** `result`, `total` (the sum of result · upstream) and `gradient:<parameter>` of that. */
  readonly outputs: ReadonlyMap<string, Node>;
  /** Random, but the same for the same case. */
  readonly feeds: Map<string, HostArray>;
}

/** A case with its gradients and everything that a run needs. */
export function gradientGraph(testCase: OperationCase): GradientGraph {
  const graph = new Graph();
  const given = Object.fromEntries(
    Object.entries(testCase.inputs).map(([name, shape]) => [name, op.parameter(graph, name, shape)]),
  );
  const parameters = Object.keys(given);
  const result = testCase.build(given, graph);
  const upstream = op.input(graph, 'upstream', result.shape);
  const axes = result.shape.map((_, i) => i);
  const total = op.reduceSum(op.mul(result, upstream), axes);
  const made = gradients(result, upstream, Object.values(given), { recompute: false });
  const outputs = new Map([
    ['result', result],
    ['total', total],
    ...parameters.map((name, i) => [`gradient:${name}`, made[i]!] as const),
  ]);
  const feeds = new Map<string, HostArray>(Object.entries(integers));
  for (const { operation, dtype, shape } of graph.nodes) {
    if ((operation.kind !== 'input' && operation.kind !== 'parameter') || dtype !== 'float32') continue;
    const values = randomArray(evaluateShape(shape, operationDims), operation.name);
    const positive = testCase.positive && operation.kind === 'parameter';
    feeds.set(operation.name, positive ? values.map((v) => 0.7 + Math.abs(v)) : values);
  }
  return { graph, parameters, outputs, feeds };
}
