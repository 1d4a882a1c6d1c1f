// The first steps of a plan in one engine, with everything that can be compared afterwards.
import { learningRateAt, type Schedule } from '../../config/schedule.ts';
import type { RowLoss, SessionInfo, TrainingSession } from '../../engine/session.ts';
import type { PackedSequence } from '../../protocol/sequence.ts';

export interface TakenStep {
  readonly step: number;
  /** What the optimiser used. */
  readonly learningRate: number;
  readonly trainedTokens: number;
  readonly loss: number;
  readonly gradNorm: number;
  readonly rows: readonly RowLoss[];
}

/** L2 norms over all tensors after the last step. */
export interface StateNorms {
  /** How far the trained weights have moved. */
  readonly moved: number;
  /** AdamW's means of gradients and of their squares; 0 for SGD. */
  readonly gradientMean: number;
  readonly squareMean: number;
}

export interface Taken {
  readonly info: SessionInfo;
  readonly steps: readonly TakenStep[];
  readonly norms: StateNorms;
}

/** Takes steps 1 to `count`; `sequencesOf` tells what a step is made of. Throws what the session throws. */
export async function takeSteps(
  session: TrainingSession,
  sequencesOf: (step: number) => readonly PackedSequence[],
  schedule: Schedule,
  count: number,
  signal: AbortSignal,
): Promise<Taken> {
  const before = new Map<string, Float32Array>();
  for await (const { name, data } of session.trainedTensors()) before.set(name, data.slice());
  const steps: TakenStep[] = [];
  for (let step = 1; step <= count; step++) {
    signal.throwIfAborted();
    const result = await session.step({
      step,
      sequences: sequencesOf(step),
      learningRate: learningRateAt(schedule, step - 1),
    });
    const { learningRate, trainedTokens, loss, gradNorm, rows } = result;
    steps.push({ step, learningRate, trainedTokens, loss, gradNorm, rows });
  }
  return { info: session.info, steps, norms: await normsOf(session, before) };
}

async function normsOf(session: TrainingSession, before: ReadonlyMap<string, Float32Array>): Promise<StateNorms> {
  let [moved, gradientMean, squareMean] = [0, 0, 0];
  for await (const { name, data } of session.trainedTensors()) moved += squaredDistance(data, before.get(name));
  for await (const { name, data } of session.optimizerTensors()) {
    if (name.startsWith('exp_avg_sq.')) squareMean += squaredDistance(data);
    else gradientMean += squaredDistance(data);
  }
  return { moved: Math.sqrt(moved), gradientMean: Math.sqrt(gradientMean), squareMean: Math.sqrt(squareMean) };
}

function squaredDistance(data: Float32Array, from?: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i]! - (from?.[i] ?? 0)) ** 2;
  return sum;
}
