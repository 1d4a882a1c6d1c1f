// How many optimiser steps a run takes.

export interface StepPlanRequest {
  /** Training rows of one epoch (weights of files already counted in). */
  readonly rows: number;
  readonly batchSize: number;
  readonly accumulation: number;
  /** Exactly one of the two is given. */
  readonly epochs?: number | undefined;
  readonly maxSteps?: number | undefined;
}

export interface StepPlan {
  /** Rows of a full optimiser step. */
  readonly rowsPerStep: number;
  /** The last step of an epoch takes the rows that are left. */
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Epochs that the steps make, possibly a fraction. */
  readonly epochs: number;
}

/**
 * Steps per epoch and of the whole run. The last, smaller step of an epoch is kept; a fraction of an epoch is rounded up
 * to whole steps, as transformers' Trainer does.
 */
export function planSteps(request: StepPlanRequest): StepPlan {
  const { rows, batchSize, accumulation, epochs, maxSteps } = request;
  const rowsPerStep = batchSize * accumulation;
  const stepsPerEpoch = Math.ceil(rows / rowsPerStep);
  if (maxSteps !== undefined) {
    return {
      rowsPerStep,
      stepsPerEpoch,
      totalSteps: maxSteps,
      epochs: stepsPerEpoch === 0 ? 0 : maxSteps / stepsPerEpoch,
    };
  }
  return { rowsPerStep, stepsPerEpoch, totalSteps: Math.ceil((epochs ?? 0) * stepsPerEpoch), epochs: epochs ?? 0 };
}
