// What a panel shows when its host could make no snapshot: why, and a way to ask again.

import { button, enableControls } from './controls.ts';
import { element, fill } from './dom.ts';
import { t } from './strings.ts';

/** `title`: what could not be read. */
export function showFailure(root: HTMLElement, title: string, problem: string, askAgain: () => void): void {
  const view = element(
    'div',
    { class: 'friendly', attributes: { role: 'alert' } },
    element('h1', {}, title),
    element('p', {}, problem),
    button(t('Try again'), askAgain, { appearance: 'primary' }),
  );
  fill(root, view);
  void enableControls();
}
