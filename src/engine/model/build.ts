// Builds a model's graph from its architecture: weights frozen or trained, adapters, rotary tables, a kind of attention.

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
import { doraGain } from '../adapters/dora.ts';
import { loraScale } from '../adapters/merge.ts';
import * as op from '../graph/operations.ts';
import { Graph } from '../graph/node.ts';
import type { DType, Node } from '../graph/node.ts';
import { keyWidth, partOfPrefix, placesBefore, prefixName } from '../prefix.ts';
import type { TrainingMethod } from '../session.ts';

/** A trained tensor. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly node: Node;
  /** What the optimiser and the initialisation need to know of it. */
  readonly role: 'lora_A' | 'lora_B' | 'lora_magnitude_vector' | 'prefix' | 'weight';
}

/** A model's graph, and which inputs it takes beside its parameters. */
export interface ModelGraph {
  readonly graph: Graph;
  readonly architecture: Architecture;
  /** Logits at the places given as `places`, [S, vocabulary]. */
  readonly logits: Node;
  readonly parameters: readonly Parameter[];
  readonly adaptedModules: readonly LinearModule[];
  readonly rotaryTables: readonly RotaryTable[];
  /** Attention windows that masks are wanted for; undefined = all tokens before. */
  readonly windows: readonly (number | undefined)[];
  /** Dropout masks wanted, by input name: their width. */
  readonly dropouts: ReadonlyMap<string, number>;
  readonly usesPositions: boolean;
  /** Places of a prefix before the first token of every row. */
  readonly placesBefore: number;
}

/** Makes nodes by name, each only once. */
export type Once = (name: string, make: () => Node) => Node;

/** Keys and values [places, kvHeads·d] of one layer that every row sees before its own. */
export interface LayerPrefix {
  readonly k: Node;
  readonly v: Node;
}

/** How tokens attend to each other: inside packed rows, or to a cache. */
export type Attention = (graph: Graph, once: Once, request: AttentionRequest, prefix?: LayerPrefix) => Node;

export interface ModelRequest {
  readonly architecture: Architecture;
  readonly weights: ReadonlyMap<string, WeightEntry>;
  readonly method: TrainingMethod;
  readonly attention: Attention;
  /** Whether dropout is active. */
  readonly training: boolean;
}

const dtypes: Readonly<Record<WeightEntry['dtype'], DType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

export function maskName(window: number | undefined): string {
  return window === undefined ? 'mask' : `mask:${String(window)}`;
}

/** Symbols: T tokens, S places whose logits are wanted, and those of the attention. */
export function buildModel(request: ModelRequest): ModelGraph {
  const { architecture, method } = request;
  const graph = new Graph();
  const memo = new Map<string, Node>();
  const once: Once = (name, make) => {
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
    return frozenWeight(graph, name, fixed, request.weights, once);
  };

  const linear = (x: Node, module: string, out: number, options: LinearOptions = {}): Node => {
    const inner = x.shape[1] as number;
    const shape = options.storedTransposed ? [inner, out] : [out, inner];
    const product = op.matmul(x, weight(`${module}.weight`, shape), { transposeB: !options.storedTransposed });
    const withBias = (x: Node): Node => (options.bias ? op.add(x, weight(`${module}.bias`, [out])) : x);
    if (method.kind !== 'lora' || !targets.has(module)) return withBias(product);
    const a = parameter(`${module}.lora_A.weight`, [method.rank, inner], 'lora_A');
    const b = parameter(`${module}.lora_B.weight`, [out, method.rank], 'lora_B');
    const kept = request.training && method.dropout > 0 ? dropped(x, module, inner) : x;
    const scale = loraScale(method);
    const inflate = kept === x ? 1 : 1 / (1 - method.dropout);
    const low = op.matmul(kept, a, { transposeB: true, alpha: inflate });
    const adapted = (base: Node): Node => op.matmul(low, b, { transposeB: true, alpha: scale, addend: base });
    if (method.useDora !== true) return adapted(withBias(product));
    const magnitude = parameter(`${module}.lora_magnitude_vector`, [out], 'lora_magnitude_vector');
    return withBias(op.mul(adapted(product), doraGain(magnitude, module)));
  };

  const before = placesBefore(method);
  const prefixOf = (layer: number): LayerPrefix => {
    const width = keyWidth(architecture);
    const all = parameter(prefixName, [before, 2 * architecture.layers * width], 'prefix');
    const part = (which: 'key' | 'value') => op.slice(all, 1, ...partOfPrefix(which, layer, width));
    return { k: part('key'), v: part('value') };
  };

  /** x with randomly chosen features set to 0; the mask comes as bytes. */
  const dropped = (x: Node, module: string, width: number): Node => {
    const name = `dropout:${module}`;
    dropouts.set(name, width);
    const mask = once(name, () => op.input(graph, name, ['T', width], 'uint8'));
    return graph.cheaply(() => op.mul(x, op.cast(mask, 'float32')));
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
    attend: (attention) => {
      windows.add(attention.window);
      return request.attention(graph, once, attention, before > 0 ? prefixOf(attention.layer) : undefined);
    },
    layer: (_, build) => graph.inSegment(build),
  };

  const hidden = architecture.hidden(context);
  const places = op.input(graph, 'places', ['S'], 'int32');
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
    placesBefore: before,
  };
}

/** A stored tensor that is only computed with, as float32; read in the type that it is stored in. */
export function frozenWeight(
  graph: Graph,
  name: string,
  shape: readonly number[],
  weights: ModelRequest['weights'],
  once: Once = (_, make) => make(),
): Node {
  const dtype = dtypes[weights.get(name)?.dtype ?? 'F32'];
  const stored = once(name, () => op.weight(graph, name, shape, dtype));
  return graph.cheaply(() => op.cast(stored, 'float32'));
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
