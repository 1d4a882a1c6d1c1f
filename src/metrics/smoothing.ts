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

/** Steps that a smoothing weight is meant for; over more, its memory grows with them. */
const weightedSteps = 1000;

/** The weight for a view of so many steps: what a slider means at 1000 steps, it means at a million. */
export function weightForView(weight: number, visibleSteps: number): number {
  return weight ** (weightedSteps / Math.max(weightedSteps, visibleSteps));
}

/**
 * The smoothed values at some places of a long column, ascending. It looks at the values before the first place as
 * well, so that zooming in does not change the curve.
 */
export function smoothAt(values: Float64Array, indexes: Int32Array, weight: number): Float64Array {
  const smoothed = new Float64Array(indexes.length);
  if (indexes.length === 0) return smoothed;
  // What lies so far back weighs less than 1e-4.
  const reach = weight > 0 ? Math.ceil(Math.log(1e-4) / Math.log(weight)) : 0;
  let mean = 0;
  let mass = 0;
  let next = 0;
  for (let i = Math.max(0, indexes[0]! - reach); next < indexes.length; i++) {
    const value = values[i]!;
    const finite = value - value === 0;
    if (finite) {
      mean = weight * mean + (1 - weight) * value;
      mass = weight * mass + (1 - weight);
    }
    if (i === indexes[next]) smoothed[next++] = finite ? mean / mass : value;
  }
  return smoothed;
}
