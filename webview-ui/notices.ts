// A failed request as a line at the foot of the page that the person can put away.

import { button } from './controls.ts';
import { element } from './dom.ts';
import { icon } from './icons.ts';
import { t } from './strings.ts';

export interface Notices {
  readonly element: HTMLElement;
  show(text: string): void;
}

/** Older ones give way to newer ones. */
const most = 3;

export function createNotices(): Notices {
  const place = element('div', { class: 'notices', attributes: { role: 'alert' } });
  return {
    element: place,
    show(text) {
      const close = button(icon('close'), () => notice.remove(), { appearance: 'icon', ariaLabel: t('Close') });
      const notice = element('div', { class: 'notice' }, element('span', {}, text), close);
      while (place.childElementCount >= most) place.firstElementChild?.remove();
      place.append(notice);
    },
  };
}
