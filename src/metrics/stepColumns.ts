// The steps of a run as growing typed columns: a million of them in memory, a page of them for a chart.

import type { StepPoint } from '../protocol/runState.ts';
import type { SeriesPage } from '../protocol/panelViews.ts';
import type { SeriesParams } from '../protocol/webviewMessages.ts';
import { lowerBound, pickIndexes, takeAt } from './downsample.ts';
import type { StepBlock } from './stepBlock.ts';
import { smoothAt, weightForView } from './smoothing.ts';
import { createTrend } from './trend.ts';

/** Columns that every step has beside its metrics; `place` is where its line begins in the event log, in bytes. */
const axisNames = ['step', 'epoch', 'tokens', 'elapsed', 'time', 'sigma', 'place'] as const;
/** Metrics that every step has. */
const metricNames = ['loss', 'learning_rate', 'grad_norm', 'tokens_per_second', 'memory_bytes'] as const;
/** Metrics that are drawn smoothed over their raw values. */
const smoothedNames = ['loss', 'grad_norm', 'tokens_per_second'] as const;

export type ColumnName = (typeof axisNames)[number] | (typeof metricNames)[number];

/** What is known about all steps together. */
export type SummaryName = 'trend' | 'bestStep' | 'bestLoss' | 'clipped';

export type PageRequest = Omit<SeriesParams, 'run'>;

export interface StepColumns {
  readonly length: number;
  /** `place`: byte of the log where its line begins; `limit`: norm above which gradients are clipped. */
  append(point: StepPoint, place: number, limit: number | undefined): void;
  /** The same for many steps; the block may be used again afterwards. */
  appendBlock(block: StepBlock, limit: number | undefined): void;
  /** Forgets the steps above `step`. */
  rewind(step: number): void;
  clear(): void;
  /** A number of the step at an index; NaN where there is none. */
  at(index: number, name: ColumnName): number;
  /** A number of the last step, or of all of them; NaN before the first. `clipped` is a count. */
  last(name: ColumnName | SummaryName): number;
  /** Index of the first step that is at least `step`. */
  indexOf(step: number): number;
  page(request: PageRequest): SeriesPage;
  /** The steps from an index on, none left out. */
  since(index: number): SeriesPage;
}

/**
 * Empty columns. `sampled`: only some of the run's steps will be given, and each stands for those left out before it,
 * so that tokens and seconds of the run are about right.
 */
export function createStepColumns({ sampled = false } = {}): StepColumns {
  let length = 0;
  let capacity = 1024;
  let limit: number | undefined;
  let trend = createTrend();
  let bestIndex = -1;
  let clipped = 0;
  let axes = named(axisNames, () => sized(undefined, capacity));
  let metrics = new Map<string, Float64Array>([
    ...metricNames.map((name): [string, Float64Array] => [name, sized(undefined, capacity)]),
  ]);

  const metric = (name: (typeof metricNames)[number]): Float64Array => metrics.get(name)!;
  const column = (name: ColumnName): Float64Array => (isAxis(name) ? axes[name] : metric(name));
  const at = (index: number, name: ColumnName): number =>
    index >= 0 && index < length ? column(name)[index]! : Number.NaN;

  /** Takes the step at an index into what is known about all of them; returns how far its loss is off the trend. */
  const sum = (index: number): number => {
    const loss = metric('loss')[index]!;
    if (Number.isFinite(loss) && (bestIndex < 0 || loss < metric('loss')[bestIndex]!)) bestIndex = index;
    if (limit !== undefined && !(metric('grad_norm')[index]! <= limit)) clipped += 1;
    return trend.push(loss);
  };
  const sumAgain = (): void => {
    trend = createTrend();
    bestIndex = -1;
    clipped = 0;
    for (let i = 0; i < length; i++) sum(i);
  };
  const makeRoom = (steps: number): void => {
    if (length + steps <= capacity) return;
    while (length + steps > capacity) capacity *= 2;
    axes = named(axisNames, (name) => sized(axes[name], capacity));
    metrics = new Map([...metrics].map(([name, values]) => [name, sized(values, capacity)]));
  };
  const rewind = (step: number): void => {
    const kept = lowerBound(axes.step, length, step + 0.5);
    if (kept === length) return;
    for (const values of metrics.values()) values.fill(Number.NaN, kept, length);
    length = kept;
    sumAgain();
  };
  /** How many steps of the run lie in `[first, end)`, given or not. */
  const stepsIn = (first: number, end: number): number =>
    sampled && end > first ? axes.step[end - 1]! - axes.step[first]! + 1 : end - first;
  const put = (name: string, value: number): void => {
    const values = metrics.get(name) ?? sized(undefined, capacity);
    metrics.set(name, values);
    values[length] = value;
  };
  /** Takes the steps `[from, to)` of a block, which are all above the last one. */
  const appendAscending = ({ fields, metrics: further }: StepBlock, from: number, to: number): void => {
    axes.step.set(fields.step.subarray(from, to), length);
    axes.epoch.set(fields.epoch.subarray(from, to), length);
    axes.time.set(fields.time.subarray(from, to), length);
    axes.place.set(fields.place.subarray(from, to), length);
    for (const name of metricNames) metric(name).set(fields[name].subarray(from, to), length);
    for (const [name, values] of further) {
      const column = metrics.get(name) ?? sized(undefined, capacity);
      metrics.set(name, column);
      column.set(values.subarray(from, to), length);
    }
    let tokens = length === 0 ? 0 : axes.tokens[length - 1]!;
    let elapsed = length === 0 ? 0 : axes.elapsed[length - 1]!;
    for (let i = from; i < to; i++, length++) {
      axes.tokens[length] = tokens += fields.trained_tokens[i]!;
      axes.elapsed[length] = elapsed += fields.seconds[i]!;
      axes.sigma[length] = sum(length);
    }
  };
  const pageOf = (indexes: Int32Array, facts: { from: number; to: number; total: number }): SeriesPage => ({
    ...facts,
    step: takeAt(axes.step, indexes),
    epoch: takeAt(axes.epoch, indexes),
    tokens: takeAt(axes.tokens, indexes),
    elapsed: takeAt(axes.elapsed, indexes),
    time: takeAt(axes.time, indexes),
    sigma: takeAt(axes.sigma, indexes),
    metrics: Object.fromEntries([...metrics].map(([name, values]) => [name, takeAt(values, indexes)])),
    smoothed: {},
  });

  return {
    get length() {
      return length;
    },
    at,
    rewind,
    append(point, place, clippingNorm) {
      // A trainer that was killed may run steps again without having said so.
      if (length > 0 && point.step <= axes.step[length - 1]!) rewind(point.step - 1);
      makeRoom(1);
      limit = clippingNorm;
      const previous = length - 1;
      const stands = sampled ? point.step - (length === 0 ? 0 : axes.step[previous]!) : 1;
      axes.step[length] = point.step;
      axes.epoch[length] = point.epoch;
      axes.tokens[length] = (length === 0 ? 0 : axes.tokens[previous]!) + point.trained_tokens * stands;
      axes.elapsed[length] = (length === 0 ? 0 : axes.elapsed[previous]!) + point.seconds * stands;
      axes.time[length] = Date.parse(point.time);
      axes.place[length] = place;
      for (const name of metricNames) put(name, point[name]);
      for (const [name, value] of Object.entries(point.metrics ?? {})) put(name, value);
      length += 1;
      axes.sigma[length - 1] = sum(length - 1);
    },
    appendBlock(block, clippingNorm) {
      const { step } = block.fields;
      limit = clippingNorm;
      for (let from = 0, to = 0; from < block.length; from = to) {
        do to += 1;
        while (to < block.length && step[to]! > step[to - 1]!);
        if (length > 0 && step[from]! <= axes.step[length - 1]!) rewind(step[from]! - 1);
        makeRoom(to - from);
        appendAscending(block, from, to);
      }
    },
    clear() {
      metrics = new Map(metricNames.map((name) => [name, sized(undefined, capacity)]));
      length = 0;
      sumAgain();
    },
    last(name) {
      if (name === 'trend') return trend.mean;
      if (name === 'clipped') return clipped;
      if (name === 'bestStep') return at(bestIndex, 'step');
      if (name === 'bestLoss') return at(bestIndex, 'loss');
      return at(length - 1, name);
    },
    indexOf: (step) => lowerBound(axes.step, length, step),
    page({ from, to, buckets, smoothing }) {
      const first = lowerBound(axes.step, length, from);
      const end = Math.max(first, lowerBound(axes.step, length, to + 0.5));
      const indexes = pickIndexes([...metrics.values()], first, end, Math.round(buckets));
      const weight = weightForView(smoothing, end - first);
      const smoothed = named(smoothedNames, (name) => smoothAt(metric(name), indexes, weight));
      return { ...pageOf(indexes, { from, to, total: stepsIn(first, end) }), smoothed };
    },
    since(index) {
      const indexes = Int32Array.from({ length: Math.max(0, length - index) }, (_, i) => index + i);
      const from = index < length ? axes.step[index]! : 0;
      return pageOf(indexes, { from, to: Number.POSITIVE_INFINITY, total: indexes.length });
    },
  };
}

/** A column of a capacity that begins with these values; NaN is what was never told. */
function sized(values: Float64Array | undefined, capacity: number): Float64Array {
  const column = new Float64Array(capacity);
  if (values) column.set(values);
  return column.fill(Number.NaN, values?.length ?? 0);
}

function named<const N extends string, T>(names: readonly N[], make: (name: N) => T): Record<N, T> {
  // Every name is made below; the cast-free form would list them by hand.
  const made: Partial<Record<N, T>> = {};
  for (const name of names) made[name] = make(name);
  return made as Record<N, T>;
}

function isAxis(name: ColumnName): name is (typeof axisNames)[number] {
  return axisNames.some((axis) => axis === name);
}
