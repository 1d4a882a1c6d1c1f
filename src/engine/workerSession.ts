// A training session whose work happens in a worker thread, so that the caller's thread stays free for control and events.

import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { NamedTensor } from '../models/types.ts';
import type { SessionInfo, SessionPlan, TrainingSession } from './session.ts';
import { receiveError } from './workerMessages.ts';
import type { WorkerAnswer, WorkerMethod, WorkerRequest } from './workerMessages.ts';

type Outgoing = WorkerRequest extends infer R ? (R extends WorkerRequest ? Omit<R, 'id'> : never) : never;

/** The bundled worker, seen from a bundle, from a bundle's chunk, or from the sources when tests run them. */
function workerFile(): URL {
  const places = ['./engine-worker.js', '../engine-worker.js', '../../dist/engine-worker.js'];
  const found = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
  if (!found) throw new Error('dist/engine-worker.js is missing: run npm run build');
  return found;
}

/** Calls of all sessions that have not been answered yet. */
const underway = new Set<Promise<unknown>>();

/**
 * True while a worker computes. ONNX Runtime's addon aborts the whole process when its thread is ended in the middle of a
 * computation, be it by `terminate` or by `process.exit`.
 */
export function isComputing(): boolean {
  return underway.size > 0;
}

/** Starts the worker and builds the session in it. Throws what `createLocalSession` throws. */
export async function createSession(plan: SessionPlan): Promise<TrainingSession> {
  const worker = new Worker(workerFile());
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  /** Calls of this session that have not been answered yet. */
  const own = new Set<Promise<unknown>>();
  let ended: Error | undefined;
  let nextId = 0;
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  worker.on('message', (message: WorkerAnswer) => {
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (message.ok) waiting?.resolve(message.value);
    else waiting?.reject(receiveError(message.error));
  });
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => end(new Error(`the engine's worker ended with exit code ${String(code)}`)));

  const send = async (request: Outgoing): Promise<{ id: number; value: unknown }> => {
    if (ended) throw ended;
    const id = nextId++;
    const answer = new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      worker.postMessage({ ...request, id });
    });
    underway.add(answer);
    own.add(answer);
    try {
      return { id, value: await answer };
    } finally {
      underway.delete(answer);
      own.delete(answer);
    }
  };
  const call = async <T>(method: WorkerMethod, ...args: readonly unknown[]): Promise<T> =>
    (await send({ kind: 'call', method, args })).value as T;

  async function* stream<T>(method: WorkerMethod, ...args: readonly unknown[]): AsyncIterable<T> {
    const { id: iterator } = await send({ kind: 'open', method, args });
    let finished = false;
    try {
      for (;;) {
        const result = (await send({ kind: 'next', iterator })).value as IteratorResult<T, undefined>;
        if (result.done) {
          finished = true;
          return;
        }
        yield result.value;
      }
    } finally {
      if (!finished && !ended) await send({ kind: 'return', iterator });
    }
  }

  const info = await call<SessionInfo>('create', plan).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  return {
    info,
    step: (request) => call('step', request),
    evaluate: (sequences) => call('evaluate', sequences),
    probe: (sequence) => call('probe', sequence),
    generate: (prompts, settings) => stream('generate', prompts, settings),
    trainedTensors: () => stream<NamedTensor>('trainedTensors'),
    optimizerTensors: () => stream<NamedTensor>('optimizerTensors'),
    restore: async ({ trained, optimizer = [], step }) => {
      // One tensor a message, so that a large state never lies in memory twice.
      for await (const tensor of trained) await call('restore', { trained: [tensor], step });
      for await (const tensor of optimizer) await call('restore', { trained: [], optimizer: [tensor], step });
      await call('restore', { trained: [], step });
    },
    memory: () => call('memory'),
    close: async () => {
      await Promise.allSettled(own);
      if (!ended) await call('close');
      await worker.terminate();
    },
  };
}
