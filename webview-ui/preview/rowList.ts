// The list of rows: as many as the file has, of which only those in view are in the page. One stop for the Tab key.

import type { RowSummary } from '../../src/protocol/previewViews.ts';
import { element, fill } from '../dom.ts';
import { t } from '../strings.ts';

/** Pixels of a row; the style sheet says the same. */
export const rowHeight = 44;
/** Browsers cannot scroll further: longer lists are scrolled in proportion. */
const longestScroll = 8_000_000;
const pageSize = 50;
/** Pages that are kept, so that memory stays the same however far one scrolls. */
const keptPages = 40;

export interface RowList {
  readonly element: HTMLElement;
  /** The rows in view, and the version by which what was read before is known to be old. */
  update(count: number, version: number): void;
  /** Selects the row at a position and shows it. */
  select(position: number, row: number): void;
  /** The row selected last; undefined before. */
  readonly selected: number | undefined;
  redraw(): void;
}

export function createRowList(
  load: (from: number, count: number) => Promise<readonly RowSummary[]>,
  onSelect: (summary: RowSummary) => void,
  onOpen: (row: number) => void,
): RowList {
  const pages = new Map<number, readonly RowSummary[]>();
  const loading = new Set<number>();
  let count = 0;
  let version = -1;
  let active = 0;
  let selected: number | undefined;

  const space = element('div', { class: 'row-space', attributes: { role: 'presentation' } });
  const box = element(
    'div',
    {
      class: 'row-list',
      attributes: { role: 'listbox', tabindex: '0', 'aria-label': t('Rows') },
      on: { scroll: () => draw(), keydown: (event) => onKey(event) },
    },
    space,
  );
  new ResizeObserver(() => draw()).observe(box);

  /** Pixels that the list would have, and those that it has. */
  const full = (): number => count * rowHeight;
  const scale = (): number => {
    const room = Math.min(full(), longestScroll) - box.clientHeight;
    return full() > longestScroll && room > 0 ? (full() - box.clientHeight) / room : 1;
  };
  const firstSeen = (): number => Math.max(0, Math.min(count - 1, Math.floor((box.scrollTop * scale()) / rowHeight)));
  const seen = (): number => Math.ceil(box.clientHeight / rowHeight) + 1;

  const at = (position: number): RowSummary | undefined =>
    pages.get(Math.floor(position / pageSize))?.[position % pageSize];

  const want = (page: number): void => {
    if (pages.has(page) || loading.has(page)) return;
    const asked = version;
    loading.add(page);
    load(page * pageSize, pageSize)
      .then((rows) => {
        if (asked !== version) return;
        pages.set(page, rows);
        if (pages.size > keptPages) pages.delete(pages.keys().next().value ?? page);
      })
      .catch(() => undefined)
      .finally(() => {
        loading.delete(page);
        if (asked === version) draw();
      });
  };

  const draw = (): void => {
    space.style.height = `${Math.min(full(), longestScroll)}px`;
    const first = firstSeen();
    const until = Math.min(count, first + seen());
    const offset = box.scrollTop - ((box.scrollTop * scale()) % rowHeight);
    const lines: HTMLElement[] = [];
    for (let position = first; position < until; position += 1) {
      want(Math.floor(position / pageSize));
      const line = lineOf(position, at(position));
      line.style.top = `${offset + (position - first) * rowHeight}px`;
      lines.push(line);
    }
    fill(space, ...lines);
    box.setAttribute('aria-activedescendant', active >= first && active < until ? `row-${active}` : '');
    if (box.getAttribute('aria-activedescendant') === '') box.removeAttribute('aria-activedescendant');
  };

  const lineOf = (position: number, summary: RowSummary | undefined): HTMLElement => {
    const isActive = position === active && selected !== undefined;
    const line = element('div', {
      class: `row-line${summary?.excluded ? ' excluded' : ''}${summary?.problem === undefined ? '' : ' broken'}`,
      attributes: {
        role: 'option',
        id: `row-${position}`,
        'aria-selected': String(isActive),
        'aria-setsize': String(count),
        'aria-posinset': String(position + 1),
      },
      on: { click: () => choose(position), dblclick: () => summary && onOpen(summary.row) },
    });
    if (!summary) {
      line.append(element('span', { class: 'dim' }, '…'));
      return line;
    }
    const second = summary.problem ?? summary.answer;
    line.append(
      element('span', { class: 'row-number' }, String(summary.row + 1)),
      element(
        'span',
        { class: 'row-texts' },
        element('span', { class: 'row-first' }, summary.text === '' ? t('(empty)') : summary.text),
        element('span', { class: 'row-second' }, second),
      ),
    );
    if (summary.excluded) line.append(element('span', { class: 'badge' }, t('excluded')));
    else if (summary.problem !== undefined) line.append(element('span', { class: 'badge bad-badge' }, t('broken')));
    else if (summary.turns > 2) line.append(element('span', { class: 'badge' }, t('{0} turns', summary.turns)));
    return line;
  };

  const show = (position: number): void => {
    const top = (position * rowHeight) / scale();
    const first = firstSeen();
    const whole = Math.max(1, Math.floor(box.clientHeight / rowHeight));
    if (position < first || position * rowHeight < box.scrollTop * scale()) box.scrollTop = top;
    else if (position >= first + whole) box.scrollTop = Math.max(0, ((position - whole + 1) * rowHeight) / scale());
  };

  const choose = (position: number): void => {
    if (count === 0) return;
    active = Math.max(0, Math.min(count - 1, position));
    const summary = at(active);
    show(active);
    if (summary) {
      selected = summary.row;
      onSelect(summary);
      draw();
      return;
    }
    const asked = version;
    void load(active, 1).then(([row]) => {
      if (!row || asked !== version) return;
      selected = row.row;
      onSelect(row);
      draw();
    });
  };

  const onKey = (event: KeyboardEvent): void => {
    const jump = Math.max(1, Math.floor(box.clientHeight / rowHeight) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: selected === undefined ? 0 : active + 1,
      ArrowUp: active - 1,
      PageDown: active + jump,
      PageUp: active - jump,
      Home: 0,
      End: count - 1,
    };
    const next = moves[event.key];
    if (event.key === 'Enter' && selected !== undefined) onOpen(selected);
    else if (next !== undefined) choose(next);
    else return;
    event.preventDefault();
  };

  return {
    element: box,
    get selected() {
      return selected;
    },
    update(nextCount, nextVersion) {
      if (nextVersion !== version) {
        pages.clear();
        loading.clear();
        version = nextVersion;
      } else if (nextCount > count) pages.delete(Math.floor(Math.max(0, count - 1) / pageSize));
      else if (nextCount === count) return;
      count = nextCount;
      if (active >= count) active = Math.max(0, count - 1);
      draw();
    },
    select(position, row) {
      active = position;
      selected = row;
      show(position);
      draw();
    },
    redraw: draw,
  };
}
