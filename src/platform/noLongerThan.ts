// Waiting with a limit.

/** Waits for the work, but not longer than so many milliseconds. Rejects as the work does, unless it does so too late. */
export async function noLongerThan(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  try {
    await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}
