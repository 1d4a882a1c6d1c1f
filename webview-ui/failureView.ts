// What a panel shows when its host could make no snapshot: why, and a way to ask again.

import { button, enableControls } from './controls.ts';
import { element, fill } from './dom.ts';
import { t } from './strings.ts';

export function showFailure(root: HTMLElement, problem: string, askAgain: () => void): void {
  const view = element(
    'div',
    { class: 'friendly', attributes: { role: 'alert' } },
    element('h1', {}, t('The run could not be read')),
    element('p', {}, problem),
    button(t('Try again'), askAgain, { appearance: 'primary' }),
  );
  fill(root, view);
  void enableControls();
}
