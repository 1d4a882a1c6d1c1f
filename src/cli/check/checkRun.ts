// Looks at a config and all that it names, as a run would, and trains nothing: problems, token statistics, the plan.
import { dirname, resolve } from 'node:path';
import { checkConfig } from '../../config/check.ts';
import { effectiveConfig, type EffectiveFacts } from '../../config/effective.ts';
import type { Decision } from '../../config/effectiveTypes.ts';
import { trainsLora } from '../../config/method.ts';
import { planSteps, type StepPlan } from '../../config/plan.ts';
import type { Positions } from '../../config/positions.ts';
import type { FinetuneConfig } from '../../config/schema.generated.ts';
import type { PrepareProgress } from '../../data/prepare/progress.ts';
import type { DatasetReport } from '../../data/prepare/report.ts';
import { readAdapter } from '../../models/adapter.ts';
import { openModel, type ModelProgress } from '../../models/openModel.ts';
import { ProblemError, type Problem } from '../../protocol/problem.ts';
import { adapterFacts, fileFacts, machineFacts, modelFacts } from '../../trainer/facts.ts';
import { rewardModelOf } from '../../trainer/rewardModel.ts';
import { datasetOf, refuseForeignTokens } from '../../trainer/rows.ts';
import { parseConfigFile } from '../readConfig.ts';

export interface CheckOptions {
  readonly overrides: readonly string[];
  /** Look at the config alone, open neither model nor data. */
  readonly configOnly: boolean;
  readonly signal?: AbortSignal;
  readonly onModel?: (progress: ModelProgress) => void;
  readonly onData?: (progress: PrepareProgress) => void;
}

export interface CheckReport {
  readonly problems: readonly Problem[];
  /** Where each value of the effective config comes from; absent when the config cannot be used. */
  readonly decisions?: readonly Decision[];
  readonly data?: DatasetReport;
  readonly plan?: StepPlan;
}

/** Throws only what is no problem of the config, model or data, such as an abort. */
export async function checkRun(file: string, options: CheckOptions): Promise<CheckReport> {
  const { config, problems, positions } = await parseConfigFile(file, options.overrides);
  if (!config) return { problems };
  const baseDirectory = dirname(resolve(file));
  const facts: EffectiveFacts = { ...fileFacts(baseDirectory), machine: await machineFacts(config) };
  const found = checkConfig(config, facts, positions);
  if (options.configOnly || found.some(isError)) {
    return { problems: found, decisions: effectiveConfig(config, facts, positions).decisions };
  }
  try {
    return await checkModelAndData(config, positions, facts, baseDirectory, options);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { problems: [...found, ...error.problems.map((problem) => fromHere(problem, baseDirectory))] };
  }
}

async function checkModelAndData(
  config: FinetuneConfig,
  positions: Positions,
  before: EffectiveFacts,
  baseDirectory: string,
  { signal, onModel, onData }: CheckOptions,
): Promise<CheckReport> {
  const aborting = signal ? { signal } : {};
  const model = await openModel(config.model, {
    ...{ baseDirectory, ...aborting },
    ...(onModel ? { onProgress: onModel } : {}),
  });
  const initFrom = trainsLora(config) ? config.lora?.init_from : undefined;
  const adapter = initFrom === undefined ? undefined : await readAdapter(resolve(baseDirectory, initFrom));
  const facts: EffectiveFacts = {
    ...before,
    model: modelFacts(model),
    ...(adapter ? { adapter: adapterFacts(adapter.settings) } : {}),
    ...(await rewardModelOf(config, model, { baseDirectory, ...aborting })).facts,
  };
  const withModel = checkConfig(config, facts, positions);
  const first = effectiveConfig(config, facts, positions);
  if (withModel.some(isError)) return { problems: withModel, decisions: first.decisions };
  const dataset = await datasetOf(first.config, baseDirectory, model, { ...aborting, onProgress: onData });
  try {
    const { train, validation, report } = dataset;
    refuseForeignTokens([train, ...(validation ? [validation] : [])], model);
    const all: EffectiveFacts = { ...facts, rows: { train: train.length, validation: validation?.length ?? 0 } };
    const { training } = first.config;
    const rows = report.findings.map((problem) => fromHere(problem, baseDirectory));
    return {
      problems: [...checkConfig(config, all, positions), ...rows],
      decisions: effectiveConfig(config, all, positions).decisions,
      data: report,
      plan: planSteps({
        rows: train.length,
        batchSize: training.batch_size,
        accumulation: training.gradient_accumulation_steps,
        epochs: training.epochs,
        maxSteps: training.max_steps,
      }),
    };
  } finally {
    dataset.close();
  }
}

/** Places in data are relative to the config; whoever reads them here may be elsewhere. */
function fromHere(problem: Problem, baseDirectory: string): Problem {
  if (!problem.place) return problem;
  return { ...problem, place: { ...problem.place, file: resolve(baseDirectory, problem.place.file) } };
}

function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}
