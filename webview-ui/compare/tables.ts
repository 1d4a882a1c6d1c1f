// The tables of the compare panel: results that can be sorted, settings that differ, answers side by side.

import type { ComparedRun, SamplePoint } from '../../src/protocol/panelViews.ts';
import { formatCount } from '../../src/metrics/numberText.ts';
import { answerText, verdictNote } from '../answers.ts';
import { valueText } from '../configValues.ts';
import { button, linkButton } from '../controls.ts';
import { byPrompt } from '../dashboard/promptWatch.ts';
import { statusPill } from '../dashboard/statusPill.ts';
import { element, type Child } from '../dom.ts';
import { icon } from '../icons.ts';
import { t } from '../strings.ts';
import {
  bestOf,
  cellText,
  columnTitle,
  differingSettings,
  metricColumns,
  metricRows,
  runStyle,
  sorted,
} from './compareModel.ts';
import type { MetricColumn, MetricRow } from './compareModel.ts';

export interface RunActions {
  open(run: string): void;
  remove(run: string): void;
}

export interface Sorting {
  readonly column: MetricColumn | 'run';
  readonly descending: boolean;
}

/** The sign and name of a run, as everywhere in the panel. */
export function runName(run: ComparedRun, index: number): HTMLElement {
  const { color, dashed } = runStyle(index);
  return element(
    'span',
    { class: 'run-label' },
    element('span', { class: `swatch ${dashed ? 'dashed' : 'line'} ${color}` }),
    run.head.title,
  );
}

export function resultsTable(
  runs: readonly ComparedRun[],
  sorting: Sorting,
  onSort: (sorting: Sorting) => void,
  actions: RunActions,
): HTMLElement {
  const rows = metricRows(runs);
  const best = new Map(metricColumns.map((column) => [column, bestOf(rows, column)]));
  const head = (column: Sorting['column'], title: string): HTMLElement => {
    const active = sorting.column === column;
    const direction = active ? (sorting.descending ? 'descending' : 'ascending') : 'none';
    return element(
      'th',
      { attributes: { scope: 'col', 'aria-sort': direction } },
      element(
        'button',
        {
          class: 'sort',
          attributes: { type: 'button' },
          on: { click: () => onSort({ column, descending: active && !sorting.descending }) },
        },
        title,
        active && icon(sorting.descending ? 'down' : 'up'),
      ),
    );
  };
  return element(
    'table',
    { class: 'grid numbers' },
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        head('run', t('run')),
        ...metricColumns.map((column) => head(column, columnTitle(column))),
        runs.length > 2 && element('td', {}, element('span', { class: 'only-spoken' }, t('actions'))),
      ),
    ),
    element(
      'tbody',
      {},
      ...sorted(rows, sorting.column, sorting.descending).map((row) => resultRow(row, best, runs.length > 2, actions)),
    ),
  );
}

function resultRow(
  { run, index, values }: MetricRow,
  best: ReadonlyMap<MetricColumn, number | undefined>,
  removable: boolean,
  actions: RunActions,
): HTMLElement {
  const { id, title, status } = run.head;
  const { color, dashed } = runStyle(index);
  const remove = (): HTMLElement =>
    button(icon('close'), () => actions.remove(id), { appearance: 'icon', ariaLabel: t('Take {0} out', title) });
  return element(
    'tr',
    {},
    element(
      'th',
      { attributes: { scope: 'row' } },
      element(
        'span',
        { class: 'run-label' },
        element('span', { class: `swatch ${dashed ? 'dashed' : 'line'} ${color}` }),
        linkButton(title, () => actions.open(id), t('Open the dashboard of {0}', title)),
        statusPill(status),
      ),
    ),
    ...metricColumns.map((column) => {
      const value = values[column];
      const wins = value !== undefined && value === best.get(column);
      return element('td', { class: wins ? 'best' : '' }, cellText(column, value), wins && spoken(t('best')));
    }),
    removable && element('td', {}, remove()),
  );
}

function spoken(text: string): Child {
  return element('span', { class: 'only-spoken' }, ` (${text})`);
}

export function settingsTable(runs: readonly ComparedRun[]): HTMLElement {
  const rows = differingSettings(runs);
  if (rows.length === 0) return element('p', { class: 'dim' }, t('All settings of these runs are the same.'));
  return element(
    'table',
    { class: 'grid' },
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('th', { attributes: { scope: 'col' } }, t('Setting')),
        ...runs.map((run, index) => element('th', { attributes: { scope: 'col' } }, runName(run, index))),
      ),
    ),
    element(
      'tbody',
      {},
      ...rows.map(({ path, values }) =>
        element(
          'tr',
          {},
          element('th', { class: 'path', attributes: { scope: 'row' } }, path),
          ...values.map((value) => element('td', { class: 'code' }, valueText(value))),
        ),
      ),
    ),
  );
}

/** The last answer of each run to each prompt; differences are against the first run's. */
export function samplesTable(runs: readonly ComparedRun[]): HTMLElement {
  const grouped = runs.map((run) => byPrompt(run.samples));
  const prompts = [...new Set(grouped.flatMap((groups) => [...groups.keys()]))];
  if (prompts.length === 0) {
    return element('p', { class: 'dim' }, t('None of these runs answered prompts: evaluation.prompts in the config.'));
  }
  const cell = (answers: readonly SamplePoint[] | undefined, against: string | undefined): HTMLElement => {
    const last = answers?.at(-1);
    if (!last) return element('td', { class: 'dim' }, '–');
    return element(
      'td',
      {},
      answerText(last.answer, against),
      element('div', { class: 'dim' }, t('step {0}', formatCount(last.step)), ' ', verdictNote(last.answer)),
    );
  };
  return element(
    'table',
    { class: 'grid samples-grid' },
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('th', { attributes: { scope: 'col' } }, t('Prompt')),
        ...runs.map((run, index) => element('th', { attributes: { scope: 'col' } }, runName(run, index))),
      ),
    ),
    element(
      'tbody',
      {},
      ...prompts.map((prompt) => {
        const first = grouped[0]?.get(prompt)?.at(-1)?.answer;
        return element(
          'tr',
          {},
          element('th', { attributes: { scope: 'row' } }, prompt),
          ...grouped.map((groups, index) => cell(groups.get(prompt), index === 0 ? undefined : first)),
        );
      }),
    ),
  );
}
