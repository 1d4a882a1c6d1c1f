// Runs graphs with onnxruntime-node. `run` blocks the thread it is called on: use it in a worker (engine/worker.ts).

import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { WeightEntry } from '../../../models/types.ts';
import { isMachineBusy } from '../../machineLoad.ts';
import { evaluateShape } from '../../graph/dims.ts';
import type { DimBindings } from '../../graph/dims.ts';
import type { CompileRequest, Executable, Executor, HostArray, HostTensor, RunRequest } from '../executor.ts';
import { emitOnnx } from './emit.ts';
import type { EmittedModel } from './emit.ts';

export interface OnnxOptions {
  /** Execution provider: `cpu`, `webgpu`, `cuda`, `dml`, `coreml`. */
  readonly provider: string;
  readonly threads: number;
  /** Use ONNX Runtime's own fused operators; default: where the provider has them. */
  readonly fused?: boolean;
}

export function onnxExecutor(options: OnnxOptions): Executor {
  return {
    name: `onnx:${options.provider}`,
    compile: async (request) => {
      const weights = resolveLinks(request.weights);
      const emitted = emitOnnx({ ...request, weights }, { fused: options.fused ?? options.provider === 'cpu' });
      const session = await InferenceSession.create(emitted.bytes, sessionOptions(options, weights));
      return executable(session, emitted, request);
    },
  };
}

/** The hub's cache links to its blobs; ONNX Runtime wants the files themselves in one folder. */
function resolveLinks(weights: ReadonlyMap<string, WeightEntry>): Map<string, WeightEntry> {
  const files = new Map(
    [...new Set([...weights.values()].map((w) => w.file))].map((file) => [file, realpathSync(file)]),
  );
  return new Map([...weights].map(([name, entry]) => [name, { ...entry, file: files.get(entry.file)! }]));
}

function sessionOptions(
  options: OnnxOptions,
  weights: ReadonlyMap<string, WeightEntry>,
): InferenceSession.SessionOptions {
  const folders = new Set([...weights.values()].map((w) => dirname(w.file)));
  if (folders.size > 1) throw new Error(`the weights lie in several folders: ${[...folders].join(', ')}`);
  const [folder] = folders;
  return {
    executionProviders: options.provider === 'cpu' ? ['cpu'] : [options.provider, 'cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    // The graph is written as it should run; optimisers would undo recomputation and cost start-up time.
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        // Packed copies of the weights would double the memory of a mapped file for 6 % more speed.
        disable_prepacking: '1',
        ...(isMachineBusy() ? { intra_op: { allow_spinning: '0' } } : {}),
        ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: `${folder}/` }),
      },
    },
  };
}

function executable(session: InferenceSession, emitted: EmittedModel, request: CompileRequest): Executable {
  return {
    run: async ({ dims, feeds, into }: RunRequest) => {
      // Beside what it writes into the caller's memory the binding answers with copies: those of the last run go first.
      if (into) globalThis.gc?.({ type: 'minor' });
      const given: Record<string, Tensor> = {};
      for (const [name, node] of emitted.inputs) {
        const data = feeds.get(name);
        if (!data) throw new Error(`the input ${name} was not given`);
        given[name] = tensorOf(data, evaluateShape(node.shape, dims));
      }
      for (const [name, shape] of emitted.shapeInputs) given[name] = shapeTensor(evaluateShape(shape, dims));
      const fetches: Record<string, Tensor | null> = {};
      for (const [name, node] of request.outputs) {
        const target = into?.get(name);
        fetches[`out:${name}`] = target ? tensorOf(target, evaluateShape(node.shape, dims)) : null;
      }
      const results = await session.run(given, fetches);
      return new Map(
        [...request.outputs.keys()].map((name) => [name, hostTensor(results[`out:${name}`], name, dims)] as const),
      );
    },
    dispose: () => session.release(),
  };
}

function tensorOf(data: HostArray, shape: readonly number[]): Tensor {
  const size = shape.reduce((n, d) => n * d, 1);
  if (size !== data.length) {
    throw new Error(`a tensor of shape [${shape.join(', ')}] was given ${String(data.length)} values`);
  }
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  if (data instanceof Int32Array) return new Tensor('int32', data, shape);
  return new Tensor('uint8', data, shape);
}

function shapeTensor(shape: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(shape, BigInt), [shape.length]);
}

function hostTensor(tensor: Tensor | undefined, name: string, dims: DimBindings): HostTensor {
  const data = tensor?.data;
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array) {
    return { data, shape: tensor!.dims };
  }
  throw new Error(`the output ${name} is not a plain tensor (${JSON.stringify(dims)})`);
}
