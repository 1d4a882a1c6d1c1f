// The effective config: each value, who said so and why, and what is different from the last run.

import type { DecisionReport } from '../../src/protocol/events.ts';
import type { RunSections } from '../../src/protocol/panelViews.ts';
import { differences, flatten, valueText } from '../configValues.ts';
import { checkbox, linkButton, textField, valueOf } from '../controls.ts';
import { element, fill, type Child } from '../dom.ts';
import { t } from '../strings.ts';
import type { DashboardContext, Part } from './context.ts';

export interface ConfigRow {
  readonly path: string;
  readonly value: string;
  readonly source: DecisionReport['source'] | '';
  readonly reason: string;
  /** What the last run had, where that is different. */
  readonly before?: string;
}

/** Every value of the effective config as a row, with the decision that made it. */
export function configRows({ setup, previous }: Pick<RunSections, 'setup' | 'previous'>): ConfigRow[] {
  if (!setup) return [];
  const flat = flatten(setup.config);
  const decisions = new Map(setup.decisions.map((decision) => [decision.path, decision]));
  const changed = new Map(
    previous ? differences([flat, flatten(previous.config)]).map(({ path, values }) => [path, values[1]]) : [],
  );
  const paths = [...flat.keys(), ...[...changed.keys()].filter((path) => !flat.has(path))];
  return paths.map((path) => {
    const decision = nearest(decisions, path);
    return {
      path,
      value: valueText(flat.get(path)),
      source: decision?.source ?? '',
      reason: decision?.reason ?? '',
      ...(changed.has(path) ? { before: valueText(changed.get(path)) } : {}),
    };
  });
}

/** The decision on a value, or on the part of the config that it is in. */
function nearest(decisions: ReadonlyMap<string, DecisionReport>, path: string): DecisionReport | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const found = decisions.get(at);
    if (found) return found;
  }
  return undefined;
}

function sourceText(source: ConfigRow['source']): string {
  const names: Readonly<Record<ConfigRow['source'], string>> = {
    file: t('config'),
    override: t('override'),
    default: t('default'),
    auto: t('decided'),
    '': '',
  };
  return names[source];
}

export function createConfigTab(context: DashboardContext): Part {
  const body = element('div', { class: 'config' });
  const table = element('div', {
    class: 'table-place',
    attributes: { tabindex: '0', role: 'region', 'aria-label': t('Config') },
  });
  const filter = textField(t('Filter config values'), { placeholder: t('Filter') });
  let rows: ConfigRow[] = [];
  let onlyChanged = false;
  let onlyOwn = false;
  let shown: readonly unknown[] = [];

  const drawRows = (): void => {
    const wanted = valueOf(filter).trim().toLowerCase();
    const seen = rows.filter(
      (row) =>
        (!onlyChanged || row.before !== undefined) &&
        (!onlyOwn || row.source === 'file' || row.source === 'override') &&
        (wanted === '' || `${row.path} ${row.value} ${row.reason}`.toLowerCase().includes(wanted)),
    );
    const comparing = context.model().sections.previous !== null;
    fill(table, seen.length > 0 ? configTable(seen, comparing) : element('p', { class: 'dim' }, t('No value fits.')));
  };
  filter.addEventListener('input', drawRows);

  return {
    element: body,
    update({ sections: { setup, previous } }) {
      if (shown[0] === setup && shown[1] === previous) return;
      shown = [setup, previous];
      rows = configRows({ setup, previous });
      if (!setup) {
        fill(body, friendly(t('The config is being worked out'), t('It is shown as soon as the run begins to train.')));
        return;
      }
      const count = rows.filter(({ before }) => before !== undefined).length;
      const changed = checkbox(t('Only what differs from the last run'), onlyChanged, (on) => {
        onlyChanged = on;
        drawRows();
      });
      const own = checkbox(t('Only what I wrote'), onlyOwn, (on) => {
        onlyOwn = on;
        drawRows();
      });
      fill(
        body,
        element(
          'div',
          { class: 'tools' },
          filter,
          own,
          previous !== null && changed,
          linkButton(t('Open config'), () => void context.ask('openConfig', {})),
        ),
        element('p', { class: 'dim' }, comparisonText(previous, count)),
        table,
      );
      drawRows();
    },
  };
}

function comparisonText(previous: RunSections['previous'], count: number): string {
  if (!previous) return t('There is no earlier run of this config to compare with.');
  if (count === 0) return t('Nothing differs from {0}, the run before.', previous.title);
  if (count === 1) return t('One value differs from {0}, the run before.', previous.title);
  return t('{0} values differ from {1}, the run before.', count, previous.title);
}

function configTable(rows: readonly ConfigRow[], comparing: boolean): HTMLElement {
  const heads = [t('Value'), t('Setting'), t('From'), t('Why'), ...(comparing ? [t('Last run')] : [])];
  const [value = '', setting = '', ...others] = heads;
  return element(
    'table',
    // Narrow panels lay rows out as blocks, and without roles some readers would no longer take them for a table.
    { class: 'grid', attributes: { role: 'table' } },
    element(
      'thead',
      { attributes: { role: 'rowgroup' } },
      element(
        'tr',
        { attributes: { role: 'row' } },
        ...[setting, value, ...others].map((head) =>
          element('th', { attributes: { scope: 'col', role: 'columnheader' } }, head),
        ),
      ),
    ),
    element('tbody', { attributes: { role: 'rowgroup' } }, ...rows.map((row) => configRow(row, comparing))),
  );
}

function configRow(row: ConfigRow, comparing: boolean): HTMLElement {
  const cell = (text: Child, kind = ''): HTMLElement =>
    element('td', { class: kind, attributes: { role: 'cell' } }, text);
  return element(
    'tr',
    { class: row.before === undefined ? '' : 'changed', attributes: { role: 'row' } },
    element('th', { class: 'path', attributes: { scope: 'row', role: 'rowheader' } }, row.path),
    cell(row.value, 'code'),
    cell(row.source !== '' && element('span', { class: `source ${row.source}` }, sourceText(row.source))),
    cell(row.reason, 'why'),
    comparing && cell(row.before !== undefined && element('del', {}, row.before), 'code'),
  );
}

/** A page that has nothing to show yet. */
export function friendly(title: string, text: string): HTMLElement {
  return element('div', { class: 'friendly' }, element('h2', {}, title), element('p', {}, text));
}
