// The words of a tooltip: one step's numbers, and its rows when the person asked for them.

import type { ChartMark } from '../../src/protocol/panelViews.ts';
import type { StepRows } from '../../src/protocol/webviewMessages.ts';
import { formatCount, formatDuration, formatLoss } from '../../src/metrics/numberText.ts';
import { linkButton } from '../controls.ts';
import { element, type Child } from '../dom.ts';
import { learningRateText, metricText } from '../numbers.ts';
import type { Points } from '../seriesStore.ts';
import { t } from '../strings.ts';
import { sigmaText } from './chartSpecs.ts';

const inHead = new Set(['loss', 'learning_rate', 'grad_norm', 'memory_bytes', 'tokens_per_second']);

/** Numbers of the point at an index; `smoothed` is the loss's line there. */
export function pointLines(
  points: Points,
  index: number,
  smoothed: number | undefined,
  marks: readonly ChartMark[],
): Child[] {
  const at = (name: string): number => points.metrics[name]?.[index] ?? Number.NaN;
  const step = points.step[index] ?? 0;
  const sigma = sigmaText(points.sigma[index] ?? 0);
  const further = Object.keys(points.metrics).filter((name) => !inHead.has(name) && Number.isFinite(at(name)));
  return [
    tipTitle(points, index),
    element(
      'p',
      {},
      element('strong', {}, t('loss {0}', formatLoss(at('loss')))),
      smoothed !== undefined && Number.isFinite(smoothed) && ` · ${t('smoothed {0}', formatLoss(smoothed))}`,
      sigma !== '' && element('span', { class: 'bad' }, ` ${sigma}`),
    ),
    element(
      'p',
      { class: 'dim' },
      `${t('lr {0}', learningRateText(at('learning_rate')))} · ${t('grad norm {0}', formatLoss(at('grad_norm')))}`,
    ),
    element(
      'p',
      { class: 'dim' },
      [
        t('{0} tokens/s', metricText('tokens_per_second', at('tokens_per_second'))),
        metricText('memory_bytes', at('memory_bytes')),
        t('after {0}', formatDuration(points.elapsed[index] ?? 0)),
      ].join(' · '),
    ),
    further.length > 0 &&
      element('p', { class: 'dim' }, further.map((name) => `${name} ${metricText(name, at(name))}`).join(' · ')),
    ...marks.filter((mark) => mark.step === step).map((mark) => element('p', { class: 'dim' }, mark.text)),
  ];
}

export function tipTitle(points: Points, index: number): HTMLElement {
  const step = formatCount(points.step[index] ?? 0);
  return element('p', { class: 'tip-title' }, t('step {0} · epoch {1}', step, (points.epoch[index] ?? 0).toFixed(2)));
}

/** The sentence of a point for a screen reader. */
export function pointSentence(points: Points, index: number): string {
  const loss = points.metrics['loss']?.[index];
  const sigma = sigmaText(points.sigma[index] ?? 0);
  const text = t('step {0}, loss {1}', formatCount(points.step[index] ?? 0), formatLoss(loss ?? Number.NaN));
  return sigma === '' ? text : `${text}, ${sigma}`;
}

/** Rows shown before the person asks for all. */
const shownRows = 6;

/** The rows of a step, highest loss first, each a way to its line in the dataset. */
export function rowLines({ rows }: StepRows, open: (id: string) => void): HTMLElement {
  if (rows.length === 0) return element('p', { class: 'dim' }, t('The trainer did not tell the rows of this step.'));
  const sorted = rows.toSorted((a, b) => rank(b.loss) - rank(a.loss));
  const item = (row: StepRows['rows'][number]): HTMLElement =>
    element(
      'li',
      {},
      linkButton(shortId(row.id), () => open(row.id), t('Open {0}', row.id)),
      element('span', { class: 'value' }, formatLoss(row.loss)),
    );
  const list = element('ul', { class: 'rows' }, ...sorted.slice(0, shownRows).map(item));
  const rest = sorted.slice(shownRows);
  if (rest.length === 0) return list;
  const more = linkButton(t('More rows ({0})', rest.length), () => {
    more.remove();
    list.append(...rest.map(item));
  });
  return element('div', {}, list, more);
}

/** NaN is the worst that can happen to a row. */
function rank(loss: number): number {
  return Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss;
}

/** The file's name and line; the whole id is in the title. */
function shortId(id: string): string {
  return id.slice(Math.max(id.lastIndexOf('/'), id.lastIndexOf('\\')) + 1);
}
