// The engine's worker thread: a local session behind messages, because the executor blocks the thread it runs on.

import { parentPort } from 'node:worker_threads';
import { chooseExecutor } from './executors/choose.ts';
import type { SessionPlan, TrainingSession } from './session.ts';
import { createLocalSession } from './training/localSession.ts';
import { sendError } from './workerMessages.ts';
import type { WorkerAnswer, WorkerRequest } from './workerMessages.ts';

type Handler = (...args: never[]) => unknown;

let session: TrainingSession | undefined;
const iterators = new Map<number, AsyncIterator<unknown>>();

function opened(): TrainingSession {
  if (!session) throw new Error('the session was not created');
  return session;
}

const calls: Readonly<Record<string, Handler>> = {
  create: async (plan: SessionPlan) => {
    session = await createLocalSession(plan, await chooseExecutor(plan));
    return session.info;
  },
  step: (...args: Parameters<TrainingSession['step']>) => opened().step(...args),
  evaluate: (...args: Parameters<TrainingSession['evaluate']>) => opened().evaluate(...args),
  probe: (...args: Parameters<TrainingSession['probe']>) => opened().probe(...args),
  restore: (...args: Parameters<TrainingSession['restore']>) => opened().restore(...args),
  memory: () => opened().memory(),
  close: () => opened().close(),
};

const streams: Readonly<Record<string, (...args: never[]) => AsyncIterable<unknown>>> = {
  generate: (...args: Parameters<TrainingSession['generate']>) => opened().generate(...args),
  trainedTensors: () => opened().trainedTensors(),
  optimizerTensors: () => opened().optimizerTensors(),
};

async function answer(request: WorkerRequest): Promise<unknown> {
  if (request.kind === 'call') return calls[request.method]!(...(request.args as never[]));
  if (request.kind === 'open') {
    const items = streams[request.method]!(...(request.args as never[]));
    iterators.set(request.id, items[Symbol.asyncIterator]());
    return undefined;
  }
  const iterator = iterators.get(request.iterator)!;
  const result = request.kind === 'next' ? await iterator.next() : { done: true, value: undefined };
  if (request.kind === 'return') await iterator.return?.();
  if (result.done) iterators.delete(request.iterator);
  return result;
}

parentPort!.on('message', (request: WorkerRequest) => {
  const post = (message: WorkerAnswer) => parentPort!.postMessage(message);
  answer(request).then(
    (value) => post({ id: request.id, ok: true, value }),
    (error: unknown) => post({ id: request.id, ok: false, error: sendError(error) }),
  );
});
