// The first tab: the board of charts with its toolbar, and the prompt watch.

import { button, checkbox, dropdown, slider } from '../controls.ts';
import { element, setText } from '../dom.ts';
import { icon } from '../icons.ts';
import type { XAxis } from '../seriesStore.ts';
import { t } from '../strings.ts';
import { createBoard, type Board } from './board.ts';
import type { DashboardContext, Part } from './context.ts';
import { createPromptWatch } from './promptWatch.ts';

export interface ChartsTab extends Part {
  /** Stands beside the tabs; only useful while this tab is shown. */
  readonly toolbar: HTMLElement;
  readonly board: Board;
}

export function createChartsTab(context: DashboardContext, openSamples: () => void): ChartsTab {
  const { x, smoothing, log } = context.choices();
  const reset = button([icon('reset'), t('Reset zoom')], () => board.resetZoom(), {
    class: 'reset-zoom',
    attributes: { hidden: '' },
  });
  const board = createBoard(context, () => (reset.hidden = !board.isZoomed()));
  const watch = createPromptWatch(openSamples);
  const amount = element('output', { class: 'amount' }, smoothing.toFixed(2));
  const axes: { value: XAxis; label: string }[] = [
    { value: 'step', label: t('step') },
    { value: 'tokens', label: t('tokens') },
    { value: 'elapsed', label: t('time') },
  ];
  const toolbar = element(
    'div',
    { class: 'chart-tools', attributes: { role: 'toolbar', 'aria-label': t('Charts') } },
    reset,
    dropdown(t('x axis'), axes, x, (value) => {
      context.choose({ x: value });
      board.choicesChanged();
    }),
    element(
      'span',
      { class: 'labelled' },
      element('span', { attributes: { 'aria-hidden': 'true' } }, t('smoothing')),
      amount,
      slider(t('Smoothing'), { min: 0, max: 0.99, step: 0.01, value: smoothing }, (value) => {
        setText(amount, value.toFixed(2));
        context.choose({ smoothing: value });
        board.choicesChanged();
      }),
    ),
    checkbox(t('log'), log, (checked) => {
      context.choose({ log: checked });
      board.choicesChanged();
    }),
  );
  const grid = element('div', { class: 'board' }, board.main, board.side, watch.element, board.more);
  const waiting = element(
    'div',
    { class: 'friendly' },
    element('h2', {}, t('The first step has not been taken yet')),
    element('p', {}, t('Loss, learning rate, gradient norm, speed and memory are drawn here from the first step on.')),
  );
  return {
    toolbar,
    board,
    element: element('div', {}, waiting, grid),
    update(model) {
      const empty = model.points.step.length === 0;
      waiting.hidden = !empty;
      grid.hidden = empty;
      toolbar.classList.toggle('idle', empty);
      if (empty) return;
      board.update(model);
      watch.update(model);
    },
  };
}
