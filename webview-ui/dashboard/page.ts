// The dashboard put together: parts in their places, brought up to date when the model changes.

import type { RunModel } from '../runModel.ts';
import { createAnnouncer } from '../announcer.ts';
import { chartsPicture } from '../charts/picture.ts';
import { element, fill } from '../dom.ts';
import type { Host } from '../host.ts';
import { createNotices } from '../notices.ts';
import { formatLoss } from '../../src/metrics/numberText.ts';
import { t } from '../strings.ts';
import { createTabs } from '../tabs.ts';
import { createBanner } from './banner.ts';
import { createChartsTab } from './chartsTab.ts';
import { createConfigTab } from './configTab.ts';
import { readChoices, type DashboardContext, type Part, type TabName } from './context.ts';
import { createEventsTab } from './eventsTab.ts';
import { createHeader } from './header.ts';
import { runMarkdown } from './markdown.ts';
import { createRunProgress } from './runProgress.ts';
import { createSamplesTab } from './samplesTab.ts';
import { statusText } from './statusPill.ts';
import { createSystemTab } from './systemTab.ts';
import { createTiles } from './tiles.ts';

export interface DashboardPage {
  update(model: RunModel): void;
}

/** Builds the page into `root`. */
export function createDashboard(
  root: HTMLElement,
  host: Host,
  first: RunModel,
  replaceOverview: DashboardContext['replaceOverview'],
): DashboardPage {
  let model = first;
  let choices = readChoices(host.memory.read());
  const announcer = createAnnouncer();
  const notices = createNotices();
  const remember = (): void => host.memory.write({ run: model.sections.head.id, ...choices });
  const context: DashboardContext = {
    model: () => model,
    choices: () => choices,
    choose(change) {
      choices = { ...choices, ...change };
      remember();
    },
    replaceOverview,
    announce: (text) => announcer.say(text),
    now: () => Date.now(),
    async ask(method, params) {
      try {
        return await host.request(method, params);
      } catch (error) {
        notices.show(error instanceof Error ? error.message : String(error));
        return undefined;
      }
    },
  };

  const exports = {
    png: () => {
      void chartsPicture(model.sections.head.title, charts.board.cards()).then((png) => {
        if (png) void context.ask('savePng', { png });
        else notices.show(t('Nothing has been drawn yet: open the tab with the charts first.'));
      });
    },
    markdown: () => {
      void context.ask('copyText', { text: runMarkdown(model.sections, context.now()) }).then((reply) => {
        if (reply?.done === true) context.announce(t('Copied.'));
      });
    },
  };
  const charts = createChartsTab(context, () => tabs.select('samples'));
  const events = createEventsTab(context);
  const pages: Readonly<Record<TabName, Part>> = {
    charts,
    samples: createSamplesTab(),
    config: createConfigTab(context),
    events,
    system: createSystemTab(),
  };
  const always = [createHeader(context, exports), createRunProgress(), createBanner(context), createTiles(context.now)];
  const tabs = createTabs<TabName>(
    t('Views of the run'),
    [
      { name: 'charts', label: t('Charts'), content: charts.element },
      { name: 'samples', label: t('Samples'), content: pages.samples.element },
      { name: 'config', label: t('Config'), content: pages.config.element },
      { name: 'events', label: t('Events and log'), content: events.element },
      { name: 'system', label: t('System'), content: pages.system.element },
    ],
    choices.tab,
    (tab) => {
      context.choose({ tab });
      pages[tab].update(model);
      show(tab);
    },
  );
  const show = (tab: TabName): void => {
    charts.toolbar.hidden = tab !== 'charts';
    if (tab === 'events') events.opened();
  };

  fill(
    root,
    ...always.map((part) => part.element),
    element('div', { class: 'tab-bar' }, tabs.list, charts.toolbar),
    tabs.pages,
    notices.element,
    announcer.element,
  );

  const update = (next: RunModel): void => {
    const before = model;
    model = next;
    for (const part of always) part.update(model);
    pages[choices.tab].update(model);
    tell(before, next);
  };
  const tell = (before: RunModel, after: RunModel): void => {
    const { status } = after.sections.head;
    if (status !== before.sections.head.status) context.announce(t('The run is now {0}.', statusText(status)));
    const evaluation = after.sections.evaluations.at(-1);
    if (evaluation && evaluation.step !== before.sections.evaluations.at(-1)?.step) {
      context.announce(t('Evaluation loss {0} at step {1}', formatLoss(evaluation.loss), evaluation.step));
    }
  };

  remember();
  update(first);
  show(choices.tab);
  return { update };
}
