// Which rows a step takes: a fixed function of seed and step number, so that a resumed run needs no replay.
import { seededRandom, shuffledIndices } from './random.ts';

export type OrderKind = 'random' | 'as_is' | 'easy_first';

export interface OrderPlan {
  /** Rows of an epoch (with the copies that weights make). */
  readonly rows: number;
  /** Rows of one optimiser step: batch size × gradient accumulation. */
  readonly rowsPerStep: number;
  readonly order: OrderKind;
  readonly seed: number;
  /** How hard a row is, for `easy_first`: its trained tokens, then all its tokens. */
  readonly difficulty?: (row: number) => { readonly trainedTokens: number; readonly tokens: number };
}

export interface RowOrder {
  /** The last step of an epoch may hold fewer rows; no step spans two epochs. */
  readonly stepsPerEpoch: number;
  /** Indices of the rows of a step; steps count from 1 and go on through the epochs. */
  rowsOfStep(step: number): Uint32Array;
  /** The epoch that a step belongs to, counting from 0. */
  epochOfStep(step: number): number;
}

/**
 * `random`: every epoch in another order, drawn from seed and epoch. `as_is`: as in the file. `easy_first`: the first
 * epoch from few trained tokens to many (a curriculum; Bengio et al. 2009), the later ones as `random`.
 */
export function planOrder(plan: OrderPlan): RowOrder {
  const stepsPerEpoch = Math.ceil(plan.rows / plan.rowsPerStep);
  let cached: { epoch: number; rows: Uint32Array } | undefined;
  const epochOfStep = (step: number) => Math.floor((step - 1) / stepsPerEpoch);
  return {
    stepsPerEpoch,
    epochOfStep,
    rowsOfStep(step) {
      if (!Number.isInteger(step) || step < 1) throw new RangeError(`steps count from 1, got ${step}`);
      const epoch = epochOfStep(step);
      if (cached?.epoch !== epoch) cached = { epoch, rows: epochOrder(plan, epoch) };
      const start = ((step - 1) % stepsPerEpoch) * plan.rowsPerStep;
      return cached.rows.slice(start, start + plan.rowsPerStep);
    },
  };
}

/** All rows of an epoch in the order in which they are trained. */
function epochOrder(plan: OrderPlan, epoch: number): Uint32Array {
  const { difficulty } = plan;
  if (plan.order === 'as_is') return Uint32Array.from({ length: plan.rows }, (_, i) => i);
  if (plan.order === 'easy_first' && epoch === 0 && difficulty !== undefined) {
    const keys = Array.from({ length: plan.rows }, (_, i) => difficulty(i));
    const byDifficulty = (a: number, b: number) =>
      keys[a]!.trainedTokens - keys[b]!.trainedTokens || keys[a]!.tokens - keys[b]!.tokens || a - b;
    return Uint32Array.from({ length: plan.rows }, (_, i) => i).sort(byDifficulty);
  }
  return shuffledIndices(plan.rows, seededRandom(plan.seed, epoch));
}
