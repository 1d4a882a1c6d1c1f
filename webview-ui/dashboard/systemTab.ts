// The machine, the versions and the hashes of a run, and what was planned against what it took.

import type { FactGroup, RunSections } from '../../src/protocol/panelViews.ts';
import { formatBytes, formatCount } from '../../src/metrics/numberText.ts';
import { element, fill } from '../dom.ts';
import { roughDuration } from '../numbers.ts';
import { t } from '../strings.ts';
import type { Part } from './context.ts';

/** What the host told, with the plan of the run before it. */
export function factGroups(sections: RunSections): FactGroup[] {
  return [...planFacts(sections), ...sections.system];
}

function planFacts({ setup, now, result }: RunSections): FactGroup[] {
  if (!setup) return [];
  const { model, plan, estimates } = setup;
  const share = model.total_parameters === 0 ? 0 : (100 * model.trainable_parameters) / model.total_parameters;
  const trained = plan.train_tokens === 0 ? 0 : (100 * plan.trained_tokens) / plan.train_tokens;
  const pair = (planned: string | undefined, real: string | undefined, probed?: string): string =>
    [
      planned !== undefined && t('planned {0}', planned),
      probed !== undefined && t('probed {0}', probed),
      real !== undefined && t('really {0}', real),
    ]
      .filter((text) => text !== false)
      .join(', ');
  const optional = <T>(value: T | undefined, text: (value: T) => string): string | undefined =>
    value === undefined ? undefined : text(value);
  const seconds = result?.seconds ?? now?.elapsed;
  const memory = result?.peakMemoryBytes ?? now?.memoryBytes;
  return [
    {
      title: t('Model'),
      facts: [
        { name: t('Architecture'), value: model.architecture },
        { name: t('Parameters'), value: formatCount(model.total_parameters) },
        {
          name: t('Trained parameters'),
          value: `${formatCount(model.trainable_parameters)} (${share.toPrecision(3)} %)`,
        },
        { name: t('Context length'), value: t('{0} tokens', formatCount(model.context_length)) },
      ],
    },
    {
      title: t('Data'),
      facts: [
        { name: t('Training rows'), value: formatCount(plan.train_rows) },
        { name: t('Validation rows'), value: formatCount(plan.validation_rows) },
        { name: t('Tokens an epoch'), value: formatCount(plan.train_tokens) },
        { name: t('Trained tokens an epoch'), value: `${formatCount(plan.trained_tokens)} (${trained.toFixed(0)} %)` },
        { name: t('Rows a step'), value: formatCount(plan.rows_per_step) },
      ],
    },
    {
      title: t('Planned and real'),
      facts: [
        {
          name: t('Time'),
          value: pair(optional(estimates.seconds, roughDuration), optional(seconds, roughDuration)),
        },
        {
          name: t('Memory'),
          value: pair(
            optional(estimates.memory_bytes, formatBytes),
            optional(memory, formatBytes),
            optional(setup.probedBytes, formatBytes),
          ),
        },
        { name: t('Disk'), value: pair(optional(estimates.disk_bytes, formatBytes), undefined) },
        { name: t('Device'), value: t('{0}, {1} threads', setup.device, setup.threads) },
      ].filter(({ value }) => value !== ''),
    },
  ];
}

export function createSystemTab(): Part {
  const body = element('div', { class: 'system' });
  let shown = '';
  return {
    element: body,
    update({ sections }) {
      const groups = factGroups(sections);
      const state = JSON.stringify(groups);
      if (state === shown) return;
      shown = state;
      fill(body, ...groups.map(factCard));
    },
  };
}

function factCard({ title, facts }: FactGroup): HTMLElement {
  return element(
    'section',
    { class: 'card facts' },
    element('h2', { class: 'card-title' }, title),
    element(
      'dl',
      {},
      ...facts.map(({ name, value }) =>
        element('div', {}, element('dt', {}, name), element('dd', { attributes: { title: value } }, value)),
      ),
    ),
  );
}
