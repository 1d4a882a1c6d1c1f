// Guards for what panels are sent; each field of panelViews.ts is checked, and the compiler sees to it that none is missing.

import type { DecisionReport, EventOf, Remedy, RunPlan } from './events.ts';
import * as is from './guards.ts';
import type { Guard } from './guards.ts';
import type * as view from './panelViews.ts';

const statuses: Guard<view.PanelStatus> = is.oneOf(
  'queued',
  'starting',
  'preparing',
  'running',
  'paused',
  'completed',
  'early_stopped',
  'stopped',
  'failed',
  'interrupted',
);

const isHead = is.shape<view.RunHead>({
  id: is.text,
  title: is.text,
  status: statuses,
  statusReason: is.optional(is.text),
  note: is.optional(is.text),
  created: is.text,
  configFile: is.text,
  actions: is.list<view.PanelAction>(
    is.oneOf('pause', 'resume', 'checkpointNow', 'stopAndSave', 'stopNow', 'setLearningRate', 'resumeRun'),
    20,
  ),
  machineMemoryBytes: is.optional(is.number),
});

const isNow = is.shape<view.RunNow>({
  step: is.count,
  epoch: is.number,
  loss: is.number,
  learningRate: is.number,
  peakLearningRate: is.optional(is.number),
  gradNorm: is.number,
  best: is.shape<view.RunNow['best']>({ step: is.count, loss: is.number }),
  trend: is.number,
  tokensPerSecond: is.number,
  memoryBytes: is.number,
  tokens: is.number,
  elapsed: is.number,
  secondsLeft: is.optional(is.number),
  clipped: is.optional(is.number),
});

const isPlan = is.shape<RunPlan>({
  total_steps: is.count,
  epochs: is.number,
  steps_per_epoch: is.number,
  rows_per_step: is.number,
  train_rows: is.count,
  validation_rows: is.count,
  train_tokens: is.number,
  trained_tokens: is.number,
  learning_rate: is.number,
});

const isDecision = is.shape<DecisionReport>({
  path: is.text,
  value: is.json,
  source: is.oneOf('file', 'override', 'default', 'auto'),
  reason: is.optional(is.text),
});

const isConfig = is.dictionary(is.json, 10_000);

const isSetup = is.shape<view.RunSetup>({
  plan: isPlan,
  model: is.shape<EventOf<'started'>['model']>({
    architecture: is.text,
    total_parameters: is.number,
    trainable_parameters: is.number,
    context_length: is.number,
  }),
  device: is.text,
  threads: is.number,
  config: isConfig,
  decisions: is.list(isDecision, 10_000),
  estimates: is.shape<EventOf<'started'>['estimates']>({
    memory_bytes: is.optional(is.number),
    seconds: is.optional(is.number),
    disk_bytes: is.optional(is.number),
    flops_per_step: is.optional(is.number),
  }),
  probedBytes: is.optional(is.number),
});

const isProgress = is.shape<NonNullable<view.RunSections['progress']>>({
  stage: is.oneOf('config', 'model', 'data', 'engine', 'export'),
  message: is.text,
  fraction: is.optional(is.number),
  seconds_left: is.optional(is.number),
});

const isEvaluation = is.shape<view.EvaluationPoint>({
  step: is.count,
  loss: is.number,
  perplexity: is.optional(is.number),
  best: is.flag,
  seconds: is.number,
  metrics: is.optional(is.dictionary(is.number, 1000)),
});

const isSample = is.shape<view.SamplePoint>({ step: is.count, prompt: is.text, answer: is.text, tokens: is.number });

const isMark = is.shape<view.ChartMark>({
  kind: is.oneOf('checkpoint', 'warning', 'setting', 'restart', 'failure'),
  step: is.count,
  text: is.text,
});

const isTimelineEntry = is.shape<view.TimelineEntry>({
  seq: is.count,
  time: is.text,
  type: is.text,
  level: is.oneOf('info', 'good', 'warning', 'error'),
  step: is.optional(is.count),
  text: is.text,
  details: is.optional(is.list(is.text)),
});

const isScalar: Guard<string | number | boolean> = (value): value is string | number | boolean =>
  is.text(value) || is.number(value) || is.flag(value);

const isRemedy = is.shape<Remedy>({
  text: is.text,
  set: is.optional(is.dictionary(isScalar, 1000)),
  saves: is.optional(
    is.shape<NonNullable<Remedy['saves']>>({
      memory_bytes: is.optional(is.number),
      disk_bytes: is.optional(is.number),
    }),
  ),
});

const isCrash = is.shape<view.CrashCard>({
  step: is.optional(is.count),
  code: is.text,
  message: is.text,
  place: is.optional(is.text),
  details: is.list(is.text),
  evidence: is.list(is.text),
  remedies: is.list(isRemedy, 100),
});

const isResult = is.shape<view.RunResult>({
  outcome: is.oneOf('completed', 'stopped', 'early_stopped'),
  kind: is.optional(is.oneOf('adapter', 'model')),
  path: is.optional(is.text),
  seconds: is.number,
  tokensPerSecond: is.number,
  peakMemoryBytes: is.number,
});

const isFacts = is.shape<view.FactGroup>({
  title: is.text,
  facts: is.list(is.shape<view.FactGroup['facts'][number]>({ name: is.text, value: is.text }), 1000),
});

const isPrevious = is.shape<NonNullable<view.RunSections['previous']>>({ title: is.text, config: isConfig });

const sectionGuards: { readonly [S in keyof view.RunSections]: Guard<view.RunSections[S]> } = {
  head: isHead,
  setup: orNull(isSetup),
  progress: orNull(isProgress),
  now: orNull(isNow),
  evaluations: is.list(isEvaluation),
  samples: is.list(isSample, 10_000),
  marks: is.list(isMark),
  timeline: is.list(isTimelineEntry, 20_000),
  crash: orNull(isCrash),
  result: orNull(isResult),
  system: is.list(isFacts, 100),
  previous: orNull(isPrevious),
  problems: is.list(is.text, 10_000),
};

export const isRunSections: Guard<view.RunSections> = (value): value is view.RunSections =>
  is.isObject(value) && Object.entries(sectionGuards).every(([name, guard]) => guard(value[name]));

/** Some of the sections, each of them whole. */
export const isSomeRunSections: Guard<Partial<view.RunSections>> = (value): value is Partial<view.RunSections> =>
  is.isObject(value) &&
  Object.entries(sectionGuards).every(([name, guard]) => !Object.hasOwn(value, name) || guard(value[name]));

const hasPageFields = is.shape<view.SeriesPage>({
  from: is.number,
  to: is.number,
  total: is.count,
  step: is.float64,
  epoch: is.float64,
  tokens: is.float64,
  elapsed: is.float64,
  time: is.float64,
  metrics: is.dictionary(is.float64, 1000),
  sigma: is.float64,
  smoothed: is.dictionary(is.float64, 1000),
});

/** A page whose columns are all equally long. */
export const isSeriesPage: Guard<view.SeriesPage> = (value): value is view.SeriesPage => {
  if (!hasPageFields(value)) return false;
  const { step, epoch, tokens, elapsed, time, sigma } = value;
  const columns = [
    epoch,
    tokens,
    elapsed,
    time,
    sigma,
    ...Object.values(value.metrics),
    ...Object.values(value.smoothed),
  ];
  return columns.every((column) => column.length === step.length);
};

export const isComparedRun: Guard<view.ComparedRun> = is.shape<view.ComparedRun>({
  head: isHead,
  setup: orNull(isSetup),
  now: orNull(isNow),
  evaluations: is.list(isEvaluation),
  samples: is.list(isSample, 10_000),
  result: orNull(isResult),
  page: isSeriesPage,
});

function orNull<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}
