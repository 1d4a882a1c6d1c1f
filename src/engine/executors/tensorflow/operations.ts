// How TensorFlow.js computes each operation of a graph.

import type { Tensor } from '@tensorflow/tfjs';
import { evaluateDim, evaluateShape } from '../../graph/dims.ts';
import type { DimBindings } from '../../graph/dims.ts';
import type { BinaryKind, Node, UnaryKind } from '../../graph/node.ts';
import type { TensorFlow } from './tensorflow.ts';

/** Where an operation is computed. */
export interface Place {
  readonly tf: TensorFlow;
  readonly dims: DimBindings;
}

type Unary = Exclude<UnaryKind, 'silu'>;

/**
 * The value of a node from those of its inputs, as a tensor of its own. Called inside `tf.tidy`, so what is made on the
 * way is disposed. Half-precision weights arrive as float32, hence a cast from one type of float to another is a copy.
 */
export function compute({ tf, dims }: Place, node: Node, inputs: readonly Tensor[]): Tensor {
  const operation = node.operation;
  const [x, y, z] = inputs as [Tensor, Tensor, Tensor];
  switch (operation.kind) {
    case 'input':
    case 'parameter':
    case 'weight':
      throw new Error(`${operation.kind} is no computed value`);
    case 'constant':
      return tf.tensor([...operation.values], node.shape as number[], 'float32');
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
      return tf[operation.kind satisfies BinaryKind](x, y);
    case 'matmul': {
      const product = tf.matMul(x, y, operation.transposeA, operation.transposeB);
      const scaled = operation.alpha === 1 ? product : tf.mul(product, operation.alpha);
      return inputs.length > 2 ? tf.add(scaled, z) : scaled;
    }
    case 'reduceSum':
      return tf.sum(x, [...operation.axes], true);
    case 'reduceMax':
      return tf.max(x, [...operation.axes], true);
    case 'reshape':
      return tf.reshape(x, evaluateShape(operation.shape, dims));
    case 'transpose':
      return tf.transpose(x, [...operation.permutation]);
    case 'slice': {
      const begin = x.shape.map((_, axis) => (axis === operation.axis ? operation.start : 0));
      const size = x.shape.map((all, axis) => (axis === operation.axis ? operation.end - operation.start : all));
      return tf.slice(x, begin, size);
    }
    case 'pad': {
      const { axis, before, after } = operation;
      return tf.pad(
        x,
        x.shape.map((_, i): [number, number] => (i === axis ? [before, after] : [0, 0])),
      );
    }
    case 'concat':
      return tf.concat([...inputs], operation.axis);
    case 'expand':
      return tf.broadcastTo(x, evaluateShape(operation.shape, dims));
    case 'cast':
      return operation.dtype === 'int32' ? tf.cast(x, 'int32') : tf.cast(x, 'float32');
    case 'gatherRows':
      return tf.gather(x, y, 0);
    case 'scatterAddRows':
      // Unlike unsortedSegmentSum, its cost does not grow with rows × values.
      return tf.scatterND(tf.expandDims(y, 1), x, [evaluateDim(operation.rows, dims), x.shape[1]!]);
    case 'padRows':
      return tf.gather(tf.concat([x, tf.zeros([1, x.shape[1]!])], 0), y, 0);
    case 'unpadRows':
      return tf.gather(tf.reshape(x, [-1, x.shape[2]!]), z, 0);
    case 'softmax':
      return tf.softmax(x);
    case 'crossEntropy': {
      const places = tf.stack([tf.range(0, y.shape[0], 1, 'int32'), y], 1);
      return tf.neg(tf.gatherND(tf.logSoftmax(x), places));
    }
    case 'crossEntropyGradient': {
      const target = tf.oneHot(y, x.shape[1]!, 1, 0, 'float32');
      return tf.mul(tf.sub(tf.softmax(x), target), tf.expandDims(z, 1));
    }
    case 'rmsNorm': {
      const meanSquare = tf.mean(tf.square(x), -1, true);
      return tf.mul(tf.div(x, tf.sqrt(tf.add(meanSquare, operation.epsilon))), y);
    }
    case 'rope':
      return rope(tf, x, [y, z], operation.heads);
    default:
      return tf[operation.kind satisfies Unary](x);
  }
}

/** Halves rotated: [x1, x2, rest] of each head → [x1·cos − x2·sin, x2·cos + x1·sin, rest]. */
function rope(tf: TensorFlow, x: Tensor, angles: readonly [cos: Tensor, sin: Tensor], heads: number): Tensor {
  const [n, width] = x.shape as [number, number];
  const half = angles[0].shape[1]!;
  const size = width / heads;
  const split = tf.reshape(x, [n, heads, size]);
  const part = (from: number, to: number) => tf.slice(split, [0, 0, from], [n, heads, to - from]);
  const [first, second] = [part(0, half), part(half, 2 * half)];
  const [cos, sin] = angles.map((angle) => tf.expandDims(angle, 1)) as [Tensor, Tensor];
  const turned = [
    tf.sub(tf.mul(first, cos), tf.mul(second, sin)),
    tf.add(tf.mul(second, cos), tf.mul(first, sin)),
    ...(2 * half < size ? [part(2 * half, size)] : []),
  ];
  return tf.reshape(tf.concat(turned, 2), [n, width]);
}
