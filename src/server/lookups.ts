// Answers from the outside world that take time: asked for once, kept, and told of when they come. Never waits.

/** How long an answer is taken for true without looking again, in milliseconds. */
const freshFor = 5_000;

interface Kept<T> {
  value: T | undefined;
  asked: number;
  pending: Promise<void> | undefined;
}

export interface Lookups<T> {
  /** What is known of a key now; asks in the background when that is nothing, or old. */
  now(key: string): T | undefined;
  /** The answer, however long it takes. */
  soon(key: string): Promise<T | undefined>;
  /** Everything is looked up again when it is next asked for; until then the old answers stay. */
  expire(): void;
}

/** `ask` may fail: then nothing is known. `news` is told when an answer differs from the one before. */
export function lookups<T>(ask: (key: string) => Promise<T | undefined>, news: () => void, limit = 100): Lookups<T> {
  const kept = new Map<string, Kept<T>>();

  const look = (key: string): Kept<T> => {
    let entry = kept.get(key);
    if (!entry) {
      for (const oldest of [...kept.keys()].slice(0, kept.size - limit + 1)) kept.delete(oldest);
      kept.set(key, (entry = { value: undefined, asked: -Infinity, pending: undefined }));
    }
    const current = entry;
    if (current.pending || Date.now() - current.asked < freshFor) return current;
    current.asked = Date.now();
    current.pending = ask(key)
      .catch(() => undefined)
      .then((value) => {
        current.pending = undefined;
        const isNew = JSON.stringify(value) !== JSON.stringify(current.value);
        current.value = value;
        if (isNew) news();
      });
    return current;
  };

  return {
    now: (key) => look(key).value,
    async soon(key) {
      const entry = look(key);
      if (entry.value === undefined) await entry.pending;
      return entry.value;
    },
    expire() {
      for (const entry of kept.values()) entry.asked = -Infinity;
    },
  };
}
