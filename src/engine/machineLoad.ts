// How busy the machine is, which decides how threads should wait for each other.

import { availableParallelism, loadavg } from 'node:os';

/**
 * Whether other programs use most of the processor. Then threads that wait for each other should sleep: by spinning they take
 * the time of those that compute (1.4 times as fast, docs/benchmarks.md). On an idle machine waking them costs a sixth.
 */
export function isMachineBusy(): boolean {
  const [lastMinute] = loadavg();
  return lastMinute! > 0.75 * availableParallelism();
}
