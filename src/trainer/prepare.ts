// From a run folder's config to everything that training needs: model, data, effective config, session.

import { createHash } from 'node:crypto';
import path from 'node:path';
import { checkConfig } from '../config/check.ts';
import { effectiveConfig, type EffectiveFacts } from '../config/effective.ts';
import type { Decision, EffectiveConfig } from '../config/effectiveTypes.ts';
import { planSteps } from '../config/plan.ts';
import { scheduleFor } from '../config/schedule.ts';
import { planOrder } from '../data/order.ts';
import { chooseCapacity } from '../data/packing.ts';
import { createSession } from '../engine/workerSession.ts';
import { readAdapter } from '../models/adapter.ts';
import { openModel } from '../models/openModel.ts';
import { readTensor } from '../models/safetensors.ts';
import type { LoadedModel, NamedTensor, WeightEntry } from '../models/types.ts';
import { readMemory } from '../platform/memory.ts';
import type { RunPlan } from '../protocol/events.ts';
import type { RunHashes } from '../runs/manifest.ts';
import { refuseErrors, readConfiguration } from './configuration.ts';
import { estimatesOf, tightness } from './estimates.ts';
import { adapterFacts, fileFacts, modelFacts } from './facts.ts';
import type { PreparedRun, PrepareRequest } from './preparedRun.ts';
import { datasetOf, refuseForeignTokens, watchOf } from './rows.ts';
import { reporterOf } from './stageProgress.ts';
import { resultLayout } from './resultLayout.ts';
import { estimateSeconds } from './timeEstimate.ts';
import { adviceFor, adviceSettings, estimatePlan, expectSequences, sessionPlan } from './sessionPlan.ts';

/**
 * Prepares a run. Throws BadConfigError for a config that cannot be used and ProblemError for files that cannot; an
 * AbortError when the signal says stop.
 */
export async function prepareRun(request: PrepareRequest): Promise<PreparedRun> {
  const { manifest, runFolder, signal } = request;
  const baseDirectory = manifest.base_directory;
  const progress = reporterOf(request.onProgress);

  progress.stage('config', 'Reading the config');
  const { config: written, positions, machine } = await readConfiguration(runFolder, manifest);
  progress.stage('model', `Opening ${written.model}`);
  const model = await openModel(written.model, { baseDirectory, signal, onProgress: progress.model });
  const initFrom = written.lora?.init_from;
  const adapter = initFrom === undefined ? undefined : await readAdapter(path.resolve(baseDirectory, initFrom));
  const facts: EffectiveFacts = {
    ...fileFacts(baseDirectory),
    machine,
    model: modelFacts(model),
    ...(adapter ? { adapter: adapterFacts(adapter.settings) } : {}),
  };
  refuseErrors(checkConfig(written, facts, positions));

  progress.stage('data', 'Preparing the data');
  const first = effectiveConfig(written, facts, positions).config;
  request.onAdvice({ config: adviceSettings(first) });
  const data = await datasetOf(first.data, baseDirectory, model, { signal, onProgress: progress.data });
  try {
    const { train, validation } = data;
    refuseForeignTokens([train, ...(validation ? [validation] : [])], model);
    const rows = { train: train.length, validation: validation?.length ?? 0 };
    const order = planOrder({
      rows: train.length,
      rowsPerStep: first.training.batch_size * first.training.gradient_accumulation_steps,
      order: first.data.order,
      seed: first.seed,
      difficulty: (row) => ({ trainedTokens: train.trainedCount(row), tokens: train.tokenCount(row) }),
    });
    const steps = planSteps({
      rows: train.length,
      batchSize: first.training.batch_size,
      accumulation: first.training.gradient_accumulation_steps,
      epochs: first.training.epochs,
      maxSteps: first.training.max_steps,
    });
    const meanLength = train.totals.tokens / train.length;
    const capacity = first.data.packing ? chooseCapacity(meanLength, first.training.batch_size) : undefined;
    const sequences = expectSequences(train, order, steps.totalSteps, capacity);
    const memory = {
      neededBytes: estimatePlan({ ...sessionPlan(first, model), gradientCheckpointing: false }, sequences).memoryBytes,
      freeBytes: (await readMemory()).availableBytes,
    };
    const allFacts: EffectiveFacts = { ...facts, rows, memory };
    const warnings = refuseErrors(checkConfig(written, allFacts, positions));
    const { config, decisions } = effectiveConfig(written, allFacts, positions);
    const advice = adviceFor(config, model, sequences);
    request.onAdvice(advice);
    signal.throwIfAborted();

    progress.stage('engine', 'Building the training graph');
    const plan = sessionPlan(config, model);
    const estimate = estimatePlan(plan, sequences);
    const session = await createSession(plan);
    if (adapter) await session.restore({ trained: tensorsOf(adapter.weights.values()), step: 0 });
    const layout = resultLayout(config, model, session, baseDirectory);
    const { every, at_start: atStart } = config.evaluation;
    const seconds = await estimateSeconds(session, estimate, {
      ...{ train, order, capacity, totalSteps: steps.totalSteps },
      evaluatedTokens: validation?.totals.tokens ?? 0,
      evaluations: Math.ceil(steps.totalSteps / every) + (atStart ? 1 : 0),
    });
    const estimates = estimatesOf(config, estimate, seconds);
    return {
      config: { ...config },
      decisions: decisions.map(reportDecision),
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
      hashes: hashesOf(config, model, data.hashes),
      session,
      train,
      validation,
      order,
      schedule: scheduleFor(config.training, steps.totalSteps),
      settings: {
        totalSteps: steps.totalSteps,
        capacity,
        evaluateEvery: config.evaluation.every,
        evaluateAtStart: config.evaluation.at_start,
        checkpointEvery: config.checkpoints.every,
        keepBest: config.checkpoints.best_by === 'eval_loss',
        earlyStopping: config.early_stopping && {
          patience: config.early_stopping.patience,
          minDelta: config.early_stopping.min_delta,
        },
      },
      watch: watchOf(config, model, data.template),
      checkpoints: { keep: config.checkpoints.keep, keepBest: config.checkpoints.best_by === 'eval_loss' },
      layout: layout.checkpoint,
      result: layout.result,
      output: config.output === undefined ? undefined : path.resolve(baseDirectory, config.output),
      warnings: [
        ...warnings,
        ...(await tightness(estimates, memory.freeBytes, runFolder)),
        ...data.report.findings.filter((found) => found.severity === 'warning'),
      ],
      advice,
      close: () => data.close(),
    };
  } catch (error) {
    data.close();
    throw error;
  }
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
  data: { readonly data: string; readonly template: string; readonly mask: string },
): RunHashes {
  return {
    config: createHash('sha256').update(JSON.stringify(config)).digest('hex'),
    model_config: model.hashes.config,
    weights: model.hashes.weights,
    tokenizer: model.hashes.tokenizer,
    ...data,
  };
}

function reportDecision({ path: name, value, source, reason }: Decision): PreparedRun['decisions'][number] {
  return { path: name, value, source, ...(reason === undefined ? {} : { reason }) };
}

async function* tensorsOf(entries: Iterable<WeightEntry>): AsyncGenerator<NamedTensor> {
  for (const entry of entries) yield { name: entry.name, shape: entry.shape, data: await readTensor(entry) };
}
