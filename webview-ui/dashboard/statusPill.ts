// The state of a run as a word in a pill; its colour is a hint, the word is what counts.

import type { PanelStatus } from '../../src/protocol/panelViews.ts';
import { element } from '../dom.ts';
import { t } from '../strings.ts';

export function statusText(status: PanelStatus): string {
  switch (status) {
    case 'queued':
      return t('queued');
    case 'starting':
      return t('starting');
    case 'preparing':
      return t('preparing');
    case 'running':
      return t('running');
    case 'paused':
      return t('paused');
    case 'completed':
      return t('complete');
    case 'early_stopped':
      return t('stopped early');
    case 'stopped':
      return t('stopped');
    case 'failed':
      return t('failed');
    case 'interrupted':
      return t('interrupted');
  }
}

export function statusPill(status: PanelStatus): HTMLElement {
  return element(
    'span',
    { class: `pill ${status}` },
    element('span', { class: 'dot', attributes: { 'aria-hidden': 'true' } }),
    statusText(status),
  );
}
