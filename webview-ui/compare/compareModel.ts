// What the compare panel works out of its runs: overlaid curves, differing settings, a table of results. Pure.

import type { ComparedRun } from '../../src/protocol/panelViews.ts';
import { formatBytes, formatCount, formatDuration, formatLoss } from '../../src/metrics/numberText.ts';
import type { ChartContent, ChartLine } from '../charts/chart.ts';
import type { SeriesColor } from '../charts/theme.ts';
import { differences, flatten, type ConfigDifference } from '../configValues.ts';
import { metricText } from '../numbers.ts';
import { pointsOf, positionOfStep, smoothedMetric, type Points, type XAxis } from '../seriesStore.ts';
import { t } from '../strings.ts';

/** How a run's line looks: ten can be told apart. */
export interface RunStyle {
  readonly color: SeriesColor;
  readonly dashed: boolean;
}

const colors: readonly SeriesColor[] = ['blue', 'yellow', 'green', 'purple', 'red'];

export function runStyle(index: number): RunStyle {
  return { color: colors[index % colors.length]!, dashed: index >= colors.length };
}

export interface CompareRun {
  readonly run: ComparedRun;
  readonly points: Points;
  readonly style: RunStyle;
}

export function compareRuns(runs: readonly ComparedRun[]): CompareRun[] {
  return runs.map((run, index) => ({ run, points: pointsOf(run.page), style: runStyle(index) }));
}

export interface CompareState {
  readonly x: XAxis;
  readonly smoothing: number;
  readonly log: boolean;
  /** What is seen of the x axis, in its own unit. */
  readonly range?: readonly [number, number];
}

/** Charts that runs are compared by: the metrics that any of them has. */
export function comparedMetrics(runs: readonly CompareRun[]): string[] {
  const fixed = ['loss', 'evaluation', 'learning_rate', 'grad_norm', 'tokens_per_second', 'memory_bytes'];
  const names = new Set(runs.flatMap(({ points }) => Object.keys(points.metrics)));
  const further = [...names].filter((name) => !fixed.includes(name)).toSorted();
  const evaluated = runs.some(({ run }) => run.evaluations.length > 0);
  return [...fixed.filter((name) => (name === 'evaluation' ? evaluated : names.has(name))), ...further];
}

/** One metric of all runs over one x: what a run has no value for is a hole that its line goes over. */
export function overlaid(metric: string, runs: readonly CompareRun[], state: CompareState): ChartContent {
  const series = runs.map((run) => seriesOf(metric, run, state));
  const x = [...new Set(series.flatMap((points) => points.map(([place]) => place)))].toSorted((a, b) => a - b);
  const index = new Map(x.map((place, i) => [place, i]));
  const lines = runs.map(({ run, style }, i): ChartLine => {
    const values = new Array<number>(x.length).fill(Number.NaN);
    for (const [place, value] of series[i]!) values[index.get(place)!] = value;
    return {
      label: run.head.title,
      color: style.color,
      ...(style.dashed ? { dash: [5, 3] } : {}),
      width: 1.75,
      alpha: 1,
      spanGaps: true,
      values,
    };
  });
  const high = Math.max(...runs.map(({ points }) => points[state.x].at(-1) ?? 0), x.at(-1) ?? 0);
  return {
    x,
    lines,
    overlays: [],
    range: state.range ?? [0, high > 0 ? high : 1],
    log: state.log && (metric === 'loss' || metric === 'evaluation' || metric === 'grad_norm'),
    fromZero: metric !== 'loss' && metric !== 'evaluation' && !metric.includes('/'),
  };
}

function seriesOf(metric: string, { run, points }: CompareRun, { x, smoothing }: CompareState): [number, number][] {
  if (metric === 'evaluation') {
    return run.evaluations.map(({ step, loss }) => [positionOfStep(points, x, step), loss]);
  }
  const exact = metric === 'learning_rate' || metric === 'memory_bytes';
  const values = exact ? (points.metrics[metric] ?? []) : smoothedMetric(points, metric, smoothing);
  return values.map((value, i) => [points[x][i]!, value]);
}

export function metricTitle(metric: string): string {
  const names: Readonly<Record<string, string>> = {
    loss: t('Loss'),
    evaluation: t('Evaluation loss'),
    learning_rate: t('Learning rate'),
    grad_norm: t('Gradient norm'),
    tokens_per_second: t('Tokens per second'),
    memory_bytes: t('Memory'),
  };
  return names[metric] ?? metric;
}

/** Settings that are not the same in all runs. */
export function differingSettings(runs: readonly ComparedRun[]): ConfigDifference[] {
  return differences(runs.map(({ setup }) => flatten(setup?.config ?? {})));
}

export interface MetricRow {
  readonly run: ComparedRun;
  readonly index: number;
  /** By column; undefined where the run has no such number. */
  readonly values: Readonly<Record<MetricColumn, number | undefined>>;
}

export const metricColumns = ['steps', 'loss', 'evaluation', 'speed', 'memory', 'time', 'tokens'] as const;
export type MetricColumn = (typeof metricColumns)[number];

/** Columns of which less is better; of the others more is. */
export const lessIsBetter: ReadonlySet<MetricColumn> = new Set(['loss', 'evaluation', 'memory', 'time']);

export function metricRows(runs: readonly ComparedRun[]): MetricRow[] {
  return runs.map((run, index) => {
    const { now, result, evaluations } = run;
    const losses = evaluations.map(({ loss }) => loss).filter(Number.isFinite);
    return {
      run,
      index,
      values: {
        steps: now?.step,
        loss: now?.trend,
        evaluation: losses.length === 0 ? undefined : Math.min(...losses),
        speed: result?.tokensPerSecond ?? now?.tokensPerSecond,
        memory: result?.peakMemoryBytes ?? now?.memoryBytes,
        time: result?.seconds ?? now?.elapsed,
        tokens: now?.tokens,
      },
    };
  });
}

/** In the order of a column; runs without a number come last either way. */
export function sorted(rows: readonly MetricRow[], column: MetricColumn | 'run', descending: boolean): MetricRow[] {
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    if (column === 'run') return sign * a.run.head.title.localeCompare(b.run.head.title, 'en', { numeric: true });
    const left = a.values[column];
    const right = b.values[column];
    if (left === undefined || Number.isNaN(left)) return right === undefined ? 0 : 1;
    if (right === undefined || Number.isNaN(right)) return -1;
    return sign * (left - right);
  });
}

/** The best value of a column, when it is worth saying. What a run cost counts only when it came to its end. */
export function bestOf(rows: readonly MetricRow[], column: MetricColumn): number | undefined {
  if (column === 'steps' || column === 'tokens') return undefined;
  const fair = column === 'loss' || column === 'evaluation' ? rows : rows.filter(({ run }) => run.result !== null);
  const numbers = fair
    .map((row) => row.values[column])
    .filter((value): value is number => value !== undefined && Number.isFinite(value));
  if (new Set(numbers.map((value) => cellText(column, value))).size < 2) return undefined;
  return lessIsBetter.has(column) ? Math.min(...numbers) : Math.max(...numbers);
}

export function columnTitle(column: MetricColumn): string {
  const names: Readonly<Record<MetricColumn, string>> = {
    steps: t('steps'),
    loss: t('loss, smoothed'),
    evaluation: t('lowest evaluation loss'),
    speed: t('tokens/s'),
    memory: t('memory'),
    time: t('time'),
    tokens: t('tokens trained'),
  };
  return names[column];
}

export function cellText(column: MetricColumn, value: number | undefined): string {
  if (value === undefined) return '–';
  if (column === 'steps' || column === 'tokens') return formatCount(value);
  if (column === 'memory') return formatBytes(value);
  if (column === 'time') return formatDuration(value);
  return column === 'speed' ? metricText('tokens_per_second', value) : formatLoss(value);
}
