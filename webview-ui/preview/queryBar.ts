// Search, filters, order and sample over the list: every change is a new query.

import {
  emptyQuery,
  type FieldTest,
  type PreviewFilter,
  type PreviewQuery,
  type PreviewState,
} from '../../src/protocol/previewViews.ts';
import { button, checkbox, dropdown, textField, valueOf } from '../controls.ts';
import { element, fill, setText } from '../dom.ts';
import { icon } from '../icons.ts';
import { t } from '../strings.ts';

export interface QueryBar {
  readonly element: HTMLElement;
  update(state: PreviewState): void;
  /** Adds a filter, as a click on a finding does. */
  addFilter(filter: PreviewFilter): void;
}

/** Time after the last key before a search begins, in milliseconds. */
const pause = 300;

export function createQueryBar(ask: (query: PreviewQuery) => void, cancel: () => void): QueryBar {
  let query = emptyQuery;
  let fields: readonly string[] = [];
  let timer: number | undefined;

  const change = (next: Partial<PreviewQuery>): void => {
    query = { ...query, ...next };
    drawChips();
    ask(query);
  };

  const search = textField(t('Search'), { placeholder: t('Search the texts of rows') });
  search.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => change({ text: valueOf(search) }), pause);
  });
  const orders: { value: `${PreviewQuery['sort']} ${'up' | 'down'}`; label: string }[] = [
    { value: 'file up', label: t('file') },
    { value: 'file down', label: t('file, last first') },
    { value: 'length down', label: t('longest first') },
    { value: 'length up', label: t('shortest first') },
    { value: 'tokens down', label: t('most tokens first') },
    { value: 'turns down', label: t('most turns first') },
  ];
  const order = dropdown(t('order'), orders, 'file up', (value) => {
    const [sort = 'file', direction] = value.split(' ');
    const found = (['file', 'length', 'turns', 'tokens'] as const).find((each) => each === sort) ?? 'file';
    change({ sort: found, isDescending: direction === 'down' });
  });
  const samples = [
    { value: '0', label: t('all') },
    { value: '20', label: '20' },
    { value: '100', label: '100' },
    { value: '1000', label: '1 000' },
  ];
  const sample = dropdown(t('at random'), samples, '0', (value) => change({ sample: Number(value) }));

  const chips = element('ul', { class: 'chips', attributes: { 'aria-label': t('Filters') } });
  const drawChips = (): void => {
    fill(
      chips,
      ...query.filters.map((filter, at) =>
        element(
          'li',
          { class: 'chip' },
          element('span', {}, filterText(filter)),
          button(icon('close'), () => change({ filters: query.filters.filter((_, index) => index !== at) }), {
            appearance: 'icon',
            ariaLabel: t('Remove the filter {0}', filterText(filter)),
          }),
        ),
      ),
    );
    chips.hidden = query.filters.length === 0;
  };
  const addFilter = (filter: PreviewFilter): void => change({ filters: [...query.filters, filter] });

  const form = element('div', { class: 'filter-form', attributes: { hidden: true } });
  const toggle = button(t('Filter'), () => {
    form.hidden = !form.hidden;
    toggle.setAttribute('aria-expanded', String(!form.hidden));
    if (!form.hidden) drawForm();
  });
  toggle.setAttribute('aria-expanded', 'false');
  const drawForm = (): void => fill(form, ...filterForm(fields, addFilter));

  const found = element('span', { class: 'found', attributes: { role: 'status' } });
  const stop = button(t('Stop'), cancel, { attributes: { hidden: '' } });
  const problem = element('p', { class: 'problem', attributes: { role: 'alert', hidden: true } });
  drawChips();

  return {
    element: element(
      'div',
      { class: 'query-bar', attributes: { role: 'search' } },
      element(
        'div',
        { class: 'query-line' },
        search,
        checkbox(t('expression'), false, (isRegex) => change({ isRegex })),
        checkbox(t('Aa'), false, (isCaseSensitive) => change({ isCaseSensitive })),
        toggle,
        order,
        sample,
      ),
      form,
      chips,
      element('div', { class: 'query-line' }, found, stop),
      problem,
    ),
    addFilter,
    update({ view, rows, fields: known }) {
      if (known.join('\n') !== fields.join('\n')) {
        fields = known;
        if (!form.hidden) drawForm();
      }
      const { task } = view;
      stop.hidden = task === undefined;
      if (task) setText(found, t('looked at {0} of {1} rows', task.done.toLocaleString(), task.total.toLocaleString()));
      else if (view.isQuery) setText(found, t('{0} of {1} rows', view.rows.toLocaleString(), rows.toLocaleString()));
      else setText(found, t('{0} rows', rows.toLocaleString()));
      problem.hidden = view.problem === undefined;
      setText(problem, view.problem ?? '');
    },
  };
}

const testNames = (): { value: FieldTest; label: string }[] => [
  { value: 'contains', label: t('contains') },
  { value: 'equals', label: t('equals') },
  { value: 'absent', label: t('is missing') },
  { value: 'greater', label: t('is greater than') },
  { value: 'less', label: t('is less than') },
];

function filterForm(fields: readonly string[], add: (filter: PreviewFilter) => void): HTMLElement[] {
  let field = fields[0] ?? '';
  let test: FieldTest = 'contains';
  const value = textField(t('Value'));
  const from = textField(t('From'));
  const to = textField(t('To'));
  const number = (control: HTMLElement, otherwise: number): number => {
    const written = valueOf(control).trim();
    return written === '' || Number.isNaN(Number(written)) ? otherwise : Math.max(0, Number(written));
  };
  return [
    element(
      'div',
      { class: 'query-line' },
      dropdown(
        t('field'),
        fields.map((name) => ({ value: name, label: name })),
        field,
        (name) => (field = name),
      ),
      dropdown(t('test'), testNames(), test, (name) => (test = name)),
      value,
      button(t('Add'), () => add({ kind: 'field', field, test, value: valueOf(value) })),
    ),
    element(
      'div',
      { class: 'query-line' },
      element('span', { class: 'dim' }, t('length')),
      from,
      to,
      button(t('Add length'), () => add({ kind: 'length', from: number(from, 0), to: number(to, Infinity) })),
      button(t('Broken rows'), () => add({ kind: 'broken' })),
      button(t('Excluded rows'), () => add({ kind: 'excluded', excluded: true })),
      button(t('Without excluded rows'), () => add({ kind: 'excluded', excluded: false })),
    ),
  ];
}

function filterText(filter: PreviewFilter): string {
  switch (filter.kind) {
    case 'field': {
      const test = testNames().find(({ value }) => value === filter.test)?.label ?? filter.test;
      return filter.test === 'absent' ? `${filter.field} ${test}` : `${filter.field} ${test} ${filter.value}`;
    }
    case 'length':
      return Number.isFinite(filter.to)
        ? t('length {0} to {1}', filter.from, filter.to)
        : t('length from {0}', filter.from);
    case 'finding':
      return filter.code;
    case 'looks':
      return filter.looks;
    case 'broken':
      return t('broken');
    case 'excluded':
      return filter.excluded ? t('excluded') : t('not excluded');
  }
}
