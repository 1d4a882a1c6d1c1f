// The part of the editor's API that the run explorer is made of, for tests outside of an editor.
export class EventEmitter<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose: () => void } => {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class TreeItem {
  constructor(
    readonly label: string,
    readonly collapsibleState: number,
  ) {}
}

export class ThemeIcon {
  constructor(readonly id: string) {}
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const l10n = {
  t: (text: string, ...parts: unknown[]) => text.replace(/\{(\d)\}/g, (_, i) => String(parts[Number(i)])),
};
export const env = { language: 'en' };
export const commands = { executeCommand: () => Promise.resolve() };

const never = (): { dispose: () => void } => ({ dispose: () => undefined });
export const window = {
  createTreeView: () => ({
    visible: true,
    onDidChangeVisibility: never,
    onDidCollapseElement: never,
    dispose: () => undefined,
  }),
};
