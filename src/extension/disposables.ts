// Things to be undone when the extension ends, in reverse order; one that throws does not keep the others.

/** Anything that ends; vscode's class of that name is one of many. */
export interface Disposable {
  dispose(): void;
}

export class Disposables implements Disposable {
  private items: Disposable[] = [];
  private disposed = false;

  /** Keeps an item; when everything has been undone already, it is undone at once. */
  add<T extends Disposable>(item: T): T {
    if (this.disposed) item.dispose();
    else this.items.push(item);
    return item;
  }

  dispose(): void {
    this.disposed = true;
    const failures: unknown[] = [];
    for (const item of this.items.reverse()) {
      try {
        item.dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    this.items = [];
    if (failures.length > 0) throw new AggregateError(failures, 'Some parts of Fine-Tune could not be ended.');
  }
}
