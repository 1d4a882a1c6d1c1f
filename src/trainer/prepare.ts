// From a planned run to everything that training needs: the engine's session, estimates, and where the result goes.

import { createHash } from 'node:crypto';
import path from 'node:path';
import { decisivePart } from '../config/changeable.ts';
import type { Decision, EffectiveConfig } from '../config/effectiveTypes.ts';
import type { planSteps } from '../config/plan.ts';
import { learnsFromAnswers } from '../config/objective.ts';
import { packingOf } from '../data/packing.ts';
import { scheduleFor } from '../config/schedule.ts';
import { readTensor } from '../models/safetensors.ts';
import type { RewardModel } from '../models/rewardModel.ts';
import type { LoadedModel, NamedTensor, WeightEntry } from '../models/types.ts';
import type { RunPlan } from '../protocol/events.ts';
import type { PackedSequence } from '../protocol/sequence.ts';
import type { RunHashes } from '../runs/manifest.ts';
import type { WorkerGroup } from '../torch/session/workerGroup.ts';
import { drawingOf } from './answerPlan.ts';
import { estimatesOf, tightness } from './estimates.ts';
import { allocationFor, maxRestartsOf, openSession, startTorch, torchPlan, type OpenedSession } from './openSession.ts';
import { chooseProbe } from './memoryProbe.ts';
import { planRun, type PlannedRun } from './planRun.ts';
import type { PreparedRun, PrepareRequest } from './preparedRun.ts';
import { resultLayout } from './resultLayout.ts';
import { watchOf } from './rows.ts';
import { evaluationDraws, type DrawnAnswersPlan } from './drawnAnswers.ts';
import { estimatePlan, type PlanEstimate } from './sessionPlan.ts';
import { computedSize } from './sharedBeginnings.ts';
import { createSpeedMemory, type Speed, type SpeedMemory } from './speedMemory.ts';
import { reporterOf } from './stageProgress.ts';
import { torchStepBytes } from './torchMemory.ts';
import { estimateSeconds, measureDrawing, measureSpeed, speedOfRun, type TimeRequest } from './timeEstimate.ts';

/** Prepares a run. Throws what `planRun` throws, and what the engine throws that cannot be started. */
export async function prepareRun(request: PrepareRequest): Promise<PreparedRun> {
  const { runFolder } = request;
  const baseDirectory = request.manifest.base_directory;
  // PyTorch takes seconds to load: it begins while the rows are read.
  let starting: Promise<WorkerGroup | undefined> = Promise.resolve(undefined);
  const lost = new AbortController();
  const signal = AbortSignal.any([request.signal, lost.signal]);
  const planned = await planRun({ ...request, signal }, (written) => {
    starting = allocationFor(written, request).then((nodes) => startTorch(written, request.onEngineOutput, nodes));
    starting
      .then((workers) => workers?.ended)
      .then((why) => why && lost.abort(why))
      // What goes wrong in starting them is told when their session is opened.
      .catch(() => undefined);
  }).catch(async (error: unknown) => {
    // Rows may take long to read: a process that is gone is told at once. One that is closed here is no reason.
    const reason: unknown = lost.signal.aborted ? lost.signal.reason : error;
    await (await starting.catch(() => undefined))?.close();
    throw reason;
  });
  const { config, model, adapter, rewardModel, data, order, steps, capacity } = planned;
  const { train, validation } = data;
  let opened: OpenedSession | undefined;
  try {
    const stage = config.engine === 'torch' ? 'Starting PyTorch' : 'Building the training graph';
    reporterOf(request.onProgress).stage('engine', stage);
    const estimate = estimatePlan(planned.sessionPlan, planned.sequences, config, rewardModel);
    const first = adapter && tensorsOf(adapter.weights.values());
    const wanted = { plan: planned.sessionPlan, first, rewardModel, baseDirectory };
    opened = await openSession(config, wanted, await starting);
    const { session } = opened;
    const layout = resultLayout(config, model, opened, baseDirectory);
    const { every, at_start: atStart } = config.evaluation;
    const isSteady = config.engine === 'torch' && config.device === 'cpu';
    const drawing = drawingOf(config, model, data.template, session.answers);
    const time: TimeRequest = {
      ...{ train: planned.expected.rows, order, capacity, isSteady, totalSteps: steps.totalSteps },
      // Where answers are drawn, an evaluation learns the losses of no rows.
      evaluatedTokens: learnsFromAnswers(config.objective) ? 0 : (validation?.totals.tokens ?? 0),
      evaluations: Math.ceil(steps.totalSteps / every) + (atStart ? 1 : 0),
      drawn: drawing && {
        longest: drawing.settings.maxNewTokens,
        evaluationDraws: evaluationDraws(validation?.length ?? 0),
      },
    };
    // On the CPU PyTorch's first passes take seconds.
    const memory = isSteady ? speedMemoryOf(planned, opened, baseDirectory) : undefined;
    const known = await memory?.recall();
    const speed = known ?? (await measureRun(planned, opened, estimate, time, drawing));
    if (speed && !known) await memory?.keep(speed);
    const estimates = estimatesOf(config, estimate, estimateSeconds(speed, estimate, time));
    const rows = { train: train.length, validation: validation?.length ?? 0 };
    return {
      config: { ...config },
      decisions: planned.decisions.map(reportDecision),
      plan: runPlan(config, steps, train.totals, rows),
      model: {
        architecture: session.info.architecture,
        total_parameters: session.info.totalParameters,
        trainable_parameters: session.info.trainableParameters,
        context_length: session.info.contextLength,
      },
      device: config.device,
      threads: config.threads,
      estimates,
      hashes: hashesOf(config, model, rewardModel, data.hashes),
      versions: opened.versions,
      session,
      train,
      validation,
      order,
      schedule: scheduleFor(config.training, steps.totalSteps),
      settings: {
        totalSteps: steps.totalSteps,
        capacity,
        isLikelihood: config.objective === 'sft',
        evaluateEvery: config.evaluation.every,
        evaluateAtStart: config.evaluation.at_start,
        checkpointEvery: config.checkpoints.every,
        keepBest: config.checkpoints.best_by === 'eval_loss',
        earlyStopping: config.early_stopping && {
          patience: config.early_stopping.patience,
          minDelta: config.early_stopping.min_delta,
        },
      },
      chooseProbe: probeChoice(planned, session.info.longestSharing),
      drawing,
      watch: watchOf(config, model, data.template),
      checkpoints: { keep: config.checkpoints.keep, keepBest: config.checkpoints.best_by === 'eval_loss' },
      maxRestarts: maxRestartsOf(config),
      layout: layout.checkpoint,
      result: layout.result,
      output: config.output === undefined ? undefined : path.resolve(baseDirectory, config.output),
      warnings: [
        ...planned.warnings,
        ...opened.warnings,
        ...(await tightness(estimates, planned.freeBytes, runFolder)),
        ...data.report.findings.filter((found) => found.severity === 'warning'),
      ],
      advice: planned.advice,
      async learnSpeed(state) {
        const took = speed && speedOfRun(state, speed, estimate, time);
        if (took) await memory?.keep(took);
      },
      close: () => data.close(),
    };
  } catch (error) {
    data.close();
    await opened?.session.close();
    throw error;
  }
}

/** Undefined for the embedded engine, which needs what its graph says. */
function probeChoice(planned: PlannedRun, longestSharing: number): PreparedRun['chooseProbe'] {
  const { config, expected, capacity, freeBytes, sessionPlan } = planned;
  if (config.engine !== 'torch') return undefined;
  const steps = { ...expected, packing: packingOf(capacity, longestSharing) };
  const need = (sequence: PackedSequence): number =>
    torchStepBytes(sessionPlan, computedSize(sequence, longestSharing), config.objective);
  return (ahead) => chooseProbe({ steps, need, freeBytes }, ahead);
}

function speedMemoryOf(
  { config, sessionPlan, rewardModel, steps, expected }: PlannedRun,
  { session, versions }: OpenedSession,
  baseDirectory: string,
): SpeedMemory {
  const plan = torchPlan(config, sessionPlan, baseDirectory, rewardModel);
  const answers = session.answers ? steps.rowsPerStep * expected.copies : 0;
  return createSpeedMemory(plan, { processes: config.distributed?.processes ?? 1, answers }, versions);
}

/** The speed of passes, and of drawing answers where steps draw some. */
async function measureRun(
  { data, order }: PlannedRun,
  { session }: OpenedSession,
  estimate: PlanEstimate,
  time: TimeRequest,
  drawing: DrawnAnswersPlan | undefined,
): Promise<Speed | undefined> {
  const speed = await measureSpeed(session, estimate, time);
  if (!speed || !drawing) return speed;
  const prompts = Array.from(order.rowsOfStep(1), (row) => data.train.row(row).tokens);
  return { ...speed, drawing: await measureDrawing(drawing, prompts) };
}

function runPlan(
  config: EffectiveConfig,
  steps: ReturnType<typeof planSteps>,
  totals: { readonly tokens: number; readonly trainedTokens: number },
  rows: { readonly train: number; readonly validation: number },
): RunPlan {
  return {
    total_steps: steps.totalSteps,
    epochs: steps.epochs,
    steps_per_epoch: steps.stepsPerEpoch,
    rows_per_step: steps.rowsPerStep,
    train_rows: rows.train,
    validation_rows: rows.validation,
    train_tokens: totals.tokens,
    trained_tokens: totals.trainedTokens,
    learning_rate: config.training.learning_rate,
  };
}

function hashesOf(
  config: EffectiveConfig,
  model: LoadedModel,
  rewardModel: RewardModel | undefined,
  data: { readonly data: string; readonly template: string; readonly mask: string },
): RunHashes {
  return {
    config: createHash('sha256')
      .update(JSON.stringify(decisivePart(config)))
      .digest('hex'),
    model_config: model.hashes.config,
    weights: model.hashes.weights,
    tokenizer: model.hashes.tokenizer,
    ...data,
    ...(rewardModel ? { reward_model: rewardModelHash(rewardModel) } : {}),
  };
}

function rewardModelHash({ model, adapter }: RewardModel): string {
  const own = adapter && [adapter.settings, [...adapter.weights.values(), adapter.head].map((one) => one?.shape)];
  return createHash('sha256')
    .update(JSON.stringify([model.hashes, own]))
    .digest('hex');
}

function reportDecision({ path: name, value, source, reason }: Decision): PreparedRun['decisions'][number] {
  return { path: name, value, source, ...(reason === undefined ? {} : { reason }) };
}

async function* tensorsOf(entries: Iterable<WeightEntry>): AsyncGenerator<NamedTensor> {
  for (const entry of entries) yield { name: entry.name, shape: entry.shape, data: await readTensor(entry) };
}
