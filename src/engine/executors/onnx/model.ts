// An ONNX model under construction: nodes, initializers, inputs and outputs, and its serialised form.
// Field numbers from onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

import { basename } from 'node:path';
import type { WeightEntry } from '../../../models/types.ts';
import type { Dim, Shape } from '../../graph/dims.ts';
import type { DType } from '../../graph/node.ts';
import { MessageWriter } from './protobuf.ts';

type ElementType = DType | 'int64';

const elementTypes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  float16: 10,
  bfloat16: 16,
};

export type Attribute = number | string | readonly number[] | { readonly float: number };

const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const;

export class OnnxModel {
  readonly #nodes: MessageWriter[] = [];
  readonly #initializers: MessageWriter[] = [];
  readonly #inputs: MessageWriter[] = [];
  readonly #outputs: MessageWriter[] = [];
  readonly #constants = new Map<string, string>();
  #names = 0;

  uniqueName(hint: string): string {
    return `${hint}_${String(this.#names++)}`;
  }

  /** Adds a node and returns the name of its (first) output. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: { readonly domain?: string; readonly output?: string } = {},
  ): string {
    const output = options.output ?? this.uniqueName(type);
    const message = new MessageWriter();
    for (const input of inputs) message.string(1, input);
    message.string(2, output).string(3, output).string(4, type);
    for (const [name, value] of Object.entries(attributes)) message.message(5, attribute(name, value));
    if (options.domain !== undefined) message.string(7, options.domain);
    this.#nodes.push(message);
    return output;
  }

  input(name: string, type: ElementType, shape: Shape): void {
    this.#inputs.push(valueInfo(name, type, shape));
  }

  output(name: string, type: ElementType, shape: Shape): void {
    this.#outputs.push(valueInfo(name, type, shape));
  }

  /** A tensor whose bytes stay in the safetensors file and are memory-mapped. */
  externalInitializer(name: string, entry: WeightEntry, type: ElementType): void {
    const tensor = new MessageWriter();
    for (const dim of entry.shape) tensor.int(1, dim);
    tensor.int(2, elementTypes[type]).string(8, name);
    const data = { location: basename(entry.file), offset: String(entry.offset), length: String(entry.byteLength) };
    for (const [key, value] of Object.entries(data)) {
      tensor.message(13, new MessageWriter().string(1, key).string(2, value));
    }
    this.#initializers.push(tensor.int(14, 1));
  }

  /** A small float32 tensor; equal ones are shared. */
  floats(values: readonly number[], shape: readonly number[]): string {
    return this.#constant('float32', new Uint8Array(Float32Array.from(values).buffer), shape);
  }

  /** A vector of int64 such as a shape or axes; equal ones are shared. */
  ints(values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant('int64', bytes, [values.length]);
  }

  #constant(type: ElementType, bytes: Uint8Array, shape: readonly number[]): string {
    const key = `${type} ${shape.join()} ${Buffer.from(bytes).toString('base64')}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.uniqueName('constant');
    const tensor = new MessageWriter();
    for (const dim of shape) tensor.int(1, dim);
    this.#initializers.push(tensor.int(2, elementTypes[type]).string(8, name).bytes(9, bytes));
    this.#constants.set(key, name);
    return name;
  }

  /**
   * The serialised model. Nodes are written last to first: ONNX Runtime orders them by a reverse depth-first walk that
   * takes the highest index first, so this yields creation order, without which recomputation would save nothing.
   */
  serialise(): Uint8Array {
    const graph = new MessageWriter();
    for (const node of this.#nodes.toReversed()) graph.message(1, node);
    graph.string(2, 'graph');
    for (const tensor of this.#initializers) graph.message(5, tensor);
    for (const value of this.#inputs) graph.message(11, value);
    for (const value of this.#outputs) graph.message(12, value);
    return new MessageWriter()
      .int(1, 10)
      .string(2, 'fine-tune-workbench')
      .message(7, graph)
      .message(8, new MessageWriter().string(1, '').int(2, 21))
      .message(8, new MessageWriter().string(1, 'com.microsoft').int(2, 1))
      .finish();
  }
}

function attribute(name: string, value: Attribute): MessageWriter {
  const message = new MessageWriter().string(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, attributeType.int);
  if (typeof value === 'string') return message.string(4, value).int(20, attributeType.string);
  if ('float' in value) return message.float(2, value.float).int(20, attributeType.float);
  for (const item of value) message.int(8, item);
  return message.int(20, attributeType.ints);
}

function valueInfo(name: string, type: ElementType, shape: Shape): MessageWriter {
  const dims = new MessageWriter();
  for (const dim of shape) dims.message(1, dimension(dim));
  const tensor = new MessageWriter().int(1, elementTypes[type]).message(2, dims);
  return new MessageWriter().string(1, name).message(2, new MessageWriter().message(1, tensor));
}

function dimension(dim: Dim): MessageWriter {
  return typeof dim === 'number' ? new MessageWriter().int(1, dim) : new MessageWriter().string(2, dim);
}
