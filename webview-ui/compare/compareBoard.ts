// The overlaid charts of the compare panel: shared zoom and crosshair, one line a run.

import { createChartCard, type ChartCard } from '../charts/card.ts';
import { panned, zoomed } from '../charts/panZoom.ts';
import { onThemeChange } from '../charts/theme.ts';
import { pickIndexes } from '../../src/metrics/downsample.ts';
import { element, type Child } from '../dom.ts';
import { countSteps, durationSteps, metricText, shortDuration, shortNumber } from '../numbers.ts';
import { t } from '../strings.ts';
import type { ChartContent } from '../charts/chart.ts';
import { comparedMetrics, metricTitle, overlaid, type CompareRun, type CompareState } from './compareModel.ts';

export interface CompareBoard {
  readonly element: HTMLElement;
  update(runs: readonly CompareRun[], state: CompareState): void;
}

/** `onRange` is told what the person zoomed into; undefined for everything. */
export function createCompareBoard(
  state: () => CompareState,
  onRange: (range: readonly [number, number] | undefined) => void,
  announce: (text: string) => void,
): CompareBoard {
  const place = element('div', { class: 'compare-board' });
  const cards = new Map<string, ChartCard>();
  const contents = new Map<string, ChartContent>();
  let runs: readonly CompareRun[] = [];
  let current = -1;

  const whole = (metric: string): readonly [number, number] => {
    const { range: _, ...rest } = state();
    return overlaid(metric, runs, rest).range;
  };
  const tipLines = (metric: string, index: number): Child[] => {
    const content = contents.get(metric);
    if (!content) return [];
    const x = content.x[index] ?? 0;
    const rows = content.lines.map((line, i) => {
      const value = nearest(line.values, index);
      const swatch = element('span', { class: `swatch ${line.dash ? 'dashed' : 'line'} ${line.color}` });
      const text = Number.isNaN(value) ? '–' : metricText(metric === 'evaluation' ? 'loss' : metric, value);
      return element(
        'li',
        {},
        element('span', { class: 'tip-run' }, swatch, runs[i]?.run.head.title ?? ''),
        element('span', { class: 'value' }, text),
      );
    });
    return [
      element('p', { class: 'tip-title' }, positionText(state().x, x)),
      element('ul', { class: 'rows' }, ...rows),
    ];
  };

  const makeCard = (metric: string): ChartCard => {
    const show = (index: number | undefined): void => {
      current = index ?? -1;
      const x = index === undefined ? undefined : contents.get(metric)?.x[index];
      if (index === undefined || x === undefined) card.tip(undefined);
      else card.tip(x, tipLines(metric, index));
    };
    const card: ChartCard = createChartCard(metric.replace(/\W/g, '-'), 'compare', {
      formatX: (value) => (state().x === 'elapsed' ? shortDuration(value) : shortNumber(value)),
      formatY: (value) =>
        metric === 'memory_bytes' ? metricText(metric, value).replace('.00', '') : shortNumber(value),
      ticksX: () => (state().x === 'elapsed' ? durationSteps : countSteps),
      onRange: (range) => {
        const [low, high] = whole(metric);
        const width = Math.min(high - low, range[1] - range[0]);
        const from = Math.min(Math.max(low, range[0]), high - width);
        onRange(width >= (high - low) * 0.999 ? undefined : [from, from + width]);
      },
      onCursor: show,
      onPick: () => undefined,
      onMove(by) {
        const length = contents.get(metric)?.x.length ?? 0;
        if (length === 0) return;
        const from = current < 0 ? length - 1 : current;
        const next = Math.max(0, Math.min(length - 1, Number.isFinite(by) ? from + by : by < 0 ? 0 : length - 1));
        card.chart.moveTo(next);
        show(next);
        announce(spokenPoint(metric, contents.get(metric), next, state()));
      },
      onKeyZoom(key) {
        const seen = state().range ?? whole(metric);
        const centre = contents.get(metric)?.x[current] ?? (seen[0] + seen[1]) / 2;
        const width = seen[1] - seen[0];
        if (key === 'reset') onRange(undefined);
        else if (key === 'in' || key === 'out') onRange(zoomed(seen, centre, key === 'in' ? 0.5 : 2));
        else onRange(panned(seen, key === 'left' ? -width / 2 : width / 2));
      },
      onEnter: () => undefined,
      onEscape: () => {
        card.tip(undefined);
        card.chart.hideCursor();
      },
      table: () => tableTwin(metric, contents.get(metric), state()),
    });
    return card;
  };

  onThemeChange(() => {
    for (const card of cards.values()) card.chart.restyle();
  });

  return {
    element: place,
    update(next, view) {
      runs = next;
      const metrics = comparedMetrics(runs);
      if (metrics.join(' ') !== [...cards.keys()].join(' ')) {
        for (const card of cards.values()) card.chart.destroy();
        cards.clear();
        for (const metric of metrics) cards.set(metric, makeCard(metric));
        place.replaceChildren(...[...cards.values()].map((card) => card.element));
      }
      for (const [metric, card] of cards) {
        const content = overlaid(metric, runs, view);
        contents.set(metric, content);
        card.show({
          title: metricTitle(metric),
          note: '',
          legend: [],
          content,
          summary: t('{0} runs. Arrow keys move the crosshair.', runs.length),
          empty: content.x.length === 0 ? t('No values yet.') : '',
        });
      }
    },
  };
}

/** The value at an index, or the last one before it: runs do not share their steps. */
function nearest(values: readonly number[], index: number): number {
  const last = values.findLastIndex(Number.isFinite);
  if (index > last) return Number.NaN;
  for (let i = index; i >= 0; i--) if (!Number.isNaN(values[i])) return values[i]!;
  return Number.NaN;
}

function positionText(axis: CompareState['x'], value: number): string {
  if (axis === 'elapsed') return t('after {0}', shortDuration(Math.round(value)));
  return axis === 'tokens' ? t('{0} tokens', shortNumber(value)) : t('step {0}', shortNumber(value));
}

function spokenPoint(metric: string, content: ChartContent | undefined, index: number, state: CompareState): string {
  const values = content?.lines.map((line) => `${line.label} ${shortNumber(nearest(line.values, index))}`) ?? [];
  return `${positionText(state.x, content?.x[index] ?? 0)}, ${metricTitle(metric)}: ${values.join(', ')}`;
}

function tableTwin(metric: string, content: ChartContent | undefined, state: CompareState) {
  if (!content) return { columns: [], rows: [], note: '' };
  const [low, high] = content.range;
  const first = content.x.findIndex((x) => x >= low);
  const last = content.x.findLastIndex((x) => x <= high);
  const columns = content.lines.map(({ values }) => Float64Array.from(values));
  const indexes = first < 0 ? [] : [...pickIndexes(columns, first, last + 1, 20)];
  return {
    columns: [positionName(state.x), ...content.lines.map(({ label }) => label)],
    rows: indexes.map((index) => [
      state.x === 'elapsed' ? shortDuration(Math.round(content.x[index]!)) : shortNumber(content.x[index]!),
      ...content.lines.map(({ values }) =>
        metricText(metric === 'evaluation' ? 'loss' : metric, nearest(values, index)),
      ),
    ]),
    note: '',
  };
}

function positionName(axis: CompareState['x']): string {
  if (axis === 'elapsed') return t('time');
  return axis === 'tokens' ? t('tokens') : t('step');
}
