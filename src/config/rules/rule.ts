// What a cross-field rule is: a pure function from a config and facts to findings, under one stable code.

import type { Severity } from '../../protocol/problem.ts';
import type { ConfigFacts } from '../facts.ts';
import { planSteps } from '../plan.ts';
import { defaults, type FinetuneConfig } from '../schema.generated.ts';

/** One finding; `checkConfig` turns its path into a place. */
export interface Finding {
  readonly path: string;
  /** What to underline: the field's name, or its value (the default). */
  readonly part?: 'key' | 'value';
  readonly message: string;
}

export interface CodeInfo {
  /** `config/kebab-case`; docs/config-problems.md explains it under `#config-kebab-case`. */
  readonly code: string;
  readonly severity: Severity;
  /** When it appears, for the documentation and the editor. */
  readonly summary: string;
}

export interface ConfigRule extends CodeInfo {
  readonly check: (config: FinetuneConfig, facts: ConfigFacts) => Finding[];
}

/** The schedule that will be used. */
export function schedulerOf(config: FinetuneConfig): string {
  return config.training?.lr_scheduler ?? defaults.training.lr_scheduler;
}

/** Optimiser steps of the run; undefined while the number of rows is not known. */
export function totalStepsOf(config: FinetuneConfig, facts: ConfigFacts): number | undefined {
  const training = config.training ?? {};
  if (training.max_steps === undefined && facts.rows === undefined) return undefined;
  return planSteps({
    rows: facts.rows?.train ?? 0,
    batchSize: training.batch_size ?? defaults.training.batch_size,
    accumulation: training.gradient_accumulation_steps ?? defaults.training.gradient_accumulation_steps,
    epochs: training.epochs ?? defaults.training.epochs,
    maxSteps: training.max_steps,
  }).totalSteps;
}

/** Training files as a list, each with its path in the config. */
export function trainFiles(config: FinetuneConfig): { file: string; path: string }[] {
  const { train } = config.data;
  if (typeof train === 'string') return [{ file: train, path: 'data.train' }];
  return train.map((item, index) => ({ file: item.path, path: `data.train[${index}].path` }));
}

/** Whether a run has rows to validate on, as far as is known. */
export function hasValidation(config: FinetuneConfig, facts: ConfigFacts): boolean {
  return config.data.validation !== 0 && facts.rows?.validation !== 0;
}
