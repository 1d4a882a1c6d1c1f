// Tabs as the accessibility practices describe them: one stop for the Tab key, arrow keys between them.

import { element } from './dom.ts';

export interface TabPage<N extends string> {
  readonly name: N;
  readonly label: string;
  readonly content: HTMLElement;
}

export interface Tabs<N extends string> {
  readonly list: HTMLElement;
  readonly pages: HTMLElement;
  select(name: N): void;
}

export function createTabs<N extends string>(
  label: string,
  pages: readonly TabPage<N>[],
  first: N,
  onSelect: (name: N) => void,
): Tabs<N> {
  const made = pages.map(({ name, label: text, content }) => {
    const tab = element(
      'button',
      {
        class: 'tab',
        attributes: { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `page-${name}` },
        on: { click: () => select(name) },
      },
      text,
    );
    const page = element(
      'div',
      { class: 'page', attributes: { role: 'tabpanel', id: `page-${name}`, 'aria-labelledby': `tab-${name}` } },
      content,
    );
    return { name, tab, page };
  });

  const select = (wanted: N): void => {
    for (const { name, tab, page } of made) {
      const on = name === wanted;
      tab.setAttribute('aria-selected', String(on));
      tab.tabIndex = on ? 0 : -1;
      page.hidden = !on;
    }
    onSelect(wanted);
  };

  const list = element(
    'div',
    {
      class: 'tab-list',
      attributes: { role: 'tablist', 'aria-label': label },
      on: {
        keydown: (event) => {
          const at = made.findIndex(({ tab }) => tab === document.activeElement);
          const steps: Readonly<Record<string, number>> = {
            ArrowRight: (at + 1) % made.length,
            ArrowLeft: (at - 1 + made.length) % made.length,
            Home: 0,
            End: made.length - 1,
          };
          const next = at < 0 ? undefined : steps[event.key];
          const target = next === undefined ? undefined : made[next];
          if (!target) return;
          event.preventDefault();
          target.tab.focus();
          select(target.name);
        },
      },
    },
    ...made.map(({ tab }) => tab),
  );
  const container = element('div', { class: 'pages' }, ...made.map(({ page }) => page));
  for (const { name, tab, page } of made) {
    tab.setAttribute('aria-selected', String(name === first));
    tab.tabIndex = name === first ? 0 : -1;
    page.hidden = name !== first;
  }
  return { list, pages: container, select };
}
