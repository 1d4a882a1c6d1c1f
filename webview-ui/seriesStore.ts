// The steps that a panel has: an overview of the whole run that grows with it, and a page of what is zoomed into.

import type { SeriesPage } from '../src/protocol/panelViews.ts';
import { smooth, weightForView } from '../src/metrics/smoothing.ts';

export type XAxis = 'step' | 'tokens' | 'elapsed';

/** Columns as charts read them; `total` counts the steps in its range, given or not. */
export interface Points {
  readonly step: readonly number[];
  readonly epoch: readonly number[];
  readonly tokens: readonly number[];
  readonly elapsed: readonly number[];
  readonly time: readonly number[];
  readonly sigma: readonly number[];
  readonly metrics: Readonly<Record<string, readonly number[]>>;
  /** As the host smoothed them, as far as it knew. */
  readonly smoothed: Readonly<Record<string, readonly number[]>>;
  readonly total: number;
}

export const noPoints: Points = {
  step: [],
  epoch: [],
  tokens: [],
  elapsed: [],
  time: [],
  sigma: [],
  metrics: {},
  smoothed: {},
  total: 0,
};

/** More points than these make drawing slow: the overview is asked for anew. */
export const mostPoints = 12_000;

export function pointsOf(page: SeriesPage): Points {
  return {
    step: [...page.step],
    epoch: [...page.epoch],
    tokens: [...page.tokens],
    elapsed: [...page.elapsed],
    time: [...page.time],
    sigma: [...page.sigma],
    metrics: mapped(page.metrics, (column) => [...column]),
    smoothed: mapped(page.smoothed, (column) => [...column]),
    total: page.total,
  };
}

/** True when no step of the range is left out. */
export function isComplete(points: Points): boolean {
  return points.total === points.step.length;
}

/** With the steps above `step` forgotten. */
export function rewound(points: Points, step: number): Points {
  const kept = firstAbove(points.step, step);
  const cut = (column: readonly number[]): number[] => column.slice(0, kept);
  return {
    step: cut(points.step),
    epoch: cut(points.epoch),
    tokens: cut(points.tokens),
    elapsed: cut(points.elapsed),
    time: cut(points.time),
    sigma: cut(points.sigma),
    metrics: mapped(points.metrics, cut),
    smoothed: mapped(points.smoothed, cut),
    total: points.total - (points.step.length - kept),
  };
}

/** With new steps at the end; those known already are passed over. A metric that is new has NaN for the steps before. */
export function extended(points: Points, page: SeriesPage): Points {
  const { length } = points.step;
  const last = points.step.at(-1) ?? Number.NEGATIVE_INFINITY;
  const fresh = page.step.findIndex((step) => step > last);
  if (fresh < 0) return points;
  const added = (column: Float64Array): Float64Array => column.subarray(fresh);
  const metrics: Record<string, readonly number[]> = {};
  for (const name of new Set([...Object.keys(points.metrics), ...Object.keys(page.metrics)])) {
    const before = points.metrics[name] ?? Array.from({ length }, () => Number.NaN);
    const after = page.metrics[name];
    metrics[name] = [...before, ...(after ? added(after) : Array.from(added(page.step), () => Number.NaN))];
  }
  return {
    step: [...points.step, ...added(page.step)],
    epoch: [...points.epoch, ...added(page.epoch)],
    tokens: [...points.tokens, ...added(page.tokens)],
    elapsed: [...points.elapsed, ...added(page.elapsed)],
    time: [...points.time, ...added(page.time)],
    sigma: [...points.sigma, ...added(page.sigma)],
    metrics,
    smoothed: points.smoothed,
    total: points.total + page.step.length - fresh,
  };
}

/**
 * A metric smoothed at every point. Complete points are smoothed here, so that a slider answers at once; otherwise the
 * host's values are gone on with.
 */
export function smoothedMetric(points: Points, name: string, weight: number): readonly number[] {
  const raw = points.metrics[name] ?? [];
  const effective = weightForView(weight, points.total);
  if (isComplete(points)) return smooth(raw, effective);
  const known = points.smoothed[name] ?? [];
  const smoothed = known.slice(0, raw.length);
  let mean = known.findLast(Number.isFinite) ?? Number.NaN;
  for (let i = smoothed.length; i < raw.length; i++) {
    const value = raw[i]!;
    if (Number.isFinite(value)) mean = Number.isNaN(mean) ? value : effective * mean + (1 - effective) * value;
    smoothed.push(Number.isFinite(value) ? mean : value);
  }
  return smoothed;
}

/** Where a step lies on an axis; between two points on the straight line between them. */
export function positionOfStep(points: Points, axis: XAxis, step: number): number {
  return interpolated(points.step, points[axis], step);
}

/** The step at a position of an axis, not rounded. */
export function stepAtPosition(points: Points, axis: XAxis, position: number): number {
  return interpolated(points[axis], points.step, position);
}

/** Index of the point that is nearest to a step; -1 without points. */
export function nearestIndex(points: Points, step: number): number {
  const { length } = points.step;
  if (length === 0) return -1;
  const above = Math.min(length - 1, firstAbove(points.step, step));
  const below = Math.max(0, above - 1);
  return step - points.step[below]! <= points.step[above]! - step ? below : above;
}

function interpolated(from: readonly number[], to: readonly number[], value: number): number {
  if (from.length === 0) return value;
  const above = firstAbove(from, value);
  if (above === 0) return from[0] === value ? to[0]! : extrapolated(from[0]!, to[0]!, value);
  if (above === from.length) return extrapolated(from.at(-1)!, to.at(-1)!, value);
  const low = from[above - 1]!;
  const share = (value - low) / (from[above]! - low);
  return to[above - 1]! + share * (to[above]! - to[above - 1]!);
}

/** Outside of what is known: in proportion from zero. */
function extrapolated(known: number, at: number, value: number): number {
  return known === 0 ? at : (value / known) * at;
}

function firstAbove(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mapped<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
