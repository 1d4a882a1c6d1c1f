// The thin bar under the head: how much of the run is done.

import type { RunSections } from '../../src/protocol/panelViews.ts';
import { element, setAttribute } from '../dom.ts';
import { t } from '../strings.ts';
import type { Part } from './context.ts';

/** 0…1; undefined while the plan is not known. */
export function runFraction({ now, setup, result }: Pick<RunSections, 'now' | 'setup' | 'result'>): number | undefined {
  if (result?.outcome === 'completed') return 1;
  if (!setup || setup.plan.total_steps === 0) return undefined;
  return Math.min(1, (now?.step ?? 0) / setup.plan.total_steps);
}

export function createRunProgress(): Part {
  const bar = element('progress', {
    class: 'bar run-bar',
    attributes: { max: '1', 'aria-label': t('Progress of the run') },
  });
  return {
    element: bar,
    update({ sections }) {
      const fraction = runFraction(sections);
      const { status } = sections.head;
      // Without a value the bar moves on its own, which only a run that is getting ready should.
      const waiting = fraction === undefined && (status === 'starting' || status === 'preparing');
      setAttribute(bar, 'value', waiting ? undefined : String(fraction ?? 0));
      bar.className = `bar run-bar ${status}`;
    },
  };
}
