// The rehearsal of a run: both engines take the first steps of its plan, on a small random twin or on the model itself.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scheduleFor } from '../../config/schedule.ts';
import { packingOf, packRows } from '../../data/packing.ts';
import type { SessionPlan, TrainingSession } from '../../engine/session.ts';
import { createSession } from '../../engine/workerSession.ts';
import { packageFile } from '../../platform/packageFile.ts';
import type { EventBodies } from '../../protocol/events.ts';
import { problem } from '../../protocol/problem.ts';
import { readManifest } from '../../runs/manifest.ts';
import { createRun } from '../../runs/startRun.ts';
import { findTorch } from '../../torch/environment/find.ts';
import { createTorchSession, refuseForTorch, type TorchSession } from '../../torch/session/torchSession.ts';
import { groupOfOne } from '../../torch/session/workerGroup.ts';
import { startWorker } from '../../torch/session/workerProcess.ts';
import { planRun, type PlannedRun } from '../../trainer/planRun.ts';
import { BadConfigError } from '../../trainer/preparedRun.ts';
import { compareEngines, type Comparison } from './compare.ts';
import { takeSteps } from './takeSteps.ts';
import { makeTwin } from './twin.ts';

export interface RehearsalRequest {
  readonly configFile: string;
  readonly name: string;
  readonly overrides: readonly string[];
  /** Take the steps with the model itself. */
  readonly fullSize: boolean;
  readonly steps: number;
  readonly onProgress: (progress: EventBodies['progress']) => void;
  readonly signal: AbortSignal;
}

export interface Rehearsal extends Comparison {
  readonly model: string;
  readonly fullSize: boolean;
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * The config is planned as for a run, in a folder that is thrown away. Both engines compute in 32-bit floats and without
 * dropout, so that they can be compared at all. Throws what `planRun` and the sessions throw.
 */
export async function rehearse(request: RehearsalRequest): Promise<Rehearsal> {
  const { configFile, name, overrides, onProgress, signal } = request;
  const folder = await mkdtemp(join(tmpdir(), 'finetune-rehearsal-'));
  try {
    // What the torch engine runs on; the plan is checked for it, so that a missing environment is told at once.
    const forced = ['engine=torch', 'device=auto', 'training.mixed_precision=no'];
    const runsFolder = join(folder, 'runs');
    await mkdir(runsFolder);
    const runFolder = await createRun({ configFile, name, overrides: [...overrides, ...forced], runsFolder });
    const silent = { onAdvice: () => undefined, onEngineOutput: () => undefined };
    const planned = await planRun({
      runFolder,
      manifest: await readManifest(runFolder),
      onProgress,
      signal,
      ...silent,
    });
    try {
      return await compareOn(planned, request, folder);
    } finally {
      planned.data.close();
    }
  } catch (error) {
    throw error instanceof BadConfigError ? error.cause : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareOn(planned: PlannedRun, request: RehearsalRequest, folder: string): Promise<Rehearsal> {
  const { config, order, capacity, data } = planned;
  const { fullSize, onProgress, signal } = request;
  refuseForTorch(planned.sessionPlan);
  if (config.objective !== 'sft') {
    const message = `There is nothing to rehearse: the embedded engine does not train by the objective ${config.objective}.`;
    throw problem('torch/not-comparable', message);
  }
  if (config.method === 'prefix') {
    const message = 'There is nothing to rehearse: the embedded engine does not train prefixes.';
    throw problem('torch/not-comparable', message);
  }
  const schedule = scheduleFor(config.training, Math.min(request.steps, planned.steps.totalSteps));
  const sequencesOf = (step: number) => {
    const rows = Array.from(order.rowsOfStep(step), (row) => data.train.row(row));
    return packRows(rows, packingOf(capacity, 0));
  };
  const plan = comparable({
    ...planned.sessionPlan,
    ...(fullSize ? {} : await makeTwin(planned.model.config, config.seed, folder)),
  });
  const what = fullSize ? config.model : 'a small twin';
  const take = async <Session extends TrainingSession>(session: Session) => {
    try {
      return { session, taken: await takeSteps(session, sequencesOf, schedule, schedule.totalSteps, signal) };
    } finally {
      await session.close();
    }
  };
  onProgress({ stage: 'engine', message: `The embedded engine trains ${what}` });
  const embedded = await take(await createSession({ ...plan, device: 'cpu' }));
  onProgress({ stage: 'engine', message: `PyTorch trains ${what}` });
  const torch = await take(await openTorch(plan));
  return {
    ...compareEngines(embedded.taken, torch.taken, torch.session.warnings),
    ...{ model: config.model, fullSize, device: plan.device, versions: torch.session.versions },
  };
}

async function openTorch(plan: SessionPlan): Promise<TorchSession> {
  const found = await findTorch();
  if (!found.ready) throw problem('torch/missing', found.reason);
  const { python } = found.record;
  const worker = startWorker({ python, program: packageFile('src/torch/worker'), onOutput: () => undefined });
  return createTorchSession(groupOfOne(worker), { ...plan, mixedPrecision: 'no' });
}

/** The engines draw different masks, and only one of them does DoRA. */
function comparable(plan: SessionPlan): SessionPlan {
  return plan.method.kind === 'lora' ? { ...plan, method: { ...plan.method, dropout: 0, useDora: false } } : plan;
}
