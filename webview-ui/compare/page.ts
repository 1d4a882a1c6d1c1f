// The compare panel put together: toolbar, overlaid charts, tables.

import type { ComparedRun } from '../../src/protocol/panelViews.ts';
import { createAnnouncer } from '../announcer.ts';
import { button, checkbox, dropdown, slider } from '../controls.ts';
import { element, fill, setText } from '../dom.ts';
import type { Host } from '../host.ts';
import { icon } from '../icons.ts';
import { createNotices } from '../notices.ts';
import type { XAxis } from '../seriesStore.ts';
import { t } from '../strings.ts';
import { createCompareBoard } from './compareBoard.ts';
import { compareRuns, type CompareRun, type CompareState } from './compareModel.ts';
import { resultsTable, runName, samplesTable, settingsTable, type Sorting } from './tables.ts';

export interface ComparePage {
  update(runs: readonly ComparedRun[]): void;
}

export function createComparePage(root: HTMLElement, host: Host): ComparePage {
  let runs: readonly CompareRun[] = [];
  let state: CompareState = { x: 'step', smoothing: 0.9, log: false };
  let sorting: Sorting = { column: 'evaluation', descending: false };
  let shownTables = '';
  const announcer = createAnnouncer();
  const notices = createNotices();
  const ask = (method: 'openRun' | 'removeRun', run: string): void => {
    host.request(method, { run }).catch((error: unknown) => {
      notices.show(error instanceof Error ? error.message : String(error));
    });
  };

  const title = element('h1');
  const legend = element('ul', { class: 'legend', attributes: { 'aria-label': t('Runs') } });
  const results = region(t('Results'));
  const settings = region(t('Settings that differ'));
  const samples = region(t('Last answers'));
  const reset = button([icon('reset'), t('Reset zoom')], () => change({ range: undefined }), {
    attributes: { hidden: '' },
  });
  const board = createCompareBoard(
    () => state,
    (range) => change({ range }),
    (text) => announcer.say(text),
  );

  const change = (next: { [K in keyof CompareState]?: CompareState[K] | undefined }): void => {
    const { range, ...rest } = { ...state, ...next };
    state = {
      x: rest.x ?? 'step',
      smoothing: rest.smoothing ?? 0.9,
      log: rest.log ?? false,
      ...(range ? { range } : {}),
    };
    reset.hidden = range === undefined;
    board.update(runs, state);
  };

  const drawTables = (): void => {
    const compared = runs.map(({ run }) => run);
    const key = JSON.stringify([compared.map(({ page: _, ...rest }) => rest), sorting]);
    if (key === shownTables) return;
    shownTables = key;
    const sort = (next: Sorting): void => {
      sorting = next;
      drawTables();
      // The table is new: the focus goes back to the head that was used.
      results.body.querySelector<HTMLElement>('[aria-sort$=ending] button')?.focus();
    };
    const actions = { open: (run: string) => ask('openRun', run), remove: (run: string) => ask('removeRun', run) };
    fill(results.body, resultsTable(compared, sorting, sort, actions));
    fill(settings.body, settingsTable(compared));
    fill(samples.body, samplesTable(compared));
  };

  const amount = element('output', { class: 'amount' }, state.smoothing.toFixed(2));
  const axes: { value: XAxis; label: string }[] = [
    { value: 'step', label: t('step') },
    { value: 'tokens', label: t('tokens') },
    { value: 'elapsed', label: t('time') },
  ];
  const tools = element(
    'div',
    { class: 'chart-tools', attributes: { role: 'toolbar', 'aria-label': t('Charts') } },
    reset,
    dropdown(t('aligned by'), axes, state.x, (x) => change({ x, range: undefined })),
    element(
      'span',
      { class: 'labelled' },
      element('span', { attributes: { 'aria-hidden': 'true' } }, t('smoothing')),
      amount,
      slider(t('Smoothing'), { min: 0, max: 0.99, step: 0.01, value: state.smoothing }, (smoothing) => {
        setText(amount, smoothing.toFixed(2));
        change({ smoothing });
      }),
    ),
    checkbox(t('log'), state.log, (log) => change({ log })),
  );
  fill(
    root,
    element('header', { class: 'run-head' }, element('div', { class: 'compare-name' }, title, legend), tools),
    board.element,
    results.card,
    settings.card,
    samples.card,
    notices.element,
    announcer.element,
  );

  return {
    update(compared) {
      runs = compareRuns(compared);
      host.memory.write({ runs: compared.map(({ head }) => head.id) });
      setText(title, t('{0} runs', runs.length));
      fill(legend, ...compared.map((run, index) => element('li', {}, runName(run, index))));
      board.update(runs, state);
      drawTables();
    },
  };
}

function region(title: string): { card: HTMLElement; body: HTMLElement } {
  const body = element('div', {
    class: 'table-place',
    attributes: { tabindex: '0', role: 'region', 'aria-label': title },
  });
  return {
    card: element(
      'section',
      { class: 'card' },
      element('header', {}, element('h2', { class: 'card-title' }, title)),
      body,
    ),
    body,
  };
}
