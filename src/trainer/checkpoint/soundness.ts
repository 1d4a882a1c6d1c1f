// Whether training can go on from a checkpoint: its numbers are finite, and so is every loss that its weights gave.

import path from 'node:path';
import { readSafetensors, readTensors } from '../../models/safetensors.ts';
import type { RunState } from '../../protocol/runState.ts';
import { toArray } from '../../protocol/series.ts';

/** Losses that the log tells of and that are not finite, as what is said against the weights that gave them. */
export interface BrokenLosses {
  /** Undefined where nothing is told against the weights as they were after this step. */
  afterStep(step: number): string | undefined;
}

/** The evaluations and the steps of a run's log: the loss of a step is what the weights before it gave. */
export function brokenLosses({ evaluations, steps }: Pick<RunState, 'evaluations' | 'steps'>): BrokenLosses {
  const isBroken = ({ loss }: { readonly loss: number }): boolean => !Number.isFinite(loss);
  const evaluated = new Map(toArray(evaluations).map((evaluation) => [evaluation.step, evaluation.loss]));
  const stepped = new Set(
    toArray(steps)
      .filter(isBroken)
      .map(({ step }) => step),
  );
  return {
    afterStep(step) {
      const loss = evaluated.get(step) ?? 0;
      if (isBroken({ loss })) return `its weights had the loss ${loss} when they were evaluated`;
      return stepped.has(step + 1) ? `step ${step + 1} found no finite loss with its weights` : undefined;
    },
  };
}

/** The first tensor of a checkpoint's files with a number that is not finite, as what is said against it. */
export async function brokenTensor(folder: string, files: readonly string[]): Promise<string | undefined> {
  for (const name of files) {
    for await (const tensor of readTensors(await readSafetensors(path.join(folder, name)))) {
      if (!isFinite(tensor.data)) return `${tensor.name} in ${name} has numbers that are not finite`;
    }
  }
  return undefined;
}

/** A number that is not finite times 0 is not 0. */
function isFinite(numbers: Float32Array): boolean {
  let sum = 0;
  for (const number of numbers) sum += number * 0;
  return sum === 0;
}
