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

/** A tree view that the editor shows or hides, and what stands in it beside the tree. */
class TreeView {
  visible = true;
  message = '';
  readonly #visibility = new EventEmitter<{ visible: boolean }>();
  readonly onDidChangeVisibility = this.#visibility.event;
  readonly onDidCollapseElement = never;
  show(visible: boolean): void {
    this.visible = visible;
    this.#visibility.fire({ visible });
  }
  dispose(): void {
    this.#visibility.dispose();
  }
}

/** Every view that was made, the last one at the end. */
export const treeViews: TreeView[] = [];
export const window = {
  createTreeView: () => {
    const view = new TreeView();
    treeViews.push(view);
    return view;
  },
};
