// Plain controls by their toolkit tags, which hold their places until the toolkit is there.

import { element, type Child } from './dom.ts';

let enabled: Promise<void> | undefined;

/**
 * Makes the controls work, once, however often it is called. To be called when there is a picture: the toolkit takes as
 * long to set up as that does.
 */
export function enableControls(): Promise<void> {
  return (enabled ??= import('./toolkit.ts').then(({ registerToolkit }) => registerToolkit()));
}

export interface ButtonOptions {
  readonly appearance?: 'primary' | 'secondary' | 'icon';
  /** Spoken instead of the label, where the label is a sign. */
  readonly ariaLabel?: string;
  readonly title?: string;
  readonly class?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export function button(
  label: Child | readonly Child[],
  onClick: (event: Event) => void,
  options: ButtonOptions = {},
): HTMLElement {
  const { appearance = 'secondary', ariaLabel, title, attributes } = options;
  return element(
    'vscode-button',
    {
      ...(options.class === undefined ? {} : { class: options.class }),
      attributes: { appearance, 'aria-label': ariaLabel, title, ...attributes },
      on: { click: onClick },
    },
    ...[label].flat(),
  );
}

/** A button that looks like a link: for places inside text and lists. */
export function linkButton(label: string, onClick: () => void, title?: string): HTMLButtonElement {
  return element('button', { class: 'link', attributes: { type: 'button', title }, on: { click: onClick } }, label);
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const box = element('vscode-checkbox', { attributes: { checked } }, label);
  box.addEventListener('change', () => onChange('checked' in box && box.checked === true));
  return box;
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
}

/** A dropdown with a visible label before it. */
export function dropdown<T extends string>(
  label: string,
  choices: readonly Choice<T>[],
  chosen: T,
  onChange: (value: T) => void,
): HTMLElement {
  const box = element(
    'vscode-dropdown',
    { attributes: { 'aria-label': label } },
    ...choices.map((choice) =>
      element(
        'vscode-option',
        { attributes: { value: choice.value, selected: choice.value === chosen } },
        choice.label,
      ),
    ),
  );
  box.addEventListener('change', () => {
    const value = valueOf(box);
    const found = choices.find((choice) => choice.value === value);
    if (found) onChange(found.value);
  });
  return element('span', { class: 'labelled' }, element('span', { attributes: { 'aria-hidden': 'true' } }, label), box);
}

export function textField(label: string, options: { placeholder?: string; value?: string } = {}): HTMLElement {
  const { placeholder, value } = options;
  return element('vscode-text-field', { attributes: { placeholder, value, 'aria-label': label } });
}

/** What a form element of the toolkit holds. */
export function valueOf(control: HTMLElement): string {
  return 'value' in control && typeof control.value === 'string' ? control.value : '';
}

/** The toolkit has no slider: the browser's own, in the editor's colours. */
export function slider(
  label: string,
  range: { min: number; max: number; step: number; value: number },
  onInput: (value: number) => void,
): HTMLInputElement {
  const input = element('input', {
    class: 'slider',
    attributes: {
      type: 'range',
      min: String(range.min),
      max: String(range.max),
      step: String(range.step),
      value: String(range.value),
      'aria-label': label,
    },
  });
  input.addEventListener('input', () => onInput(Number(input.value)));
  return input;
}
