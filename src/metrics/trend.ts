// How far a loss lies from where it was heading: what makes a spike a spike.

/** Share of the past in mean and variance: a memory of about 20 steps. */
const memory = 0.95;
/** Deviations are not told before so many steps: two values have no spread to speak of. */
const warmUp = 8;
/** A spike counts for no more than this in the spread, in standard deviations, so that a second one is seen as well. */
const clampAt = 4;

export interface Trend {
  /** Distance of the value from the trend before it, in standard deviations of the distances so far; 0 while unknown. */
  push(value: number): number;
  /** The loss without its noise; NaN before the first finite value. */
  readonly mean: number;
}

/**
 * Exponentially weighted mean and variance of the values so far, both without start-up bias. A value that is not
 * finite deviates infinitely and leaves the trend as it is.
 */
export function createTrend(): Trend {
  let sum = 0;
  let mass = 0;
  let squares = 0;
  let spread = 0;
  let seen = 0;
  const mean = (): number => (mass === 0 ? Number.NaN : sum / mass);
  return {
    push(value) {
      if (!Number.isFinite(value)) return Number.POSITIVE_INFINITY;
      const distance = mass === 0 ? 0 : value - mean();
      const deviation = spread === 0 ? 0 : Math.sqrt(squares / spread);
      const sigma = seen < warmUp || deviation === 0 ? 0 : distance / deviation;
      const limit = sigma === 0 ? Number.POSITIVE_INFINITY : clampAt * deviation;
      const counted = Math.max(-limit, Math.min(limit, distance));
      if (seen > 0) {
        squares = memory * squares + (1 - memory) * counted * counted;
        spread = memory * spread + (1 - memory);
      }
      sum = memory * sum + (1 - memory) * (seen === 0 ? value : mean() + counted);
      mass = memory * mass + (1 - memory);
      seen += 1;
      return sigma;
    },
    get mean() {
      return mean();
    },
  };
}
