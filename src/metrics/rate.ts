// How fast a run goes and how long it will still take, from the durations of its last steps.

/** The last steps that an estimate looks at. */
const window = 20;

export interface StepTiming {
  /** Duration of the step, seconds. */
  readonly seconds: number;
  readonly tokens: number;
}

/** Tokens per second over the last steps; undefined before the first. */
export function tokensPerSecond(timings: readonly StepTiming[]): number | undefined {
  const recent = timings.slice(-window);
  const seconds = recent.reduce((sum, timing) => sum + timing.seconds, 0);
  if (seconds <= 0) return undefined;
  return recent.reduce((sum, timing) => sum + timing.tokens, 0) / seconds;
}

/**
 * Seconds still needed for `stepsLeft` steps, by the median of the last steps: one slow step (the first, or one beside
 * a busy machine) does not move it. `extraSeconds` is what evaluations and checkpoints still cost.
 * Undefined before the first step.
 */
export function secondsLeft(timings: readonly StepTiming[], stepsLeft: number, extraSeconds = 0): number | undefined {
  const recent = timings.slice(-window).map((timing) => timing.seconds);
  if (recent.length === 0) return undefined;
  return median(recent) * stepsLeft + extraSeconds;
}

/** Middle value; the mean of the two middle ones for an even count. NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
