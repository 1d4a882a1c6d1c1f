// A chart as a table: few enough rows to be read, the lowest and highest values among them.

import type { EvaluationPoint } from '../../src/protocol/panelViews.ts';
import { pickIndexes } from '../../src/metrics/downsample.ts';
import { formatCount, formatLoss } from '../../src/metrics/numberText.ts';
import type { TableTwin } from '../charts/card.ts';
import { metricText } from '../numbers.ts';
import type { Points } from '../seriesStore.ts';
import { t } from '../strings.ts';

/** Up to four rows come of each. */
const buckets = 40;

/** Steps from `from` to `to` with some metrics; evaluations get a column of their own when there are any. */
export function twinOf(
  points: Points,
  metrics: readonly string[],
  evaluations: readonly EvaluationPoint[],
  from: number,
  to: number,
): TableTwin {
  const first = points.step.findIndex((step) => step >= from);
  const last = points.step.findLastIndex((step) => step <= to);
  const columns = metrics.map((name) => points.metrics[name] ?? []);
  const typed = columns.map((column) => Float64Array.from(column));
  const indexes = first < 0 || last < first ? [] : [...pickIndexes(typed, first, last + 1, buckets)];
  const evaluated = new Map(evaluations.map(({ step, loss }) => [step, loss]));
  const extra = evaluated.size > 0;
  return {
    columns: [t('step'), ...metrics.map(columnName), ...(extra ? [t('evaluation loss')] : [])],
    rows: indexes.map((index) => {
      const step = points.step[index]!;
      const evaluation = evaluated.get(step);
      return [
        formatCount(step),
        ...metrics.map((name, i) => metricText(name, columns[i]?.[index] ?? Number.NaN)),
        ...(extra ? [evaluation === undefined ? '' : formatLoss(evaluation)] : []),
      ];
    }),
    note:
      indexes.length < last - first + 1
        ? t('{0} of {1} steps, lowest and highest included', indexes.length, points.total)
        : '',
  };
}

function columnName(metric: string): string {
  const names: Readonly<Record<string, string>> = {
    loss: t('loss'),
    learning_rate: t('learning rate'),
    grad_norm: t('gradient norm'),
    tokens_per_second: t('tokens/s'),
    memory_bytes: t('memory'),
  };
  return names[metric] ?? metric;
}
