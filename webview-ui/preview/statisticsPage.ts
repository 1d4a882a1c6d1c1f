// Statistics of the file: lengths with max_length, who says how much, languages, labels, turns, findings, columns.

import { isSharedAlphabet } from '../../src/metrics/alphabets.ts';
import type { Bucket, PreviewState, PreviewStatistics } from '../../src/protocol/previewViews.ts';
import { button } from '../controls.ts';
import { element, fill, setFraction, setText, type Child } from '../dom.ts';
import { t } from '../strings.ts';
import { limitHistogram, plainHistogram } from './histogram.ts';

export interface StatisticsPage {
  readonly element: HTMLElement;
  update(state: PreviewState): void;
}

export interface StatisticsActions {
  count(all: boolean): void;
  cancel(): void;
  /** Shows the rows with a finding. */
  showFinding(code: string): void;
}

export function createStatisticsPage(actions: StatisticsActions): StatisticsPage {
  let drawn = '';
  const told = element('span', { class: 'dim', attributes: { role: 'status' } });
  const bar = element('progress', {
    class: 'bar',
    attributes: { hidden: true, max: '1', 'aria-label': t('Progress') },
  });
  const start = button(t('Count'), () => actions.count(false), { appearance: 'primary' });
  const all = button(t('Look at all rows'), () => actions.count(true));
  const stop = button(t('Stop'), () => actions.cancel());
  const body = element('div', { class: 'statistics' });
  const root = element(
    'div',
    { class: 'statistics-page', attributes: { tabindex: '0', role: 'region', 'aria-label': t('Statistics') } },
    element('div', { class: 'tools' }, told, start, all, stop),
    bar,
    body,
  );
  return {
    element: root,
    update(state) {
      const { statistics, statisticsTask: task } = state;
      start.hidden = statistics !== null || task !== undefined;
      all.hidden = task !== undefined || statistics === null || !statistics.isSample;
      stop.hidden = task === undefined;
      bar.hidden = task === undefined;
      setFraction(bar, task && task.done / Math.max(1, task.total));
      setText(told, toldOf(state));
      const key = JSON.stringify([statistics, state.config?.maxLength]);
      if (key === drawn) return;
      drawn = key;
      fill(body, ...(statistics ? cards(statistics, state, actions) : []));
    },
  };
}

function toldOf({ statistics, statisticsTask: task, rows }: PreviewState): string {
  if (task) return t('{0} of {1} rows', number(task.done), number(task.total));
  if (!statistics) return t('{0} rows have not been counted yet.', number(rows));
  return statistics.isSample
    ? t('A sample of {0} rows, chosen at random from {1}.', number(statistics.rows), number(statistics.ofRows))
    : t('All {0} rows.', number(statistics.rows));
}

function cards(statistics: PreviewStatistics, state: PreviewState, actions: StatisticsActions): Child[] {
  const unit = statistics.unit === 'tokens' ? t('tokens') : t('characters');
  const { config } = state;
  const lengthTitle = statistics.unit === 'tokens' ? t('Tokens per row') : t('Characters per row');
  return [
    card(
      lengthTitle,
      'wide',
      config && statistics.unit === 'tokens'
        ? limitHistogram(statistics.lengths, unit, config.maxLength)
        : plainHistogram(statistics.lengths, unit),
      !config && element('p', { class: 'dim' }, t('Choose a config above to count tokens instead of characters.')),
    ),
    card(t('In numbers'), '', facts(statistics)),
    ...statistics.roles.map((role) => card(t('{0} of {1}', unit, roleName(role.of)), '', plainHistogram(role, unit))),
    findingCard(statistics, actions),
    bucketCard(t('Languages of the answers'), statistics.languages, statistics.rows, languageName),
    bucketCard(t('Labels'), statistics.labels, statistics.rows, (name) => name),
    bucketCard(t('Turns'), statistics.turns.slice(0, 15), statistics.rows, (name) => name),
    columnCard(statistics),
  ];
}

function card(title: string, extra: string, ...children: readonly Child[]): HTMLElement {
  return element(
    'section',
    { class: `card ${extra}`.trim() },
    element('header', {}, element('h2', { class: 'card-title' }, title)),
    ...children,
  );
}

function facts(statistics: PreviewStatistics): HTMLElement {
  const { trainedShare, broken, refused, untrained, duplicates, rows } = statistics;
  const pairs: [string, string][] = [
    [t('rows looked at'), number(rows)],
    [t('trained share'), trainedShare === null ? '–' : percent(trainedShare)],
    [t('broken rows'), number(broken)],
    [t('duplicates'), number(duplicates)],
  ];
  if (statistics.unit === 'tokens')
    pairs.push([t('rows that teach nothing'), number(untrained)], [t('rows the template refuses'), number(refused)]);
  return element(
    'dl',
    { class: 'fact-list' },
    ...pairs.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}

function findingCard({ findings }: PreviewStatistics, actions: StatisticsActions): HTMLElement {
  if (findings.length === 0) return card(t('Findings'), '', element('p', { class: 'good' }, t('No findings.')));
  return card(
    t('Findings'),
    '',
    element(
      'ul',
      { class: 'bucket-list' },
      ...findings.map(({ name, rows, severity }) =>
        element(
          'li',
          { class: `finding-count ${severity}` },
          element(
            'button',
            { class: 'link', attributes: { type: 'button' }, on: { click: () => actions.showFinding(name) } },
            name,
          ),
          element('span', { class: 'amount' }, number(rows)),
        ),
      ),
    ),
  );
}

function bucketCard(
  title: string,
  buckets: readonly Bucket[],
  rows: number,
  nameOf: (name: string) => string,
): HTMLElement | undefined {
  if (buckets.length === 0) return undefined;
  return card(
    title,
    '',
    element(
      'ul',
      { class: 'bucket-list' },
      ...buckets.map(({ name, rows: count }) =>
        element(
          'li',
          {},
          element('span', { class: 'bucket-name' }, nameOf(name)),
          element('meter', {
            attributes: { max: '1', value: String(count / Math.max(1, rows)), 'aria-hidden': 'true' },
          }),
          element('span', { class: 'amount' }, `${number(count)} · ${percent(count / Math.max(1, rows))}`),
        ),
      ),
    ),
  );
}

function columnCard({ columns }: PreviewStatistics): HTMLElement {
  return card(
    t('Columns'),
    '',
    element(
      'ul',
      { class: 'bucket-list' },
      ...columns
        .slice(0, 40)
        .map(({ name, types, share }) =>
          element(
            'li',
            {},
            element('span', { class: 'bucket-name' }, name),
            element('span', { class: 'dim' }, types.join(', ')),
            element('span', { class: 'amount' }, percent(share)),
          ),
        ),
    ),
  );
}

function roleName(role: string): string {
  const names: Readonly<Record<string, string>> = {
    system: t('system'),
    user: t('user'),
    assistant: t('assistant'),
    tool: t('tool'),
    text: t('text'),
  };
  return names[role] ?? role;
}

function languageName(name: string): string {
  if (name === 'none') return t('not told');
  // Alphabets of many languages: which of them it is was not certain.
  return isSharedAlphabet(name) ? t('{0} letters', name) : name;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString();
}
