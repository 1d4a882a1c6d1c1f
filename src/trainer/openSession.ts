// Opens the session of the engine that the config chose; what follows does not care which one it is.

import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import { chooseEngine } from '../config/engine.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import type { SessionPlan, TrainingSession } from '../engine/session.ts';
import { createSession } from '../engine/workerSession.ts';
import type { RewardModel } from '../models/rewardModel.ts';
import type { NamedTensor } from '../models/types.ts';
import { packageFile } from '../platform/packageFile.ts';
import { problem, type Problem } from '../protocol/problem.ts';
import { runPaths } from '../runs/layout.ts';
import { findTorch } from '../torch/environment/find.ts';
import { objectivePlan } from '../torch/session/objective.ts';
import { startRanks, type Placement } from '../torch/session/ranks.ts';
import { allocate, type Allocation, type SlurmJob } from '../torch/session/slurm.ts';
import { createTorchSession, type Sharding, type TorchPlan } from '../torch/session/torchSession.ts';
import type { WorkerGroup } from '../torch/session/workerGroup.ts';
import type { PrepareRequest } from './preparedRun.ts';

export interface OpenedSession {
  readonly session: TrainingSession;
  /** What the engine does otherwise than planned. */
  readonly warnings: readonly Problem[];
  /** Versions of the libraries that compute, beyond those that come with this package. */
  readonly versions: Readonly<Record<string, string>>;
  /** The class of transformers that was built; absent for the embedded engine. */
  readonly modelClass?: string;
}

/** The nodes that SLURM gives to a run; undefined where the config asks for none. Throws a ProblemError when it does not. */
export async function allocationFor(
  { distributed }: FinetuneConfig,
  { runFolder, onProgress, signal }: PrepareRequest,
): Promise<Allocation | undefined> {
  const { processes, slurm } = placementOf(distributed);
  if (!slurm) return undefined;
  const onWait = (message: string): void => onProgress({ stage: 'engine', message });
  const { folder, heartbeat } = runPaths(runFolder);
  return allocate({ folder, heartbeat, processes, ...slurm, onWait, signal });
}

/**
 * Starts the torch engine's workers, on the nodes that were allocated where there are any, and lets them load what the
 * config needs; undefined where nothing is to be started.
 */
export async function startTorch(
  config: FinetuneConfig,
  onOutput: (text: string) => void,
  allocation?: Allocation,
): Promise<WorkerGroup | undefined> {
  if (chooseEngine(config).engine !== 'torch') return undefined;
  const found = await findTorch();
  if (!found.ready) return undefined;
  const { python } = found.record;
  onOutput(`The torch engine's Python is ${python}`);
  const { method, distributed } = config;
  const options = { python, program: packageFile('src/torch/worker'), onOutput };
  const workers = startRanks(options, { ...placementOf(distributed), ...allocation });
  // What goes wrong here goes wrong again, and is told, when the session is opened.
  const head = { adapters: method !== 'full', quantized: method === 'qlora' };
  workers.askAll('load', () => ({ head })).catch(() => undefined);
  return workers;
}

export interface SessionRequest {
  readonly plan: SessionPlan;
  /** An adapter that training goes on from. */
  readonly first: AsyncIterable<NamedTensor> | undefined;
  readonly rewardModel?: RewardModel | undefined;
  readonly baseDirectory: string;
}

/**
 * `workers`: what `startTorch` started; the session closes it. Throws what the engines throw, and `torch/missing` when the
 * environment went away since the config was checked.
 */
export async function openSession(
  config: EffectiveConfig,
  { plan, first, rewardModel, baseDirectory }: SessionRequest,
  workers: WorkerGroup | undefined,
): Promise<OpenedSession> {
  if (config.engine === 'embedded') {
    const session = await createSession(plan);
    if (first) await session.restore({ trained: first, step: 0 });
    return { session, warnings: [], versions: {} };
  }
  if (!workers) throw problem('torch/missing', 'The Python of the torch engine is gone.');
  const wanted = { ...torchPlan(config, plan, baseDirectory, rewardModel), ...(first ? { first } : {}) };
  const session = await createTorchSession(workers, wanted);
  const { warnings, versions, modelClass } = session;
  return { session, warnings, versions, modelClass };
}

/** What the torch engine is asked for: the plan of both engines, and what only torch does. */
export function torchPlan(
  config: EffectiveConfig,
  plan: SessionPlan,
  baseDirectory: string,
  rewardModel?: RewardModel,
): TorchPlan {
  return {
    ...plan,
    mixedPrecision: config.training.mixed_precision,
    objective: objectivePlan(config, baseDirectory, rewardModel),
    ...(config.quantization ? { quantization: config.quantization } : {}),
    sharding: shardingOf(config),
  };
}

/** How often a run may start its processes again after one was lost; a run without `distributed` ends instead. */
export function maxRestartsOf({ distributed }: Pick<EffectiveConfig, 'distributed'>): number {
  return distributed?.max_restarts ?? 0;
}

/** Where its processes run, as far as the config knows. */
export function placementOf(
  distributed: EffectiveConfig['distributed'] | FinetuneConfig['distributed'],
): Placement & { slurm: SlurmJob | undefined } {
  const { processes = 1, hosts, interface: network, slurm } = distributed ?? {};
  const job = slurm && { ...{ nodes: 1, options: [] }, ...slurm };
  return { processes, hosts, interface: network, slurm: job };
}

function shardingOf({ distributed }: EffectiveConfig): Sharding | undefined {
  if (!distributed || distributed.strategy === 'ddp') return undefined;
  return { wholeBetweenPasses: distributed.strategy === 'zero2', cpuOffload: distributed.cpu_offload };
}
