// A menu behind a button: arrow keys, Escape, and a click elsewhere work as in the editor's own.

import { button } from './controls.ts';
import { element, fill, present } from './dom.ts';

export interface MenuItem {
  readonly label: string;
  /** A line before this item. */
  readonly apart?: boolean;
  run(): void;
}

export interface Menu {
  readonly element: HTMLElement;
  setItems(items: readonly MenuItem[]): void;
}

/** A button that opens a menu below itself. */
export function createMenu(label: string, face: Node): Menu {
  let items: readonly MenuItem[] = [];
  const list = element('div', {
    class: 'menu',
    attributes: { role: 'menu', 'aria-label': label, hidden: true },
    on: { keydown: (event) => onKey(event) },
  });
  const opener = button(face, () => (list.hidden === false ? close(false) : open()), {
    ariaLabel: label,
    title: label,
    attributes: { 'aria-haspopup': 'menu', 'aria-expanded': 'false' },
  });
  const root = element('div', { class: 'menu-root' }, opener, list);

  const entries = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>('[role=menuitem]')];
  const outside = (event: Event): void => {
    if (event.target instanceof Node && !root.contains(event.target)) close(false);
  };

  const open = (): void => {
    list.hidden = false;
    opener.setAttribute('aria-expanded', 'true');
    document.addEventListener('pointerdown', outside);
    entries()[0]?.focus();
  };

  const close = (focus: boolean): void => {
    list.hidden = true;
    opener.setAttribute('aria-expanded', 'false');
    document.removeEventListener('pointerdown', outside);
    if (focus) opener.focus();
  };

  const onKey = (event: KeyboardEvent): void => {
    const all = entries();
    const at = all.findIndex((entry) => entry === document.activeElement);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    };
    const next = moves[event.key];
    if (event.key === 'Escape') close(true);
    else if (event.key === 'Tab') close(false);
    else if (next !== undefined) all[next]?.focus();
    if (event.key !== 'Tab' && (next !== undefined || event.key === 'Escape')) event.preventDefault();
  };

  const itemOf = (item: MenuItem): HTMLElement =>
    element(
      'button',
      {
        class: item.apart === true ? 'apart' : '',
        attributes: { type: 'button', role: 'menuitem', tabindex: '-1' },
        on: {
          click: () => {
            close(true);
            item.run();
          },
        },
      },
      item.label,
    );

  return {
    element: root,
    setItems(next) {
      const same = next.length === items.length && next.every((item, index) => item.label === items[index]?.label);
      items = next;
      // An open menu must not lose the focus because a number changed elsewhere.
      if (!same || list.childElementCount === 0)
        fill(list, ...present(items.map(itemOf)).filter((node) => node instanceof Node));
    },
  };
}
