// A chart with all that belongs to it: title, legend, tooltip, keys, and a table for those who cannot see it.

import { button } from '../controls.ts';
import { element, fill, setText, type Child } from '../dom.ts';
import { icon } from '../icons.ts';
import { t } from '../strings.ts';
import { createChart, type Chart, type ChartContent, type ChartHandlers } from './chart.ts';
import type { SeriesColor } from './theme.ts';

export interface LegendEntry {
  readonly label: string;
  readonly color: SeriesColor;
  readonly sign?: 'line' | 'dashed' | 'checkpoint' | 'warning' | 'setting' | 'restart';
}

/** The rows of the table twin: a header and cells, as texts. */
export interface TableTwin {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the table leaves out, as a sentence. */
  readonly note: string;
}

export interface CardView {
  readonly title: string;
  readonly note: string;
  readonly legend: readonly LegendEntry[];
  readonly content: ChartContent;
  /** One sentence for those who cannot see the chart. */
  readonly summary: string;
  /** What to say while there is nothing to draw; empty otherwise. */
  readonly empty: string;
}

export interface CardHandlers extends ChartHandlers {
  /** A key moved the crosshair by so many points; `Infinity` to either end. */
  readonly onMove: (by: number) => void;
  readonly onKeyZoom: (key: 'in' | 'out' | 'reset' | 'left' | 'right') => void;
  /** Enter: the rows of the point under the crosshair. */
  readonly onEnter: () => void;
  readonly onEscape: () => void;
  readonly table: () => TableTwin;
}

export interface ChartCard {
  readonly element: HTMLElement;
  readonly chart: Chart;
  show(view: CardView): void;
  /** Shows a tooltip beside an x; undefined hides it. A pinned one can be clicked into. */
  tip(x: number | undefined, children?: readonly Child[], pinned?: boolean): void;
  readonly title: string;
  /** Words beside the title while the crosshair is somewhere; undefined puts the usual ones back. */
  noteAt(text: string | undefined): void;
}

export function createChartCard(id: string, syncKey: string, handlers: CardHandlers): ChartCard {
  const chart = createChart(syncKey, handlers);
  const title = element('h2', { class: 'card-title', attributes: { id: `chart-${id}-title` } });
  const legend = element('ul', { class: 'legend', attributes: { 'aria-label': t('Legend') } });
  const note = element('span', { class: 'note' });
  const tooltip = element('div', { class: 'tooltip', attributes: { hidden: true } });
  const empty = element('p', { class: 'empty', attributes: { hidden: true } });
  const table = element('div', { class: 'twin', attributes: { hidden: true, tabindex: '0', role: 'region' } });
  const plotArea = element(
    'div',
    {
      class: 'plot-area',
      attributes: { tabindex: '0', role: 'application', 'aria-roledescription': t('chart') },
      on: { keydown: (event) => onKey(event) },
    },
    chart.element,
    empty,
  );
  const body = element('div', { class: 'chart-body' }, plotArea, tooltip, table);
  const toggle = button(icon('table'), () => showTable(table.hidden !== false), {
    appearance: 'icon',
    ariaLabel: t('Show as table'),
    title: t('Show as table'),
    attributes: { 'data-role': 'table' },
  });
  const card = element(
    'section',
    { class: 'card chart', attributes: { 'aria-labelledby': title.id, 'data-chart': id } },
    element('header', {}, title, legend, note, toggle),
    body,
  );
  let shown = '';
  let usualNote = '';
  let crosshairNote: string | undefined;

  const onKey = (event: KeyboardEvent): void => {
    const action = keyAction(event, handlers);
    if (!action) return;
    event.preventDefault();
    action();
  };

  const showTable = (on: boolean): void => {
    table.hidden = !on;
    plotArea.hidden = on;
    tooltip.hidden = true;
    const label = on ? t('Show as chart') : t('Show as table');
    toggle.setAttribute('aria-label', label);
    toggle.setAttribute('title', label);
    fill(toggle, icon(on ? 'chart' : 'table'));
    if (on) fill(table, tableOf(handlers.table(), title.textContent));
  };

  return {
    element: card,
    chart,
    get title() {
      return title.textContent;
    },
    show(view) {
      setText(title, view.title);
      usualNote = view.note;
      setText(note, crosshairNote ?? usualNote);
      table.setAttribute('aria-label', t('{0} as a table', view.title));
      plotArea.setAttribute('aria-label', `${view.title}. ${view.summary}`);
      setText(empty, view.empty);
      empty.hidden = view.empty === '';
      const entries = JSON.stringify(view.legend);
      if (entries !== shown) {
        shown = entries;
        fill(legend, ...view.legend.map(legendItem));
        legend.hidden = view.legend.length === 0;
      }
      chart.show(view.content);
      if (!table.hidden) fill(table, tableOf(handlers.table(), view.title));
    },
    noteAt(text) {
      crosshairNote = text;
      setText(note, text ?? usualNote);
      note.classList.toggle('at-crosshair', text !== undefined);
    },
    tip(x, children = [], pinned = false) {
      tooltip.hidden = x === undefined || !table.hidden;
      if (x === undefined || tooltip.hidden) return;
      fill(tooltip, ...children);
      tooltip.classList.toggle('pinned', pinned);
      place(tooltip, chart.leftOf(x), body.clientWidth);
    },
  };
}

/** On the side of the crosshair that has room. */
function place(tooltip: HTMLElement, left: number, width: number): void {
  const gap = 12;
  const own = tooltip.offsetWidth;
  const right = left + gap + own <= width;
  const at = right ? left + gap : Math.max(0, left - gap - own);
  tooltip.style.left = `${Math.max(0, Math.min(at, width - own))}px`;
}

function keyAction(event: KeyboardEvent, handlers: CardHandlers): (() => void) | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const far = event.shiftKey ? 10 : 1;
  switch (event.key) {
    case 'ArrowLeft':
      return () => handlers.onMove(-far);
    case 'ArrowRight':
      return () => handlers.onMove(far);
    case 'Home':
      return () => handlers.onMove(Number.NEGATIVE_INFINITY);
    case 'End':
      return () => handlers.onMove(Number.POSITIVE_INFINITY);
    case 'Enter':
      return handlers.onEnter;
    case 'Escape':
      return handlers.onEscape;
    case '+':
      return () => handlers.onKeyZoom('in');
    case '-':
      return () => handlers.onKeyZoom('out');
    case '0':
      return () => handlers.onKeyZoom('reset');
    case 'PageUp':
      return () => handlers.onKeyZoom('left');
    case 'PageDown':
      return () => handlers.onKeyZoom('right');
    default:
      return undefined;
  }
}

function legendItem({ label, color, sign = 'line' }: LegendEntry): HTMLElement {
  return element('li', {}, element('span', { class: `swatch ${sign} ${color}` }), label);
}

function tableOf(twin: TableTwin, caption: string): HTMLElement {
  const cells = (tag: 'th' | 'td', row: readonly string[]): HTMLElement[] =>
    row.map((text, i) => {
      if (tag === 'th') return element('th', { attributes: { scope: 'col' } }, text);
      return i === 0 ? element('th', { attributes: { scope: 'row' } }, text) : element('td', {}, text);
    });
  return element(
    'table',
    { class: 'grid numbers' },
    element('caption', {}, twin.note === '' ? caption : `${caption}. ${twin.note}`),
    element('thead', {}, element('tr', {}, ...cells('th', twin.columns))),
    element('tbody', {}, ...twin.rows.map((row) => element('tr', {}, ...cells('td', row)))),
  );
}
