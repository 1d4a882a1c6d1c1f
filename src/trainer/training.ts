// What one training run is made of: everything the loop needs, passed in, and the state that a checkpoint keeps of it.

import type { Schedule } from '../config/schedule.ts';
import type { TokenisedDataset } from '../data/dataset.ts';
import type { RowOrder } from '../data/order.ts';
import type { TrainingSession } from '../engine/session.ts';
import type { EventDraft } from '../protocol/events.ts';
import type { CheckpointStore } from './checkpoint/store.ts';
import type { Control } from './control.ts';
import type { DrawnAnswersPlan } from './drawnAnswers.ts';
import type { LearningRateChange } from './learningRates.ts';
import type { PromptWatch } from './promptWatch.ts';

export interface TrainingSettings {
  readonly totalSteps: number;
  /** Tokens of a sequence that several rows may share; undefined = one row a sequence. */
  readonly capacity: number | undefined;
  /** Whether the loss is that of tokens, so that its exponential is a perplexity. */
  readonly isLikelihood: boolean;
  /** Steps between evaluations; the end is always evaluated. */
  readonly evaluateEvery: number;
  readonly evaluateAtStart: boolean;
  /** Steps between checkpoints; the end is always saved. */
  readonly checkpointEvery: number;
  /** Whether the checkpoint with the lowest evaluation loss is kept. */
  readonly keepBest: boolean;
  readonly earlyStopping: { readonly patience: number; readonly minDelta: number } | undefined;
}

export interface Training {
  readonly session: TrainingSession;
  readonly train: TokenisedDataset;
  /** Undefined when there are no validation rows. */
  readonly validation: TokenisedDataset | undefined;
  readonly order: RowOrder;
  readonly schedule: Schedule;
  readonly settings: TrainingSettings;
  /** How answers to the rows are drawn; absent where the rows themselves are learned from. */
  readonly drawing?: DrawnAnswersPlan | undefined;
  readonly watch?: PromptWatch | undefined;
  readonly control: Control;
  readonly checkpoints: CheckpointStore;
  /** Numbers, dates and sends an event. */
  readonly report: (event: EventDraft) => void;
  /** Hears of the state after each step and evaluation. */
  readonly track: (state: TrainerState) => void;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
  /** Where to begin: the state of the checkpoint that the session was restored from, or `freshState`. */
  readonly state: TrainerState;
}

/** What a checkpoint keeps besides tensors. Everything that later steps depend on is here, in the seed and in the data. */
export interface TrainerState {
  /** Optimiser steps done. */
  readonly step: number;
  readonly learningRates: readonly LearningRateChange[];
  /** The lowest evaluation loss so far. */
  readonly best: { readonly step: number; readonly loss: number } | undefined;
  /** Evaluations in a row that were not better. */
  readonly worseEvaluations: number;
  readonly totals: RunTotals;
}

/** What the steps up to here took, over all processes. */
export interface RunTotals {
  readonly seconds: number;
  readonly tokens: number;
  readonly trainedTokens: number;
  readonly peakMemoryBytes: number;
}

export const freshState: TrainerState = {
  step: 0,
  learningRates: [],
  best: undefined,
  worseEvaluations: 0,
  totals: { seconds: 0, tokens: 0, trainedTokens: 0, peakMemoryBytes: 0 },
};

export interface TrainingEnd {
  readonly outcome: 'completed' | 'stopped' | 'early_stopped';
  readonly state: TrainerState;
}
