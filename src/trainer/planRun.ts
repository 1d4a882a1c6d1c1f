// From a run folder's config to what will be trained: model, rows, effective config, order and steps. Starts no engine.

import path from 'node:path';
import { checkConfig } from '../config/check.ts';
import { effectiveConfig, type EffectiveFacts } from '../config/effective.ts';
import type { Decision, EffectiveConfig } from '../config/effectiveTypes.ts';
import { trainsLora } from '../config/method.ts';
import { planSteps } from '../config/plan.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import { planOrder, type RowOrder } from '../data/order.ts';
import { chooseCapacity, packingOf } from '../data/packing.ts';
import type { PreparedDataset } from '../data/prepareDataset.ts';
import type { SessionPlan } from '../engine/session.ts';
import { readAdapter, type OpenedAdapter } from '../models/adapter.ts';
import { openModel } from '../models/openModel.ts';
import type { RewardModel } from '../models/rewardModel.ts';
import type { LoadedModel } from '../models/types.ts';
import type { Problem } from '../protocol/problem.ts';
import { expectedSharing } from './sharedBeginnings.ts';
import { copiesOf, expectedRows, refuseFullContext } from './answerPlan.ts';
import { refuseErrors, readConfiguration } from './configuration.ts';
import { freeBytesOn } from './estimates.ts';
import { adapterFacts, fileFacts, modelFacts } from './facts.ts';
import type { PreparedRun, PrepareRequest } from './preparedRun.ts';
import { rewardModelOf } from './rewardModel.ts';
import { datasetOf, refuseForeignTokens } from './rows.ts';
import {
  adviceFor,
  adviceSettings,
  estimatePlan,
  expectSequences,
  sessionPlan,
  type ExpectedSequences,
  type ExpectedSteps,
} from './sessionPlan.ts';
import { reporterOf } from './stageProgress.ts';

export interface PlannedRun {
  readonly config: EffectiveConfig;
  readonly decisions: readonly Decision[];
  readonly model: LoadedModel;
  /** The adapter that training goes on from. */
  readonly adapter: OpenedAdapter | undefined;
  /** What judges answers beside other rewards. */
  readonly rewardModel: RewardModel | undefined;
  readonly data: PreparedDataset;
  readonly order: RowOrder;
  readonly steps: ReturnType<typeof planSteps>;
  /** Tokens of a sequence that several rows may share; undefined = one row a sequence. */
  readonly capacity: number | undefined;
  readonly sequences: ExpectedSequences;
  readonly expected: ExpectedSteps;
  readonly sessionPlan: SessionPlan;
  readonly freeBytes: number;
  readonly warnings: readonly Problem[];
  readonly advice: PreparedRun['advice'];
}

/**
 * Plans a run; whoever gets it closes `data`. Throws BadConfigError for a config that cannot be used and ProblemError for
 * files that cannot; an AbortError when the signal says stop. `onConfig` hears of the config before model and rows are
 * read, which takes a while.
 */
export async function planRun(
  request: PrepareRequest,
  onConfig: (config: FinetuneConfig) => void = () => undefined,
): Promise<PlannedRun> {
  const { manifest, runFolder, signal } = request;
  const baseDirectory = manifest.base_directory;
  const progress = reporterOf(request.onProgress);

  progress.stage('config', 'Reading the config');
  const { config: written, positions, machine } = await readConfiguration(runFolder, manifest);
  onConfig(written);
  progress.stage('model', `Opening ${written.model}`);
  const model = await openModel(written.model, { baseDirectory, signal, onProgress: progress.model });
  const initFrom = trainsLora(written) ? written.lora?.init_from : undefined;
  const adapter = initFrom === undefined ? undefined : await readAdapter(path.resolve(baseDirectory, initFrom));
  const judging = await rewardModelOf(written, model, { baseDirectory, signal, onProgress: progress.model });
  const facts: EffectiveFacts = {
    ...fileFacts(baseDirectory),
    machine,
    model: modelFacts(model),
    ...(adapter ? { adapter: adapterFacts(adapter.settings) } : {}),
    ...judging.facts,
  };
  refuseErrors(checkConfig(written, facts, positions));

  progress.stage('data', 'Preparing the data');
  const first = effectiveConfig(written, facts, positions).config;
  request.onAdvice({ config: adviceSettings(first) });
  const data = await datasetOf(first, baseDirectory, model, { signal, onProgress: progress.data });
  try {
    const { train, validation } = data;
    const { rewardModel } = judging;
    refuseForeignTokens([train, ...(validation ? [validation] : [])], model);
    refuseFullContext(first, [train, ...(validation ? [validation] : [])], model);
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
    const answered = expectedRows(first, train);
    const meanLength = answered.totals.tokens / answered.totals.rows;
    const copies = copiesOf(first);
    // Each process gets about its share of the rows in one sequence, where that is less than a batch.
    const share = Math.ceil((steps.rowsPerStep * copies) / (first.distributed?.processes ?? 1));
    const together = Math.min(first.training.batch_size * copies, share);
    const capacity = first.data.packing ? chooseCapacity(meanLength, together, first) : undefined;
    const packing = packingOf(capacity, expectedSharing(first, model.config));
    const expected = { rows: answered, order, packing, copies };
    const sequences = expectSequences(expected, steps.totalSteps);
    const keepingAll = { ...sessionPlan(first, model), gradientCheckpointing: false };
    const memory = {
      neededBytes: estimatePlan(keepingAll, sequences, first, rewardModel).memoryBytes,
      freeBytes: await freeBytesOn(first),
    };
    const allFacts: EffectiveFacts = { ...facts, rows, memory };
    const warnings = refuseErrors(checkConfig(written, allFacts, positions));
    const { config, decisions } = effectiveConfig(written, allFacts, positions);
    const advice = adviceFor(config, model, sequences, rewardModel);
    request.onAdvice(advice);
    signal.throwIfAborted();
    return {
      ...{ config, decisions, model, adapter, rewardModel, data, order, steps, capacity, sequences, expected },
      ...{ warnings, advice },
      sessionPlan: sessionPlan(config, model),
      freeBytes: memory.freeBytes,
    };
  } catch (error) {
    data.close();
    throw error;
  }
}
