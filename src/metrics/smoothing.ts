// Exponential smoothing of a noisy series, as loss charts draw it.

/**
 * Exponentially weighted mean of the values so far, at each place, with the start-up bias removed as in Adam
 * (Kingma and Ba 2014, arXiv:1412.6980, section 3). `weight` is the share of the past, 0 (no smoothing) up to below 1.
 * A value that is not finite stays visible at its own place and is left out of the mean.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  let mean = 0;
  let mass = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return mean / mass;
  });
}
