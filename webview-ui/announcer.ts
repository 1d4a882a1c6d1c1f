// What a screen reader is told while numbers run: the newest sentence, at most every few seconds.

import { element, setText } from './dom.ts';

export interface Announcer {
  readonly element: HTMLElement;
  say(text: string): void;
}

/** Time between two sentences, in milliseconds. */
const pause = 3000;

export function createAnnouncer(): Announcer {
  const region = element('div', { class: 'only-spoken', attributes: { role: 'status', 'aria-live': 'polite' } });
  let next: string | undefined;
  let resting = false;
  const speak = (): void => {
    if (next === undefined) {
      resting = false;
      return;
    }
    setText(region, next);
    next = undefined;
    resting = true;
    setTimeout(speak, pause);
  };
  return {
    element: region,
    say(text) {
      next = text;
      if (!resting) speak();
    },
  };
}
