// The forward pass over packed rows: weights frozen or trained, adapters, rotary tables and attention inside each row.

import { problem } from '../../protocol/problem.ts';
import type { WeightEntry } from '../../models/types.ts';
import type {
  Architecture,
  AttentionRequest,
  LinearModule,
  LinearOptions,
  ModelContext,
  RotaryTable,
} from '../architectures/context.ts';
import { timesDim } from '../graph/operations.ts';
import * as op from '../graph/operations.ts';
import { Graph } from '../graph/node.ts';
import type { DType, Node } from '../graph/node.ts';
import type { TrainingMethod } from '../session.ts';

/** A trained tensor. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly node: Node;
  /** What the optimiser and the initialisation need to know of it. */
  readonly role: 'lora_A' | 'lora_B' | 'weight';
}

/** A graph of the model over rows of any number and length, before a loss is put on it. */
export interface ForwardPass {
  readonly graph: Graph;
  readonly architecture: Architecture;
  /** Logits at the supervised places, [S, vocabulary]. */
  readonly logits: Node;
  readonly parameters: readonly Parameter[];
  readonly adaptedModules: readonly LinearModule[];
  readonly rotaryTables: readonly RotaryTable[];
  /** Attention windows that masks are wanted for; undefined = all tokens before. */
  readonly windows: readonly (number | undefined)[];
  /** Dropout masks wanted, by input name: their width. */
  readonly dropouts: ReadonlyMap<string, number>;
  readonly usesPositions: boolean;
}

export interface ForwardRequest {
  readonly architecture: Architecture;
  readonly weights: ReadonlyMap<string, WeightEntry>;
  readonly method: TrainingMethod;
  /** Whether dropout is active. */
  readonly training: boolean;
}

const dtypes: Readonly<Record<WeightEntry['dtype'], DType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

export function maskName(window: number | undefined): string {
  return window === undefined ? 'mask' : `mask:${String(window)}`;
}

/** Symbols: T tokens, B rows, L tokens of the longest row, S supervised places. */
export function buildForward(request: ForwardRequest): ForwardPass {
  const { architecture, method } = request;
  const graph = new Graph();
  const memo = new Map<string, Node>();
  const once = (name: string, make: () => Node): Node => {
    const node = memo.get(name) ?? make();
    memo.set(name, node);
    return node;
  };
  const parameters = new Map<string, Parameter>();
  const rotaryTables = new Map<string, RotaryTable>();
  const windows = new Set<number | undefined>();
  const dropouts = new Map<string, number>();
  const targets = adapterTargets(architecture, method);

  const parameter = (name: string, shape: readonly number[], role: Parameter['role']): Node =>
    once(name, () => {
      const node = op.parameter(graph, name, shape);
      parameters.set(name, { name, shape, node, role });
      return node;
    });

  const weight: ModelContext['weight'] = (name, shape) => {
    const fixed = shape as readonly number[];
    if (method.kind === 'full') return parameter(name, fixed, 'weight');
    const dtype = dtypes[request.weights.get(name)?.dtype ?? 'F32'];
    const stored = once(name, () => op.weight(graph, name, fixed, dtype));
    return graph.cheaply(() => op.cast(stored, 'float32'));
  };

  const linear = (x: Node, module: string, out: number, options: LinearOptions = {}): Node => {
    const inner = x.shape[1] as number;
    const shape = options.storedTransposed ? [inner, out] : [out, inner];
    const product = op.matmul(x, weight(`${module}.weight`, shape), { transposeB: !options.storedTransposed });
    const base = options.bias ? op.add(product, weight(`${module}.bias`, [out])) : product;
    if (method.kind !== 'lora' || !targets.has(module)) return base;
    const a = parameter(`${module}.lora_A.weight`, [method.rank, inner], 'lora_A');
    const b = parameter(`${module}.lora_B.weight`, [out, method.rank], 'lora_B');
    const kept = request.training && method.dropout > 0 ? dropped(x, module, inner) : x;
    const scale = method.alpha / (method.useRslora ? Math.sqrt(method.rank) : method.rank);
    const inflate = kept === x ? 1 : 1 / (1 - method.dropout);
    const low = op.matmul(kept, a, { transposeB: true, alpha: inflate });
    return op.matmul(low, b, { transposeB: true, alpha: scale, addend: base });
  };

  /** x with randomly chosen features set to 0; the mask comes as bytes. */
  const dropped = (x: Node, module: string, width: number): Node => {
    const name = `dropout:${module}`;
    dropouts.set(name, width);
    const mask = once(name, () => op.input(graph, name, ['T', width], 'uint8'));
    return graph.cheaply(() => op.mul(x, op.cast(mask, 'float32')));
  };

  const grid = () => ({
    index: once('grid', () => op.input(graph, 'grid', ['B', 'L'], 'int32')),
    inverse: once('gridInverse', () => op.input(graph, 'gridInverse', ['T'], 'int32')),
  });

  const attend = (request: AttentionRequest): Node => {
    const { heads, kvHeads, headSize, scale, window, softcap } = request;
    windows.add(window);
    const group = heads / kvHeads;
    const places = grid();
    const byHead = (x: Node, count: number) =>
      op.transpose(op.reshape(op.padRows(x, places), ['B', 'L', count, headSize]), [0, 2, 1, 3]);
    // The heads that share a key are laid one after another, so that one product serves them all.
    const grouped = ['B', kvHeads, timesDim('L', group)];
    const q = op.reshape(byHead(request.q, heads), [...grouped, headSize]);
    const k = byHead(request.k, kvHeads);
    const v = byHead(request.v, kvHeads);
    const raw = op.matmul(q, k, { transposeB: true, alpha: softcap === undefined ? scale : scale / softcap });
    const scores = softcap === undefined ? raw : op.mul(op.tanh(raw), softcap);
    const name = maskName(window);
    const mask = once(name, () => op.input(graph, name, ['B', 1, 'L', 'L']));
    const weights = op.softmax(op.add(op.reshape(scores, ['B', heads, 'L', 'L']), mask));
    const mixed = op.matmul(op.reshape(weights, [...grouped, 'L']), v);
    const rows = op.transpose(op.reshape(mixed, ['B', heads, 'L', headSize]), [0, 2, 1, 3]);
    return op.unpadRows(op.reshape(rows, ['B', 'L', heads * headSize]), places);
  };

  const context: ModelContext = {
    graph,
    tokens: op.input(graph, 'tokens', ['T'], 'int32'),
    positions: () => once('positions', () => op.input(graph, 'positions', ['T'], 'int32')),
    weight,
    linear,
    rotary: (table) => {
      rotaryTables.set(table.key, table);
      const part = (which: string) =>
        once(`${which}:${table.key}`, () => op.input(graph, `${which}:${table.key}`, ['T', table.half]));
      return { cos: part('cos'), sin: part('sin') };
    },
    attend,
    layer: (_, build) => graph.inSegment(build),
  };

  const hidden = architecture.hidden(context);
  const places = op.input(graph, 'lossPositions', ['S'], 'int32');
  const logits = architecture.logits(context, op.gatherRows(hidden, places));
  return {
    graph,
    architecture,
    logits,
    parameters: [...parameters.values()],
    adaptedModules: architecture.linearModules.filter((m) => targets.has(m.name)),
    rotaryTables: [...rotaryTables.values()],
    windows: [...windows],
    dropouts,
    usesPositions: memo.has('positions'),
  };
}

/** The modules that carry an adapter: a target names a module's last part, or more of its path, as PEFT matches them. */
function adapterTargets(architecture: Architecture, method: TrainingMethod): ReadonlySet<string> {
  if (method.kind !== 'lora') return new Set();
  const names = architecture.linearModules.map((m) => m.name);
  const { targetModules } = method;
  if (targetModules === 'all-linear') return new Set(names);
  const matches = (target: string) => names.filter((name) => name === target || name.endsWith(`.${target}`));
  const missing = targetModules.filter((target) => matches(target).length === 0);
  if (missing.length > 0) {
    const known = [...new Set(names.map((name) => name.split('.').at(-1)!))];
    throw problem(
      'model/unknown-target-module',
      `lora.target_modules names ${missing.join(', ')}, which this model does not have; it has ${known.join(', ')}.`,
    );
  }
  return new Set(targetModules.flatMap(matches));
}
