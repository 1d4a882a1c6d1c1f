// Opens the session of the engine that the config chose; what follows does not care which one it is.

import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import { chooseEngine } from '../config/engine.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import type { SessionPlan, TrainingSession } from '../engine/session.ts';
import { createSession } from '../engine/workerSession.ts';
import type { NamedTensor } from '../models/types.ts';
import { packageFile } from '../platform/packageFile.ts';
import { problem, type Problem } from '../protocol/problem.ts';
import { findTorch } from '../torch/environment/find.ts';
import { objectivePlan } from '../torch/session/objective.ts';
import { createTorchSession, type TorchPlan } from '../torch/session/torchSession.ts';
import { startWorker, type WorkerProcess } from '../torch/session/workerProcess.ts';

export interface OpenedSession {
  readonly session: TrainingSession;
  /** What the engine does otherwise than planned. */
  readonly warnings: readonly Problem[];
  /** Versions of the libraries that compute, beyond those that come with this package. */
  readonly versions: Readonly<Record<string, string>>;
  /** The class of transformers that was built; absent for the embedded engine. */
  readonly modelClass?: string;
}

/** Starts the torch engine's worker and lets it load what the config needs; undefined where nothing is to be started. */
export async function startTorch(
  config: FinetuneConfig,
  onOutput: (text: string) => void,
): Promise<WorkerProcess | undefined> {
  if (chooseEngine(config).engine !== 'torch') return undefined;
  const found = await findTorch();
  if (!found.ready) return undefined;
  const { python } = found.record;
  onOutput(`The torch engine's Python is ${python}`);
  const worker = startWorker({ python, program: packageFile('src/torch/worker'), onOutput });
  const { method } = config;
  // What goes wrong here goes wrong again, and is told, when the session is opened.
  worker.ask('load', { adapters: method !== 'full' }).catch(() => undefined);
  return worker;
}

/**
 * `worker`: what `startTorch` started; the session closes it. `adapter`: what training goes on from. Throws what the engines throw, and `torch/missing` when the
 * environment went away since the config was checked.
 */
export async function openSession(
  config: EffectiveConfig,
  plan: SessionPlan,
  worker: WorkerProcess | undefined,
  adapter: AsyncIterable<NamedTensor> | undefined,
): Promise<OpenedSession> {
  if (config.engine === 'embedded') {
    const session = await createSession(plan);
    if (adapter) await session.restore({ trained: adapter, step: 0 });
    return { session, warnings: [], versions: {} };
  }
  if (!worker) throw problem('torch/missing', 'The Python of the torch engine is gone.');
  const session = await createTorchSession(worker, {
    ...torchPlan(config, plan),
    ...(adapter ? { first: adapter } : {}),
  });
  const { warnings, versions, modelClass } = session;
  return { session, warnings, versions, modelClass };
}

/** What the torch engine is asked for: the plan of both engines, and what only torch does. */
export function torchPlan(config: EffectiveConfig, plan: SessionPlan): TorchPlan {
  return {
    ...plan,
    mixedPrecision: config.training.mixed_precision,
    objective: objectivePlan(config),
    ...(config.quantization ? { quantization: config.quantization } : {}),
  };
}
