// What happened, newest first, and the trainer's own log below.

import type { RunSections, TimelineEntry } from '../../src/protocol/panelViews.ts';
import { formatCount } from '../../src/metrics/numberText.ts';
import { button, dropdown, linkButton } from '../controls.ts';
import { element, fill, setText } from '../dom.ts';
import { clockSeconds, dayAndTime, t } from '../strings.ts';
import type { DashboardContext, Part } from './context.ts';

type Level = 'all' | 'warning' | 'error';

/** Events shown before the person asks for all. */
const shownEvents = 200;

export interface EventsTab extends Part {
  /** The tab was opened: the log is read. */
  opened(): void;
}

export function createEventsTab(context: DashboardContext): EventsTab {
  const list = element('ol', { class: 'timeline' });
  const more = element('p', {});
  const log = element('pre', { class: 'log', attributes: { tabindex: '0', 'aria-label': t('Log of the trainer') } });
  const logNote = element('span', { class: 'note' });
  let shown: RunSections['timeline'] = [];
  let level: Level = 'all';
  let all = false;

  const draw = (): void => {
    const seen = shown.filter((entry) => passes(entry, level)).toReversed();
    const some = all ? seen : seen.slice(0, shownEvents);
    fill(list, ...some.map(entryItem));
    if (seen.length === 0) fill(list, element('li', { class: 'dim' }, t('Nothing happened yet.')));
    const showAll = (): void => {
      all = true;
      draw();
    };
    fill(more, seen.length > some.length && linkButton(t('Earlier events ({0})', seen.length - some.length), showAll));
  };

  const readLog = async (): Promise<void> => {
    const tail = await context.ask('readLog', {});
    if (!tail) return;
    setText(log, tail.text === '' ? t('The log is empty.') : tail.text);
    setText(logNote, tail.truncated ? t('its end') : '');
    log.scrollTop = log.scrollHeight;
  };

  const levels: { value: Level; label: string }[] = [
    { value: 'all', label: t('everything') },
    { value: 'warning', label: t('warnings and errors') },
    { value: 'error', label: t('errors') },
  ];
  return {
    element: element(
      'div',
      { class: 'events' },
      element(
        'section',
        { class: 'card', attributes: { 'aria-labelledby': 'events-title' } },
        element(
          'header',
          {},
          element('h2', { class: 'card-title', attributes: { id: 'events-title' } }, t('Events')),
          dropdown(t('show'), levels, level, (value) => {
            level = value;
            draw();
          }),
        ),
        list,
        more,
      ),
      element(
        'section',
        { class: 'card', attributes: { 'aria-labelledby': 'log-title' } },
        element(
          'header',
          {},
          element('h2', { class: 'card-title', attributes: { id: 'log-title' } }, t('Log')),
          logNote,
          button(t('Read again'), () => void readLog()),
          linkButton(t('Open log'), () => void context.ask('openLog', {})),
        ),
        log,
      ),
    ),
    opened: () => void readLog(),
    update({ sections: { timeline } }) {
      if (timeline === shown) return;
      shown = timeline;
      draw();
    },
  };
}

function passes(entry: TimelineEntry, level: Level): boolean {
  if (level === 'all') return true;
  return entry.level === 'error' || (level === 'warning' && entry.level === 'warning');
}

function entryItem(entry: TimelineEntry): HTMLElement {
  const { details = [] } = entry;
  const head = [
    element('time', { attributes: { datetime: entry.time, title: dayAndTime(entry.time) } }, clockSeconds(entry.time)),
    element('span', { class: 'at-step' }, entry.step === undefined ? '' : t('step {0}', formatCount(entry.step))),
    element('span', { class: 'event-text' }, levelWord(entry.level), entry.text),
  ];
  if (details.length === 0) return element('li', { class: entry.level }, element('div', { class: 'event' }, ...head));
  return element(
    'li',
    { class: entry.level },
    element(
      'details',
      {},
      element('summary', { class: 'event' }, ...head),
      element('ul', {}, ...details.map((line) => element('li', {}, line))),
    ),
  );
}

/** Colours alone say nothing to some. */
function levelWord(level: TimelineEntry['level']): string {
  if (level === 'warning') return `${t('Warning')}: `;
  return level === 'error' ? `${t('Error')}: ` : '';
}
