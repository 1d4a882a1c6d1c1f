// The charts of a run as one: shared x, zoom and crosshair; a click asks for the rows of a step.

import type { RunModel } from '../runModel.ts';
import { createChartCard, type ChartCard, type TableTwin } from '../charts/card.ts';
import { panned, zoomed } from '../charts/panZoom.ts';
import { onThemeChange } from '../charts/theme.ts';
import { button } from '../controls.ts';
import { element, fill, type Child } from '../dom.ts';
import { afterPaint } from '../frame.ts';
import { icon } from '../icons.ts';
import { countSteps, durationSteps, learningRateText, metricText, shortDuration, shortNumber } from '../numbers.ts';
import * as series from '../seriesStore.ts';
import type { Points } from '../seriesStore.ts';
import { t } from '../strings.ts';
import { chartContent, chartSpecs, legendOf, noteOf, summaryOf, visibleRange } from './chartSpecs.ts';
import type { BoardState, ChartSpec } from './chartSpecs.ts';
import type { DashboardContext } from './context.ts';
import { pointLines, pointSentence, rowLines, tipTitle } from './pointTip.ts';
import { twinOf } from './tableTwin.ts';

export interface Board {
  /** Where the loss goes, where the charts beside it go, and where all others go. */
  readonly main: HTMLElement;
  readonly side: HTMLElement;
  readonly more: HTMLElement;
  update(model: RunModel): void;
  /** The choices of the toolbar changed. */
  choicesChanged(): void;
  resetZoom(): void;
  readonly isZoomed: () => boolean;
  readonly cards: () => readonly ChartCard[];
}

/** Charts beside the loss; together they are as high as it is. */
const sideCharts = 2;
/** Pixels that a page is asked for. */
const pageBuckets = 800;
/** After the last movement, in milliseconds, before the host is asked for a finer page. */
const settle = 120;

export function createBoard(context: DashboardContext, onZoom: () => void): Board {
  const main = element('div', { class: 'board-main' });
  const side = element('div', { class: 'board-side' });
  const more = element('div', { class: 'board-more' });
  const cards = new Map<string, { card: ChartCard; spec: ChartSpec }>();
  let range: readonly [number, number] | undefined;
  /** Finer points of what is zoomed into. */
  let page: Points | undefined;
  let current = -1;
  let pinned: { card: ChartCard; step: number } | undefined;
  let timer: number | undefined;
  let drawn = false;

  const state = (): BoardState => ({ ...context.choices(), ...(range ? { range } : {}) });
  const overview = (): Points => context.model().points;
  const points = (): Points => page ?? overview();
  const wholeRange = (): readonly [number, number] => {
    const whole = context.choices();
    const [low, high] = visibleRange(overview(), context.model().sections, whole);
    return [
      series.stepAtPosition(overview(), state().x, low),
      whole.x === 'step' ? high : series.stepAtPosition(overview(), state().x, high),
    ];
  };

  const draw = (): void => {
    const { sections } = context.model();
    const shown = points();
    for (const { card, spec } of cards.values()) {
      // The loss is what one looks for: it is drawn first, alone.
      if (!drawn && spec.id !== 'loss') continue;
      card.show({
        title: spec.title,
        note: noteOf(spec, overview(), sections),
        legend: legendOf(spec, sections),
        content: chartContent(spec, shown, sections, state()),
        summary: summaryOf(spec, overview()),
        empty: '',
      });
    }
    drawn = true;
  };

  /** Asks for what the overview leaves out. */
  const refine = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (series.isComplete(overview()) && overview().step.length <= series.mostPoints) {
      page = undefined;
      return;
    }
    timer = window.setTimeout(() => {
      timer = undefined;
      const [from, to] = range ?? [0, Number.POSITIVE_INFINITY];
      const { smoothing } = state();
      const wanted = {
        from: Math.max(0, Math.floor(from)),
        to: Math.max(0, Math.ceil(to)),
        buckets: pageBuckets,
        smoothing,
      };
      void context.ask('series', wanted).then((answer) => {
        // Meanwhile the person may have moved on.
        const [nowFrom, nowTo] = range ?? [0, Number.POSITIVE_INFINITY];
        if (!answer || nowFrom !== from || nowTo !== to || state().smoothing !== smoothing) return;
        if (range) page = series.pointsOf(answer);
        else context.replaceOverview(series.pointsOf(answer));
        draw();
      });
    }, settle);
  };

  const setRange = (next: readonly [number, number] | undefined): void => {
    const [low, high] = wholeRange();
    if (next) {
      const width = Math.max(1, Math.min(high - low, next[1] - next[0]));
      const from = Math.min(Math.max(low, next[0]), high - width);
      range = width >= (high - low) * 0.999 ? undefined : [from, from + width];
    } else range = undefined;
    if (!range) page = undefined;
    unpin();
    draw();
    refine();
    onZoom();
  };

  const toSteps = ([low, high]: readonly [number, number]): readonly [number, number] => {
    const { x } = state();
    if (x === 'step') return [low, high];
    return [series.stepAtPosition(overview(), x, low), series.stepAtPosition(overview(), x, high)];
  };

  const tipLines = (index: number): Child[] => {
    const smooth =
      state().smoothing > 0 ? series.smoothedMetric(points(), 'loss', state().smoothing)[index] : undefined;
    return pointLines(points(), index, smooth, context.model().sections.marks);
  };

  const showTip = (card: ChartCard, index: number | undefined): void => {
    showValues(index);
    if (pinned) return;
    current = index ?? -1;
    const x = index === undefined ? undefined : points()[state().x][index];
    if (index === undefined || x === undefined) {
      card.tip(undefined);
      return;
    }
    const hint = element('p', { class: 'hint' }, t('Click for the rows of this step'));
    card.tip(x, card === cards.get('loss')?.card ? [...tipLines(index), hint] : [tipTitle(points(), index), hint]);
  };

  /** The values under the crosshair, beside the title of every chart but the loss, whose tooltip has them. */
  const showValues = (index: number | undefined): void => {
    for (const { card, spec } of cards.values()) {
      const values = spec.metrics.map((name) => metricText(name, points().metrics[name]?.[index ?? -1] ?? Number.NaN));
      card.noteAt(index === undefined || spec.id === 'loss' ? undefined : values.join(' · '));
    }
  };

  const unpin = (): void => {
    pinned?.card.tip(undefined);
    pinned = undefined;
  };

  const pin = async (card: ChartCard, index: number): Promise<void> => {
    const step = points().step[index];
    const x = points()[state().x][index];
    if (step === undefined || x === undefined) return;
    unpin();
    pinned = { card, step };
    current = index;
    const close = button(icon('close'), unpin, { appearance: 'icon', ariaLabel: t('Close'), class: 'tip-close' });
    const rows = element('div', { class: 'tip-rows' }, element('p', { class: 'dim' }, t('Looking for its rows …')));
    card.tip(x, [close, ...tipLines(index), rows], true);
    const answer = await context.ask('rowsOfStep', { step });
    if (pinned?.step !== step) return;
    if (answer)
      fill(
        rows,
        rowLines(answer, (id) => void context.ask('openRow', { id })),
      );
    else fill(rows, element('p', { class: 'dim' }, t('Its rows could not be read.')));
    if (answer) context.announce(t('{0} rows of step {1}', answer.rows.length, step));
  };

  const move = (card: ChartCard, by: number): void => {
    const { length } = points().step;
    if (length === 0) return;
    unpin();
    const from = current < 0 ? length - 1 : current;
    const index = Math.max(0, Math.min(length - 1, Number.isFinite(by) ? from + by : by < 0 ? 0 : length - 1));
    card.chart.moveTo(index);
    showTip(card, index);
    context.announce(pointSentence(points(), index));
  };

  const keyZoom = (key: 'in' | 'out' | 'reset' | 'left' | 'right'): void => {
    const seen = range ?? wholeRange();
    const width = seen[1] - seen[0];
    const centre = points().step[current] ?? (seen[0] + seen[1]) / 2;
    if (key === 'reset') setRange(undefined);
    else if (key === 'in') setRange(zoomed(seen, centre, 0.5));
    else if (key === 'out') setRange(zoomed(seen, centre, 2));
    else setRange(panned(seen, key === 'left' ? -width / 2 : width / 2));
  };

  const makeCard = (spec: ChartSpec): ChartCard => {
    const table = (): TableTwin => {
      const [from, to] = range ?? [0, Number.POSITIVE_INFINITY];
      return twinOf(points(), spec.metrics, spec.id === 'loss' ? context.model().sections.evaluations : [], from, to);
    };
    const card: ChartCard = createChartCard(spec.id.replace(/\W/g, '-'), 'run', {
      formatX: (value) => (state().x === 'elapsed' ? shortDuration(value) : shortNumber(value)),
      formatY: (value) => {
        const [name = ''] = spec.metrics;
        if (name === 'memory_bytes') return metricText(name, value).replace('.00', '');
        return name === 'learning_rate' ? learningRateText(value) : shortNumber(value);
      },
      ticksX: () => (state().x === 'elapsed' ? durationSteps : countSteps),
      onRange: (seen) => setRange(toSteps(seen)),
      onCursor: (index) => showTip(card, index),
      onPick: (index) => void pin(card, index),
      onMove: (by) => move(card, by),
      onKeyZoom: keyZoom,
      onEnter: () => void pin(card, current),
      onEscape: () => {
        unpin();
        card.tip(undefined);
        card.chart.hideCursor();
      },
      table,
    });
    return card;
  };

  const reconcile = (model: RunModel): void => {
    const specs = chartSpecs(model.points, model.sections.evaluations);
    const same =
      specs.length === cards.size &&
      specs.every(({ id, metrics }) => cards.get(id)?.spec.metrics.length === metrics.length);
    if (same) return;
    for (const { card } of cards.values()) {
      card.chart.destroy();
      card.element.remove();
    }
    cards.clear();
    for (const spec of specs) {
      const card = makeCard(spec);
      cards.set(spec.id, { card, spec });
      if (spec.id === 'loss') main.prepend(card.element);
      else (side.childElementCount < sideCharts ? side : more).append(card.element);
    }
  };

  onThemeChange(() => {
    if (drawn) for (const { card } of cards.values()) card.chart.restyle();
  });

  const update = (model: RunModel): void => {
    reconcile(model);
    const growing = range !== undefined && range[1] >= (page?.step.at(-1) ?? Number.POSITIVE_INFINITY);
    if (timer === undefined && (growing || model.points.step.length > series.mostPoints)) refine();
    if (!drawn) afterPaint(() => update(context.model()));
    draw();
  };

  return {
    main,
    side,
    more,
    update,
    choicesChanged() {
      unpin();
      draw();
      refine();
    },
    resetZoom: () => setRange(undefined),
    isZoomed: () => range !== undefined,
    cards: () => [...cards.values()].map(({ card }) => card),
  };
}
