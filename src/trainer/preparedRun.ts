// What a preparation hands to the trainer process: everything of a run but its folder and its control.

import type { Schedule } from '../config/schedule.ts';
import type { TokenisedDataset } from '../data/dataset.ts';
import type { RowOrder } from '../data/order.ts';
import type { TrainingSession } from '../engine/session.ts';
import type { DecisionReport, Estimates, EventBodies, ModelReport, RunPlan } from '../protocol/events.ts';
import type { Problem } from '../protocol/problem.ts';
import type { RunHashes, RunManifest } from '../runs/manifest.ts';
import type { CheckpointLayout, CheckpointSettings } from './checkpoint/store.ts';
import type { DrawnAnswersPlan } from './drawnAnswers.ts';
import type { FailureContext } from './failures.ts';
import type { HeavyStep, StepsAhead } from './memoryProbe.ts';
import type { PromptWatch } from './promptWatch.ts';
import type { TrainerState, TrainingSettings } from './training.ts';

export interface PreparedRun {
  /** The effective config as plain data, and where each value comes from. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly decisions: readonly DecisionReport[];
  readonly plan: RunPlan;
  readonly model: ModelReport;
  readonly device: string;
  readonly threads: number;
  readonly estimates: Estimates;
  readonly hashes: RunHashes;
  /** Versions of the libraries that compute, beyond those that come with this package. */
  readonly versions: Readonly<Record<string, string>>;
  readonly session: TrainingSession;
  readonly train: TokenisedDataset;
  readonly validation: TokenisedDataset | undefined;
  readonly order: RowOrder;
  readonly schedule: Schedule;
  readonly settings: TrainingSettings;
  /** The step whose memory is worth a try before those that are ahead; absent where an engine needs what was counted. */
  readonly chooseProbe?: ((ahead: StepsAhead) => HeavyStep | undefined) | undefined;
  /** How answers to the rows are drawn, for objectives that learn from rewards. */
  readonly drawing?: DrawnAnswersPlan | undefined;
  /** Absent where no prompt is watched. */
  readonly watch?: PromptWatch | undefined;
  readonly checkpoints: CheckpointSettings;
  /** How often it may go on from the last checkpoint after one of its processes was lost. */
  readonly maxRestarts: number;
  readonly layout: CheckpointLayout;
  /** Writes the session's weights as an adapter or model into a folder that is not there yet. */
  readonly result: { readonly kind: 'adapter' | 'model'; write(folder: string): Promise<void> };
  /** Where the result is copied to, absolute. */
  readonly output: string | undefined;
  /** Findings that do not stop the run. */
  readonly warnings: readonly Problem[];
  /** What helps to give advice when the run fails. */
  readonly advice: Pick<FailureContext, 'config' | 'estimateMemory'>;
  /** Hears how far the run came and what that took, for the estimate of the next one. */
  learnSpeed?(state: TrainerState): Promise<void>;
  /** Closes what only the rows need; the session is closed on its own. */
  close(): void;
}

export interface PrepareRequest {
  readonly runFolder: string;
  readonly manifest: RunManifest;
  readonly onProgress: (progress: EventBodies['progress']) => void;
  /** Hears of settings as soon as they are known, for advice about a failure on the way. */
  readonly onAdvice: (advice: PreparedRun['advice']) => void;
  /** Takes what the torch engine's worker and its libraries print. */
  readonly onEngineOutput: (text: string) => void;
  readonly signal: AbortSignal;
}

export type PrepareRun = (request: PrepareRequest) => Promise<PreparedRun>;

/** A config that cannot be used: exit code 2 instead of 1. */
export class BadConfigError extends Error {
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.name = 'BadConfigError';
    this.cause = cause;
  }
}
