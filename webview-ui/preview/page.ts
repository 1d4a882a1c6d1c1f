// The dataset preview put together: head with the config, rows beside the selected one, statistics.

import type { PreviewState } from '../../src/protocol/previewViews.ts';
import { formatBytes } from '../../src/metrics/numberText.ts';
import { dropdown } from '../controls.ts';
import { element, fill, setFraction, setText } from '../dom.ts';
import { icon } from '../icons.ts';
import { createMenu } from '../menu.ts';
import { createNotices } from '../notices.ts';
import { t } from '../strings.ts';
import { createTabs } from '../tabs.ts';
import type { PreviewHost } from './previewHost.ts';
import { createQueryBar } from './queryBar.ts';
import { createRowList } from './rowList.ts';
import { createRowPane } from './rowPane.ts';
import { createStatisticsPage } from './statisticsPage.ts';

export interface PreviewPage {
  update(state: PreviewState): void;
  /** Shows the row that the cursor stands in. */
  selectRow(row: number): void;
}

export function createPreviewPage(root: HTMLElement, host: PreviewHost): PreviewPage {
  let state: PreviewState | undefined;
  let wanted = -1;
  let shownVersion = -1;
  let configKey = '';
  const notices = createNotices();
  const failed = (error: unknown): void => notices.show(error instanceof Error ? error.message : String(error));
  const tell = (asked: Promise<unknown>): void => void asked.catch(failed);

  const showRow = (row: number): void => {
    wanted = row;
    host.request('detail', { row }).then(
      (detail) => {
        if (wanted === row) pane.show(detail);
      },
      (error: unknown) => {
        if (wanted === row) pane.say(error instanceof Error ? error.message : String(error));
      },
    );
  };
  const open = (row: number): void => tell(host.request('openRow', { row }));
  const list = createRowList(
    async (from, count) => (await host.request('page', { from, count })).rows,
    ({ row }) => showRow(row),
    open,
  );
  const pane = createRowPane({
    open,
    copy: (row) => tell(host.request('copyRow', { row })),
    exclude: (row, excluded) => tell(host.request('exclude', { rows: [row], excluded })),
  });
  pane.say(t('Choose a row.'));
  const bar = createQueryBar(
    (query) => tell(host.request('query', query)),
    () => tell(host.request('cancel', {})),
  );
  const statistics = createStatisticsPage({
    count: (all) => tell(host.request('statistics', { all })),
    cancel: () => tell(host.request('cancel', {})),
    showFinding: (code) => {
      tabs.select('rows');
      bar.addFilter({ kind: 'finding', code });
    },
  });
  const rowsPage = element(
    'div',
    { class: 'rows-page' },
    bar.element,
    element('div', { class: 'rows-and-row' }, list.element, pane.element),
  );
  const tabs = createTabs(
    t('Parts of the preview'),
    [
      { name: 'rows', label: t('Rows'), content: rowsPage },
      { name: 'statistics', label: t('Statistics'), content: statistics.element },
    ],
    'rows',
    (name) => {
      if (name === 'rows') list.redraw();
      else if (state?.statistics === null && state.statisticsTask === undefined && state.isIndexed)
        tell(host.request('statistics', { all: false }));
    },
  );

  const title = element('h1');
  const facts = element('p', { class: 'dim' });
  const configPlace = element('div', { class: 'config-place' });
  const menu = createMenu(t('More actions'), icon('more'));
  menu.setItems([
    { label: t('Convert …'), run: () => tell(host.request('convert', {})) },
    { label: t('Export rows in view …'), run: () => tell(host.request('exportView', {})) },
    {
      label: t('Exclude rows in view …'),
      apart: true,
      run: () => tell(host.request('excludeView', { excluded: true })),
    },
    { label: t('Include rows in view again'), run: () => tell(host.request('excludeView', { excluded: false })) },
    { label: t('Open config'), apart: true, run: () => tell(host.request('openConfig', {})) },
  ]);
  const progress = element('progress', { class: 'bar', attributes: { max: '1', 'aria-label': t('Reading the file') } });
  const problem = element('p', { class: 'problem', attributes: { role: 'alert' } });
  fill(
    root,
    element(
      'header',
      { class: 'preview-head' },
      element('div', { class: 'preview-name' }, title, facts),
      configPlace,
      menu.element,
    ),
    progress,
    problem,
    tabs.list,
    tabs.pages,
    notices.element,
  );

  const drawConfig = ({ config, configs, configProblem }: PreviewState): void => {
    const key = JSON.stringify([config?.name, configs, configProblem]);
    if (key === configKey) return;
    configKey = key;
    const none = config ? [] : [{ value: '', label: t('none') }];
    const choices = [...none, ...configs.map((name) => ({ value: name, label: name }))];
    fill(
      configPlace,
      configs.length > 0 &&
        dropdown(t('config'), choices, config?.name ?? '', (name) => {
          if (name !== '') tell(host.request('useConfig', { name }));
        }),
      configProblem !== undefined && element('span', { class: 'problem' }, configProblem),
      configs.length === 0 &&
        element('span', { class: 'dim' }, t('No config in this workspace: tokens are not known.')),
    );
  };

  return {
    update(next) {
      state = next;
      setText(title, next.name);
      setText(facts, factsOf(next));
      progress.hidden = next.isIndexed || next.problem !== undefined;
      setFraction(progress, next.indexed);
      problem.hidden = next.problem === undefined;
      setText(problem, next.problem ?? '');
      drawConfig(next);
      list.update(next.view.rows, next.version);
      bar.update(next);
      statistics.update(next);
      if (next.version !== shownVersion) {
        shownVersion = next.version;
        if (list.selected !== undefined) showRow(list.selected);
      }
    },
    selectRow(row) {
      host.request('position', { row }).then(({ position }) => {
        if (position < 0) return;
        list.select(position, row);
        showRow(row);
      }, failed);
    },
  };
}

function factsOf({ kind, isGzip, bytes, looks, rows, isIndexed, indexed, excluded }: PreviewState): string {
  const kinds = { lines: 'JSON Lines', array: 'JSON', csv: 'CSV', parquet: 'Parquet' };
  const parts = [
    isIndexed
      ? t('{0} rows', rows.toLocaleString())
      : t('{0} rows so far ({1} %)', rows.toLocaleString(), Math.floor(100 * indexed)),
    looks === 'unknown' ? t('no known format') : looks,
    isGzip ? `${kinds[kind]}, gzip` : kinds[kind],
    formatBytes(bytes),
  ];
  if (excluded > 0) parts.push(t('{0} excluded', excluded.toLocaleString()));
  return parts.join(' · ');
}
