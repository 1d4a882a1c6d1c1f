// Elements made by functions. Everything that is shown goes through textContent: no HTML is ever parsed.

export type Child = Node | string | undefined | false;

type Listeners = { readonly [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };

export interface Properties {
  readonly class?: string;
  /** Attributes; `true` sets an empty one, `false` and undefined leave it out. */
  readonly attributes?: Readonly<Record<string, string | boolean | undefined>>;
  readonly on?: Listeners;
}

/** An element with attributes, listeners and children. Texts become text nodes. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties?: Properties,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K];
export function element(tag: string, properties?: Properties, ...children: readonly Child[]): HTMLElement;
export function element(tag: string, properties: Properties = {}, ...children: readonly Child[]): HTMLElement {
  const made = document.createElement(tag);
  if (properties.class !== undefined) made.className = properties.class;
  for (const [name, value] of Object.entries(properties.attributes ?? {})) setAttribute(made, name, value);
  for (const [type, listener] of Object.entries(properties.on ?? {})) {
    made.addEventListener(type, (event) => {
      Reflect.apply(listener, undefined, [event]);
    });
  }
  made.append(...present(children));
  return made;
}

export function setAttribute(target: Element, name: string, value: string | boolean | undefined): void {
  if (value === undefined || value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? '' : value);
}

/** Puts these children in the place of what was there. */
export function fill(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren(...present(children));
}

/** Changes a text only when it differs, so that nothing is laid out or read out for nothing. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** How far something is, 0…1; without a finite number the bar says only that something goes on. */
export function setFraction(bar: HTMLProgressElement, fraction: number | undefined): void {
  if (fraction === undefined || !Number.isFinite(fraction)) bar.removeAttribute('value');
  else bar.value = Math.max(0, Math.min(1, fraction));
}

export function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child): child is Node | string => child !== undefined && child !== false);
}
