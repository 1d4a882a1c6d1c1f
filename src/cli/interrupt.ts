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
