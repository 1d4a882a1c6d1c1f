// Ctrl+C as an event with a count, instead of an end.

/** Calls back on every Ctrl+C with how many there have been. The returned function gives Ctrl+C its meaning back. */
export function onInterrupt(callback: (count: number) => void): () => void {
  let count = 0;
  const listener = (): void => {
    count += 1;
    callback(count);
  };
  process.on('SIGINT', listener);
  return () => void process.off('SIGINT', listener);
}

/** Does work that Ctrl+C may end. Resolves to undefined when it did, however the work took it. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const stop = new AbortController();
  const release = onInterrupt(() => stop.abort());
  try {
    const result = await work(stop.signal);
    return stop.signal.aborted ? undefined : result;
  } catch (error) {
    if (stop.signal.aborted) return undefined;
    throw error;
  } finally {
    release();
  }
}
