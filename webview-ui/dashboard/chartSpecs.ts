// Which charts a run has, and what each draws: from the metrics that its events bring. Pure.

import type { RunSections } from '../../src/protocol/panelViews.ts';
import { formatLoss } from '../../src/metrics/numberText.ts';
import type { ChartContent, ChartLine } from '../charts/chart.ts';
import type { LegendEntry } from '../charts/card.ts';
import type { Overlay } from '../charts/overlays.ts';
import type { SeriesColor } from '../charts/theme.ts';
import { metricText } from '../numbers.ts';
import { positionOfStep, smoothedMetric, type Points, type XAxis } from '../seriesStore.ts';
import { t } from '../strings.ts';
import { expectedMemory } from './tiles.ts';

export interface BoardState {
  readonly x: XAxis;
  /** Share of the past, 0 up to below 1. */
  readonly smoothing: number;
  readonly log: boolean;
  /** Steps that are seen; absent: all. */
  readonly range?: readonly [number, number];
}

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** Metrics by their name in the events, one line each. */
  readonly metrics: readonly string[];
  readonly color: SeriesColor;
  readonly smoothed: boolean;
  readonly fromZero: boolean;
  /** Follows the switch for a logarithmic axis. */
  readonly logarithmic: boolean;
}

const groupColors: readonly SeriesColor[] = ['blue', 'yellow', 'green', 'purple', 'cyan', 'rose'];

/** The loss is the main chart and comes first. */
export function chartSpecs(points: Points, evaluations: RunSections['evaluations']): ChartSpec[] {
  const spec = (id: string, title: string, color: SeriesColor, smoothed = false, fromZero = true): ChartSpec => ({
    id,
    title,
    metrics: [id],
    color,
    smoothed,
    fromZero,
    logarithmic: id === 'loss' || id === 'grad_norm',
  });
  const fixed = [
    spec('loss', t('Loss'), 'blue', true, false),
    spec('learning_rate', t('Learning rate'), 'green'),
    spec('grad_norm', t('Gradient norm'), 'purple', true),
    spec('tokens_per_second', t('Tokens per second'), 'cyan', true),
    spec('memory_bytes', t('Memory'), 'rose'),
  ];
  const known = new Set(fixed.map(({ id }) => id));
  const names = new Set([
    ...Object.keys(points.metrics),
    ...evaluations.flatMap(({ metrics = {} }) => Object.keys(metrics)),
  ]);
  const groups = new Map<string, string[]>();
  for (const name of [...names].filter((each) => !known.has(each)).toSorted()) {
    const slash = name.lastIndexOf('/');
    const group = slash > 0 ? name.slice(0, slash) : name;
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const further = [...groups].map(([group, metrics]): ChartSpec => {
    return { id: group, title: group, metrics, color: 'blue', smoothed: true, fromZero: false, logarithmic: false };
  });
  return [...fixed, ...further];
}

/** What a chart draws. With several metrics only their smoothed lines are drawn, so that they can be told apart. */
export function chartContent(spec: ChartSpec, points: Points, sections: RunSections, state: BoardState): ChartContent {
  const lines = spec.metrics.flatMap((name, index): ChartLine[] => {
    const values = points.metrics[name];
    if (!values) return [];
    const color = lineColor(spec, index);
    const plain = { label: name, color, values, alpha: 1, width: 1.5 };
    if (!spec.smoothed || state.smoothing === 0) return [plain];
    const smooth = { ...plain, width: 2, values: smoothedMetric(points, name, state.smoothing) };
    if (spec.metrics.length > 1) return [smooth];
    return [{ ...plain, label: `${name} raw`, width: 1, alpha: 0.4 }, smooth];
  });
  return {
    x: points[state.x],
    lines,
    overlays:
      spec.id === 'loss' ? lossOverlays(points, sections, state) : evaluationLines(spec, points, sections, state),
    range: visibleRange(points, sections, state),
    log: state.log && spec.logarithmic,
    fromZero: spec.fromZero,
  };
}

export function lineColor(spec: ChartSpec, index: number): SeriesColor {
  return spec.metrics.length === 1 ? spec.color : groupColors[index % groupColors.length]!;
}

/** A spike that is worth a red point. */
export const spikeSigma = 4;
/** More red points than these mean nothing. */
const mostSpots = 40;

function lossOverlays(points: Points, sections: RunSections, state: BoardState): Overlay[] {
  const place = (step: number): number => positionOfStep(points, state.x, step);
  const evaluation: Overlay = {
    kind: 'line',
    color: 'yellow',
    dashed: true,
    points: sections.evaluations.map(({ step, loss }) => ({ x: place(step), y: loss })),
  };
  const marks = sections.marks.map(({ kind, step }): Overlay => ({ kind: 'foot', sign: kind, x: place(step) }));
  const loss = points.metrics['loss'] ?? [];
  const spikes = points.sigma
    .map((sigma, index) => ({ sigma, index }))
    .filter(({ sigma, index }) => sigma >= spikeSigma || !Number.isFinite(loss[index]))
    .toSorted((a, b) => b.sigma - a.sigma)
    .slice(0, mostSpots)
    .map(({ index }): Overlay => ({ kind: 'spot', x: points[state.x][index]!, y: loss[index]! }));
  return [...marks, evaluation, ...spikes];
}

function evaluationLines(spec: ChartSpec, points: Points, sections: RunSections, state: BoardState): Overlay[] {
  return spec.metrics.flatMap((name, index): Overlay[] => {
    const told = sections.evaluations.flatMap(({ step, metrics }) => {
      const value = metrics?.[name];
      return value === undefined ? [] : [{ x: positionOfStep(points, state.x, step), y: value }];
    });
    return told.length === 0 ? [] : [{ kind: 'line', color: lineColor(spec, index), dashed: true, points: told }];
  });
}

/** The x that is seen: what the person zoomed into, or the whole run with room for what is still to come. */
export function visibleRange(points: Points, sections: RunSections, state: BoardState): [number, number] {
  if (state.range) {
    return [positionOfStep(points, state.x, state.range[0]), positionOfStep(points, state.x, state.range[1])];
  }
  const last = points[state.x].at(-1) ?? 0;
  const lastStep = points.step.at(-1) ?? 0;
  const total = sections.setup?.plan.total_steps ?? lastStep;
  if (state.x !== 'step') return [0, last > 0 ? last : 1];
  // Halves of the plan, so that the first steps fill the chart and it moves rarely.
  let end = Math.max(total, lastStep, 1);
  while (end / 2 >= lastStep * 1.02 && end > 10) end /= 2;
  return [0, end];
}

export function legendOf(spec: ChartSpec, sections: RunSections): LegendEntry[] {
  if (spec.id !== 'loss') {
    return spec.metrics.length === 1
      ? []
      : spec.metrics.map((name, index) => ({
          label: name.slice(name.lastIndexOf('/') + 1),
          color: lineColor(spec, index),
        }));
  }
  const has = (kind: string): boolean => sections.marks.some((mark) => mark.kind === kind);
  return [
    { label: t('training'), color: 'blue' },
    ...(sections.evaluations.length > 0 ? [entry(t('evaluation'), 'yellow', 'dashed')] : []),
    ...(has('checkpoint') ? [entry(t('checkpoint'), 'green', 'checkpoint')] : []),
    ...(has('warning') ? [entry(t('warning'), 'yellow', 'warning')] : []),
    ...(has('setting') ? [entry(t('changed setting'), 'purple', 'setting')] : []),
    ...(has('restart') ? [entry(t('restart'), 'foreground', 'restart')] : []),
  ];
}

function entry(label: string, color: SeriesColor, sign: NonNullable<LegendEntry['sign']>): LegendEntry {
  return { label, color, sign };
}

/** The words beside a chart's title. */
export function noteOf(spec: ChartSpec, points: Points, sections: RunSections): string {
  const { now, setup } = sections;
  if (!now) return '';
  if (spec.id === 'grad_norm' && now.clipped !== undefined) {
    return t(
      'clipped in {0} of steps',
      `${(now.clipped * 100).toFixed(now.clipped > 0 && now.clipped < 0.1 ? 1 : 0)} %`,
    );
  }
  if (spec.id === 'memory_bytes' && setup) return expectedMemory(setup);
  if (spec.id === 'loss') return '';
  const [name] = spec.metrics;
  const last = name === undefined ? undefined : points.metrics[name]?.at(-1);
  return spec.metrics.length > 1 || last === undefined || name === undefined ? '' : metricText(name, last);
}

/** One sentence on a chart for those who cannot see it. */
export function summaryOf(spec: ChartSpec, points: Points): string {
  const parts = spec.metrics.flatMap((name) => {
    const values = (points.metrics[name] ?? []).filter(Number.isFinite);
    const [first] = values;
    const last = values.at(-1);
    if (first === undefined || last === undefined) return [];
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    const text = (value: number): string => metricText(name, value);
    const numbers = t('from {0} to {1}, lowest {2}, highest {3}', text(first), text(last), text(low), text(high));
    return [spec.metrics.length > 1 ? `${name}: ${numbers}` : numbers];
  });
  return parts.length === 0 ? t('No values yet.') : `${parts.join('; ')}. ${t('Arrow keys move the crosshair.')}`;
}

/** A deviation in words, when it is worth one: `4.1 σ above the trend`. */
export function sigmaText(sigma: number): string {
  if (!Number.isFinite(sigma)) return t('not a finite number');
  if (Math.abs(sigma) < 2.5) return '';
  const size = Math.abs(sigma) >= 100 ? '> 100' : Math.abs(sigma).toFixed(1);
  return sigma > 0 ? t('{0} σ above the trend', size) : t('{0} σ below the trend', size);
}

/** Loss as tooltips and tables write it. */
export function lossText(value: number | undefined): string {
  return value === undefined ? '' : formatLoss(value);
}
