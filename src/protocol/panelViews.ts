// What panels show, as the host sends it: sections of a run that change one by one, and pages of its series.

import type { DecisionReport, EventOf, Remedy } from './events.ts';
import type { RunPhase } from './runState.ts';

/** What a run is doing. `interrupted`: its process is gone and it had not ended; `queued`: it waits for its turn. */
export type PanelStatus = RunPhase | 'interrupted' | 'queued';

/** What a person may do with the run now; the panel shows exactly these. */
export type PanelAction =
  'pause' | 'resume' | 'checkpointNow' | 'stopAndSave' | 'stopNow' | 'setLearningRate' | 'resumeRun';

/** Who the run is and where it stands. */
export interface RunHead {
  /** Name of the run's folder. */
  readonly id: string;
  readonly title: string;
  readonly status: PanelStatus;
  /** Why it stands there, where that is not plain: an interruption's cause, a place in the queue. */
  readonly statusReason?: string;
  readonly note?: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Config file as a person in the workspace would write it. */
  readonly configFile: string;
  readonly actions: readonly PanelAction[];
  /** Memory of the machine that the run is or was on. */
  readonly machineMemoryBytes?: number;
}

/** The numbers of this moment, worked out by the host over all steps. */
export interface RunNow {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  /** The peak of the schedule that is in force. */
  readonly peakLearningRate?: number;
  readonly gradNorm: number;
  /** Lowest training loss of a step so far; NaN while no loss was finite. */
  readonly best: { readonly step: number; readonly loss: number };
  /** The loss without its noise; see metrics/trend.ts. */
  readonly trend: number;
  readonly tokensPerSecond: number;
  readonly memoryBytes: number;
  /** Trained so far. */
  readonly tokens: number;
  /** Seconds of training so far, pauses and restarts left out. */
  readonly elapsed: number;
  readonly secondsLeft?: number;
  /** Share of steps whose gradient norm was above the clipping limit, 0…1. */
  readonly clipped?: number;
}

/**
 * Steps of a run as columns of equal length. In a long run only some steps are given: of each bucket the first, the
 * last and those where a metric is lowest or highest, so that no spike is lost. Numbers may be NaN.
 */
export interface SeriesPage {
  /** Steps asked for, both included; `from` 0 and `to` Infinity for all. */
  readonly from: number;
  readonly to: number;
  /** Steps of the run inside the range; equal to the length of the columns when nothing is left out. */
  readonly total: number;
  readonly step: Float64Array;
  readonly epoch: Float64Array;
  /** Tokens trained up to and with the step. */
  readonly tokens: Float64Array;
  /** Seconds of training up to and with the step. */
  readonly elapsed: Float64Array;
  /** When the step ended, milliseconds since 1970. */
  readonly time: Float64Array;
  /** `loss`, `learning_rate`, `grad_norm`, `tokens_per_second`, `memory_bytes`, and whatever the events bring. */
  readonly metrics: Readonly<Record<string, Float64Array>>;
  /** The loss's distance from its trend in standard deviations. */
  readonly sigma: Float64Array;
  /** Smoothed over all steps, not only those given; only for metrics that were asked for. */
  readonly smoothed: Readonly<Record<string, Float64Array>>;
}

export interface EvaluationPoint {
  readonly step: number;
  readonly loss: number;
  readonly perplexity?: number;
  readonly best: boolean;
  readonly seconds: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface SamplePoint {
  readonly step: number;
  readonly prompt: string;
  readonly answer: string;
  readonly tokens: number;
}

/** Something that happened at a step and is marked on the charts. */
export interface ChartMark {
  readonly kind: 'checkpoint' | 'warning' | 'setting' | 'restart' | 'failure';
  readonly step: number;
  readonly text: string;
}

/** A line of the event list. */
export interface TimelineEntry {
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly type: string;
  readonly level: 'info' | 'good' | 'warning' | 'error';
  readonly step?: number;
  readonly text: string;
  readonly details?: readonly string[];
}

export interface CrashCard {
  readonly step?: number;
  readonly code: string;
  readonly message: string;
  /** `file:line:column` of the cause, where it lies in a file. */
  readonly place?: string;
  readonly details: readonly string[];
  readonly evidence: readonly string[];
  readonly remedies: readonly Remedy[];
}

export interface RunResult {
  readonly outcome: 'completed' | 'stopped' | 'early_stopped';
  readonly kind?: 'adapter' | 'model';
  readonly path?: string;
  readonly seconds: number;
  readonly tokensPerSecond: number;
  readonly peakMemoryBytes: number;
}

/** What was planned when the first step began. */
export interface RunSetup {
  readonly plan: EventOf<'started'>['plan'];
  readonly model: EventOf<'started'>['model'];
  readonly device: string;
  readonly threads: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly decisions: readonly DecisionReport[];
  readonly estimates: EventOf<'started'>['estimates'];
  /** Peak memory of the step that needs the most, where it was tried before the first one. */
  readonly probedBytes?: number;
}

/** A group of named facts about the machine, the versions, the hashes … */
export interface FactGroup {
  readonly title: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

/** Everything a dashboard shows but its series; each field is replaced as a whole. `null`: there is none (any more). */
export interface RunSections {
  readonly head: RunHead;
  readonly setup: RunSetup | null;
  readonly progress: Pick<EventOf<'progress'>, 'stage' | 'message' | 'fraction' | 'seconds_left'> | null;
  readonly now: RunNow | null;
  readonly evaluations: readonly EvaluationPoint[];
  /** The newest ones. */
  readonly samples: readonly SamplePoint[];
  readonly marks: readonly ChartMark[];
  /** The newest ones, oldest first. */
  readonly timeline: readonly TimelineEntry[];
  readonly crash: CrashCard | null;
  readonly result: RunResult | null;
  readonly system: readonly FactGroup[];
  /** The run before this one, to tell what is different. */
  readonly previous: { readonly title: string; readonly config: Readonly<Record<string, unknown>> } | null;
  /** Events lost or lines that could not be read, as sentences. */
  readonly problems: readonly string[];
}

/** A run as the compare panel shows it. */
export interface ComparedRun {
  readonly head: RunHead;
  readonly setup: RunSetup | null;
  readonly now: RunNow | null;
  readonly evaluations: readonly EvaluationPoint[];
  readonly samples: readonly SamplePoint[];
  readonly result: RunResult | null;
  readonly page: SeriesPage;
}
