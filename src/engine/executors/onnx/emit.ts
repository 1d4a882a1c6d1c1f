// Writes a graph as an ONNX model: one rule for each operation.

import type { CompileRequest } from '../executor.ts';
import { formatShape } from '../../graph/dims.ts';
import type { Dim, Shape } from '../../graph/dims.ts';
import { reachable } from '../../graph/liveness.ts';
import type { Node } from '../../graph/node.ts';
import { OnnxModel } from './model.ts';

export interface EmitOptions {
  /** Use ONNX Runtime's own fused operators; off for providers that do not have them or get them wrong. */
  readonly fused: boolean;
}

export interface EmittedModel {
  readonly bytes: Uint8Array;
  /** Names of the inputs and parameters that the model takes, with their nodes. */
  readonly inputs: ReadonlyMap<string, Node>;
  /** Shapes that are only known at run time and are given as int64 inputs, by input name. */
  readonly shapeInputs: ReadonlyMap<string, Shape>;
}

const microsoft = 'com.microsoft';

/** Throws where a weight is missing or has another shape than the graph expects. */
export function emitOnnx(request: CompileRequest, options: EmitOptions): EmittedModel {
  const model = new OnnxModel();
  const names = new Map<Node, string>();
  const inputs = new Map<string, Node>();
  const shapeInputs = new Map<string, Shape>();

  const shapeTensor = (shape: Shape): string => {
    if (shape.every((d) => typeof d === 'number')) return model.ints(shape);
    const name = `shape:${shape.join(',')}`;
    if (!shapeInputs.has(name)) {
      shapeInputs.set(name, shape);
      model.input(name, 'int64', [shape.length]);
    }
    return name;
  };

  const softmaxes = new Map<string, string>();
  const probabilities = (logits: string): string => {
    const name = softmaxes.get(logits) ?? model.node('Softmax', [logits], { axis: -1 });
    softmaxes.set(logits, name);
    return name;
  };

  for (const node of reachable(request.outputs.values())) {
    const given = node.inputs.map((input) => names.get(input)!);
    const operation = node.operation;
    if (operation.kind === 'input' || operation.kind === 'parameter') {
      inputs.set(operation.name, node);
      model.input(operation.name, node.dtype, node.shape);
      names.set(node, operation.name);
    } else if (operation.kind === 'weight') {
      const entry = request.weights.get(operation.name);
      if (!entry) throw new Error(`the model has no weight ${operation.name}`);
      if (entry.shape.join() !== node.shape.join()) {
        throw new Error(`${operation.name} has shape ${formatShape(entry.shape)}, expected ${formatShape(node.shape)}`);
      }
      model.externalInitializer(operation.name, entry, node.dtype);
      names.set(node, operation.name);
    } else {
      names.set(node, emitOperation({ model, node, given, shapeTensor, probabilities, fused: options.fused }));
    }
  }
  // ONNX Runtime works towards its outputs in this order: a gradient that came too late would keep its inputs alive.
  for (const [name, node] of [...request.outputs].sort(([, a], [, b]) => a.id - b.id)) {
    // An output that is an input too, or is wanted under two names, needs a node of its own.
    model.node('Identity', [names.get(node)!], {}, { output: `out:${name}` });
    model.output(`out:${name}`, node.dtype, node.shape);
  }
  return { bytes: model.serialise(), inputs, shapeInputs };
}

interface Rule {
  readonly model: OnnxModel;
  readonly node: Node;
  /** Names of the node's inputs. */
  readonly given: readonly string[];
  readonly shapeTensor: (shape: Shape) => string;
  /** The softmax of a tensor of logits, one for a loss and its gradient. */
  readonly probabilities: (logits: string) => string;
  readonly fused: boolean;
}

const simple: Readonly<Partial<Record<string, string>>> = {
  neg: 'Neg',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  reciprocal: 'Reciprocal',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  erf: 'Erf',
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
};

function emitOperation(rule: Rule): string {
  const { model, node, given, fused } = rule;
  const operation = node.operation;
  const [x, y, z] = given as [string, string, string];
  switch (operation.kind) {
    case 'constant':
      return model.floats(operation.values, node.shape as readonly number[]);
    case 'silu':
      if (fused) return model.node('QuickGelu', [x], { alpha: { float: 1 } }, { domain: microsoft });
      return model.node('Mul', [x, model.node('Sigmoid', [x])]);
    case 'matmul':
      return emitMatmul(rule, operation);
    case 'reduceSum':
    case 'reduceMax':
      return model.node(operation.kind === 'reduceSum' ? 'ReduceSum' : 'ReduceMax', [x, model.ints(operation.axes)], {
        keepdims: 1,
      });
    case 'reshape':
      return model.node('Reshape', [x, reshapeTarget(rule, node.inputs[0]!.shape, operation.shape)]);
    case 'transpose':
      return model.node('Transpose', [x], { perm: operation.permutation });
    case 'slice':
      return model.node('Slice', [
        x,
        model.ints([operation.start]),
        model.ints([operation.end]),
        model.ints([operation.axis]),
      ]);
    case 'pad':
      return model.node('Pad', [
        x,
        model.ints([operation.before, operation.after]),
        model.floats([0], []),
        model.ints([operation.axis]),
      ]);
    case 'concat':
      return model.node('Concat', given, { axis: operation.axis });
    case 'expand':
      return model.node('Expand', [x, rule.shapeTensor(operation.shape)]);
    case 'cast':
      return model.node('Cast', [x], {
        to: { float32: 1, uint8: 2, int32: 6, float16: 10, bfloat16: 16 }[operation.dtype],
      });
    case 'gatherRows':
      return model.node('Gather', [x, y], { axis: 0 });
    case 'scatterAddRows': {
      const zeros = model.node('Expand', [model.floats([0], [1, 1]), rule.shapeTensor(node.shape)]);
      const indices = model.node('Unsqueeze', [model.node('Cast', [y], { to: 7 }), model.ints([1])]);
      return model.node('ScatterND', [zeros, indices, x], { reduction: 'add' });
    }
    case 'padRows': {
      const width = node.shape[2] as number;
      const extended = model.node('Concat', [x, model.floats(Array<number>(width).fill(0), [1, width])], { axis: 0 });
      return model.node('Gather', [extended, y], { axis: 0 });
    }
    case 'unpadRows':
      return model.node('Gather', [model.node('Reshape', [x, model.ints([-1, node.shape[1] as number])]), z], {
        axis: 0,
      });
    case 'softmax':
      return model.node('Softmax', [x], { axis: -1 });
    case 'crossEntropy': {
      // max x − log max p − x[target]: the probabilities that the gradient takes too, whose largest is at least 1/n.
      const column = model.node('Unsqueeze', [y, model.ints([1])]);
      const largest = model.node('ReduceMax', [x, model.ints([1])], { keepdims: 1 });
      const picked = model.node('GatherElements', [x, column], { axis: 1 });
      const likeliest = model.node('ReduceMax', [rule.probabilities(x), model.ints([1])], { keepdims: 1 });
      const total = model.node('Sub', [largest, model.node('Log', [likeliest])]);
      return model.node('Squeeze', [model.node('Sub', [total, picked]), model.ints([1])]);
    }
    case 'crossEntropyGradient': {
      const column = model.node('Unsqueeze', [y, model.ints([1])]);
      const minusOne = model.node('Expand', [model.floats([-1], [1, 1]), model.node('Shape', [column])]);
      const error = model.node('ScatterElements', [rule.probabilities(x), column, minusOne], {
        axis: 1,
        reduction: 'add',
      });
      return model.node('Mul', [error, model.node('Unsqueeze', [z, model.ints([1])])]);
    }
    case 'rmsNorm':
      return emitRmsNorm(rule, operation.epsilon);
    case 'rope':
      return emitRope(rule, operation.heads);
    case 'input':
    case 'parameter':
    case 'weight':
      throw new Error(`${operation.kind} is no computed value`);
    default:
      return model.node(simple[operation.kind]!, given);
  }

  function emitRmsNorm({ model: m }: Rule, epsilon: number): string {
    if (fused) {
      return m.node('SimplifiedLayerNormalization', [x, y], { axis: -1, epsilon: { float: epsilon }, stash_type: 1 });
    }
    const square = m.node('ReduceMean', [m.node('Mul', [x, x]), m.ints([-1])], { keepdims: 1 });
    const root = m.node('Sqrt', [m.node('Add', [square, m.floats([epsilon], [])])]);
    return m.node('Mul', [m.node('Div', [x, root]), y]);
  }
}

/** Two-dimensional products take Gemm, which adds in the same pass; batched ones a fused transpose where it exists. */
function emitMatmul(
  { model, node, given, fused }: Rule,
  { transposeA, transposeB, alpha }: { transposeA: boolean; transposeB: boolean; alpha: number },
): string {
  const [a, b] = given as [string, string];
  const rank = node.shape.length;
  if (rank === 2) {
    return model.node('Gemm', given, {
      transA: Number(transposeA),
      transB: Number(transposeB),
      alpha: { float: alpha },
    });
  }
  if (fused) {
    const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
    return model.node('FusedMatMul', [a, b], attributes, { domain: microsoft });
  }
  const swapped = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  const left = transposeA ? model.node('Transpose', [a], { perm: swapped }) : a;
  const right = transposeB ? model.node('Transpose', [b], { perm: swapped }) : b;
  const product = model.node('MatMul', [left, right]);
  return alpha === 1 ? product : model.node('Mul', [product, model.floats([alpha], [])]);
}

/** Halves rotated: [x1, x2] → [x1·cos − x2·sin, x2·cos + x1·sin]. */
function emitRope({ model, node, given, fused }: Rule, heads: number): string {
  const [x, cos, sin] = given as [string, string, string];
  const size = (node.shape[1] as number) / heads;
  const half = node.inputs[1]!.shape[1] as number;
  if (fused) {
    const sequence = model.node('Unsqueeze', [x, model.ints([0])]);
    const attributes = { num_heads: heads, rotary_embedding_dim: 2 * half === size ? 0 : 2 * half, interleaved: 0 };
    const turned = model.node('RotaryEmbedding', [sequence, model.ints([0]), cos, sin], attributes, {
      domain: microsoft,
    });
    return model.node('Squeeze', [turned, model.ints([0])]);
  }
  const split = model.node('Reshape', [x, model.ints([0, heads, size])]);
  const part = (from: number, to: number) =>
    model.node('Slice', [split, model.ints([from]), model.ints([to]), model.ints([2])]);
  const [first, second] = [part(0, half), part(half, 2 * half)];
  const [c, s] = [cos, sin].map((name) => model.node('Unsqueeze', [name, model.ints([1])])) as [string, string];
  const product = (a: string, b: string) => model.node('Mul', [a, b]);
  const pieces = [
    model.node('Sub', [product(first, c), product(second, s)]),
    model.node('Add', [product(second, c), product(first, s)]),
    ...(2 * half < size ? [part(2 * half, size)] : []),
  ];
  return model.node('Reshape', [model.node('Concat', pieces, { axis: 2 }), model.ints([0, heads * size])]);
}

/** A reshape target in ONNX's terms: 0 copies the dimension at the same place, −1 is worked out. */
function reshapeTarget({ model, shapeTensor }: Rule, from: Shape, to: Shape): string {
  const target = to.map((dim: Dim, i) => (typeof dim === 'number' ? dim : from[i] === dim ? 0 : -1));
  return target.filter((dim) => dim === -1).length <= 1 ? model.ints(target) : shapeTensor(to);
}
